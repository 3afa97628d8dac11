"""What came back from the API, read strictly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from reconciler import strict_json
from reconciler.errors import ApiContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Json
    from reconciler.secret import Secret

MAX_MESSAGE = 300  # characters of a server's message that anybody reads
MAX_VALUES = 2_000_000  # and their separators; 10 MiB of topic ids have fewer
_SUCCESS = range(200, 300)
_MAX_SECONDS = 1e9  # a header can hold a number that no float does


@dataclass(frozen=True, slots=True)
class Lost:
    """A request without a response; `is_sent` is False only where it surely never left."""

    reason: str
    is_sent: bool


@dataclass(frozen=True, slots=True)
class Response:
    """One response: `document` where a 2xx held JSON, `unreadable` where it did not.

    `message` and `error_code` are an error body's; `retry_after` is in seconds, `size` in bytes.
    """

    status: int
    document: Json = None
    unreadable: str = ""
    message: str = ""
    error_code: str | None = None
    retry_after: float | None = None
    size: int = 0

    @property
    def is_success(self) -> bool:
        return self.status in _SUCCESS


def read(status: int, headers: Mapping[str, str], body: bytes, key: Secret) -> Response:
    """Read a response; an error's message that repeats the key is redacted.

    Raises ApiContractError for a 2xx whose body repeats the key.
    """
    try:
        document = parse(body)
    except ApiContractError as error:
        if status in _SUCCESS:
            return Response(status, unreadable=error.summary)
        document = None
    if status in _SUCCESS:
        if key.redact(spelled := json.dumps(document, ensure_ascii=False)) != spelled:
            raise ApiContractError(
                "the API's response repeats the key", "Report this to the vendor; nothing was read"
            )
        return Response(status, document, size=len(body))
    message, code = _error(document)
    retry_after = _seconds(headers.get("retry-after"))
    return Response(
        status, message=key.redact(message)[:MAX_MESSAGE], error_code=code, retry_after=retry_after
    )


def parse(body: bytes) -> Json:
    """Parse JSON as strictly as `strict_json` does; raises ApiContractError."""
    try:
        return strict_json.loads(body, MAX_VALUES)
    except strict_json.NotStrictError as error:
        raise ApiContractError(f"the API's response is not JSON ({error.summary})") from error


def _error(document: Json) -> tuple[str, str | None]:
    """Return the message and code of an error body, in any of the shapes that the contract names."""
    if not isinstance(document, dict):
        return "", None
    inner = document.get("error")
    if isinstance(inner, dict):
        document = inner
    texts = [document.get(name) for name in ("message", "error", "detail", "title")]
    message = next((text for text in texts if isinstance(text, str)), "")
    code = document.get("code")
    return message, code if isinstance(code, str) else None


def _seconds(value: str | None) -> float | None:
    """Return Retry-After in seconds, None for neither digits nor a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), _MAX_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
