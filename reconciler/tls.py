"""How servers are known: by the certificates that the package brings, whatever the environment says."""

from __future__ import annotations

import ssl
from functools import cache

import certifi


@cache
def context() -> ssl.SSLContext:
    """Return the one context of this process.

    It is not `ssl.create_default_context`, which writes the secrets of every connection, and with them the
    key, to the file that SSLKEYLOGFILE names.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(certifi.where())
    made.set_alpn_protocols(["http/1.1"])
    return made
