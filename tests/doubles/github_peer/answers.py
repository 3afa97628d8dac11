"""What GitHub says when it refuses or breaks: bodies, headers and messages as it sends them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.doubles.peer.wire import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .accounts import Token
    from .faults import Fault

DOCS = "https://docs.github.com/rest"
NOT_ACCESSIBLE = "Resource not accessible by integration"
MAX_BODY = 65_536

_LIMITS = f"{DOCS}/overview/rate-limits-for-the-rest-api"
_JSON = ("Content-Type", "application/json; charset=utf-8")
_HTML = ("Content-Type", "text/html; charset=utf-8")
_PAGE = b"<!DOCTYPE html>\n<html>\n  <head><title>Unicorn! &middot; GitHub</title></head>\n</html>\n"


class Refusal(Exception):
    """A request that GitHub answers with an error; `errors` is what a 422 lists."""

    def __init__(self, status: int, message: str, errors: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


def accepted(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    named = tuple((headers or {}).items())
    return Response(status, document, b"" if document is None else None, (_JSON, *named))


def refused(refusal: Refusal, guide: str = DOCS) -> Response:
    document: dict[str, Any] = {"message": refusal.message}
    if refusal.errors:
        document["errors"] = list(refusal.errors)
    return accepted(document | {"documentation_url": guide, "status": str(refusal.status)}, refusal.status)


def invalid(resource: str, field: str, code: str, message: str = "") -> Refusal:
    error = {"resource": resource, "code": code, "field": field} | ({"message": message} if message else {})
    return Refusal(422, "Validation Failed", (error,))


def unusable(problem: str) -> Refusal:
    """Refuse a body that does not fit the route's schema."""
    return Refusal(422, f"Invalid request.\n\n{problem}")


def limited(answer: Response, limit: int, used: int) -> Response:
    """Add what GitHub says in every answer of how much is left of the hour."""
    headers = (
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Remaining", str(max(limit - used, 0))),
        ("X-RateLimit-Used", str(used)),
        ("X-RateLimit-Reset", str(int(time.time()) + 3600)),
    )
    present = {name.lower() for name, _ in answer.headers}
    return replace(
        answer, headers=answer.headers + tuple(item for item in headers if item[0].lower() not in present)
    )


def shaped(answer: Response, fault: Fault, token: Token | None) -> Response:
    """Give the answer as this fault makes it."""
    match fault.kind:
        case "drop" | "reset":
            shown = replace(answer, cut="nothing", ending="close" if fault.kind == "drop" else "reset")
        case "delay":
            shown = answer
        case "empty_list":
            kept = tuple(item for item in answer.headers if item[0] != "Link")
            shown = replace(answer, document=[], headers=kept) if _is_list(answer) else answer
        case "cut_json":
            shown = replace(answer, body=answer.payload[: len(answer.payload) // 2])
        case "html":
            shown = Response(fault.status or 502, body=_PAGE, headers=(_HTML,))
        case "redirect":
            moved = {"message": "Moved Permanently", "url": fault.location, "documentation_url": DOCS}
            shown = accepted(moved, fault.status or 301, {"Location": fault.location or ""})
        case _:
            shown = _with_retry(_error(fault, token), fault)
    return shown


def _is_list(answer: Response) -> bool:
    return isinstance(answer.document, list)


def _error(fault: Fault, token: Token | None) -> Response:
    if fault.kind == "status":
        return refused(Refusal(fault.status or 500, fault.message))
    if fault.kind == "secondary_limit":
        message = (
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you"
            " reach out to GitHub Support for help, please include the request ID 8C1A:3E5F:1A2B3C:4D5E6F:0."
        )
        return refused(Refusal(fault.status or 403, message), f"{_LIMITS}#about-secondary-rate-limits")
    who = "installation ID 52000001" if token is not None and token.is_installation else "user ID 1000001"
    answer = refused(Refusal(fault.status or 403, f"API rate limit exceeded for {who}."), _LIMITS)
    reset = ("X-RateLimit-Reset", str(int(time.time() + (fault.seconds or 0))))
    return replace(answer, headers=(*answer.headers, ("X-RateLimit-Remaining", "0"), reset))


def _with_retry(answer: Response, fault: Fault) -> Response:
    if fault.retry_after is None:
        return answer
    return replace(answer, headers=(*answer.headers, ("Retry-After", fault.retry_after)))
