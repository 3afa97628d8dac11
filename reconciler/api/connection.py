"""Where the API is, the key to it, and how long to wait for it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from reconciler.errors import SettingsError
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable


def parse_key(text: str) -> Secret:
    """Return the organization's key; raises SettingsError, which never quotes it, for an unusable one."""
    if not text:
        raise SettingsError("LEADPIPE_API_KEY is not set", "Set it to your organization's key (sk_…)")
    try:
        return Secret(text)
    except ValueError:
        raise SettingsError(
            "LEADPIPE_API_KEY holds a space, a line break or another character that no key has",
            "Copy the key again, without anything around it",
        ) from None


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait, in seconds; the numbers are those of `docs/contract.md`.

    `budget` is for one read with all its `attempts`, `max_pause` the longest Retry-After that is waited for,
    `verification` for an accepted change to show, `settling` for what is in flight at an interrupt, and
    `counting` for all that a plan asks of how many people it reaches.
    """

    request: float = 30.0
    attempts: int = 5
    first_backoff: float = 0.5
    max_backoff: float = 20.0
    budget: float = 60.0
    max_pause: float = 120.0
    verification: float = 30.0
    settling: float = 5.0
    counting: float = 30.0


@dataclass(frozen=True, slots=True)
class Connection:
    """One organization's API: `origin` names it in plans; with an `app`, it is served in this process."""

    origin: str
    key: Secret
    timing: Timing = Timing()
    app: Callable[..., Any] | None = None


def parse_origin(text: str) -> str:
    """Return the origin of a base URL: https, or http to this machine itself; raises SettingsError."""
    try:
        origin, host = _split(text)
    except (ValueError, httpx.InvalidURL):
        raise _not_an_origin() from None
    # What is left over, or was changed on the way, is a path, a user, a query, or worse.
    if not text.isascii() or text.lower().removesuffix("/") != origin:
        raise _not_an_origin()
    if origin.startswith("http:") and not _is_loopback(host):
        raise SettingsError(
            "LEADPIPE_BASE_URL would send the key unencrypted",
            "Use https (http is for this machine itself only)",
        )
    return origin


def _split(text: str) -> tuple[str, str]:
    """Return the plainest spelling of a URL's origin, and its host; raises ValueError or InvalidURL."""
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[a-z0-9._:-]+", host):
        raise ValueError(parts.scheme)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + (f":{parts.port}" if parts.port is not None else "")
    return origin, httpx.URL(origin).host


def _not_an_origin() -> SettingsError:
    # The value is not quoted: people paste keys into the wrong variable.
    return SettingsError(
        "LEADPIPE_BASE_URL is not an origin",
        "Write the scheme and host alone, such as https://api.aws53.cloud",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
