"""What came back from the API, read strictly."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from reconciler.errors import ApiContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model import Json
    from reconciler.secret import Secret

MAX_MESSAGE = 300  # characters of a server's message that anybody reads
MAX_DEPTH = 50  # levels; the contract needs seven, and what walks a document must not run out of stack
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

    `message` and `error_code` are an error body's; `retry_after` is in seconds.
    """

    status: int
    document: Json = None
    unreadable: str = ""
    message: str = ""
    error_code: str | None = None
    retry_after: float | None = None

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
        return Response(status, document)
    message, code = _error(document)
    retry_after = _seconds(headers.get("retry-after"))
    return Response(
        status, message=key.redact(message)[:MAX_MESSAGE], error_code=code, retry_after=retry_after
    )


def parse(body: bytes) -> Json:
    """Parse JSON strictly: UTF-8, no repeated keys, no NaN, no half characters; raises ApiContractError."""
    try:
        document: Json = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
        _require_shallow(document)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ApiContractError(f"the API's response is not JSON ({_reason(error)})") from error
    return document


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return error.msg if isinstance(error, json.JSONDecodeError) else "not strict JSON"


def _require_shallow(document: Json) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [part for value in level for part in _parts(value)]
    if level:
        raise RecursionError


def _parts(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("repeated key")
    return result


def _no_constant(name: str) -> Json:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number that only infinity can stand for")
    return number


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
