"""The formats that a schema may name, which jsonschema does not check by default."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# RFC 3986: a scheme, then its characters and what is percent-encoded; urlsplit finds the host.
URI = re.compile(
    r"[a-z][a-z0-9+.-]*:(?:[a-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+", re.IGNORECASE | re.ASCII
)
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def is_uuid(text: str) -> bool:
    return UUID.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return has_host and URI.fullmatch(text) is not None
