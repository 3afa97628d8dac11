"""The only package that imports httpx: auth, deadlines, retries, error mapping."""

from reconciler.client.answers import Answer, Lost
from reconciler.client.connection import Connection, Key, Timing, parse_origin
from reconciler.client.requests import Reader, Writer, rejected, route

__all__ = [
    "Answer",
    "Connection",
    "Key",
    "Lost",
    "Reader",
    "Timing",
    "Writer",
    "parse_origin",
    "rejected",
    "route",
]
