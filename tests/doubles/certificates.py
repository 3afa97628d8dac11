"""The certificates that clients trust, read once in a process that makes many clients."""

from __future__ import annotations

import ssl
from functools import cache

import certifi


def read_once() -> None:
    """Let all clients that trust the same bundle share one context: reading it takes as long as a plan."""
    ssl.create_default_context = cache(ssl.create_default_context)  # type: ignore[assignment]
    ssl.create_default_context(cafile=certifi.where())
