"""JSON read strictly and within bounds, whoever sent it: the API, or somebody who edited a saved file."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model import Json

MAX_DIGITS = 1000  # of a whole number; reading one takes time that grows with their square
MAX_DEPTH = 50  # levels; the contracts need seven, and what walks a document must not run out of stack
# What opens or separates values; inside a text too, so that the number is never less than that of the values.
_SEPARATORS = (b",", b"[", b"{", b":")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class NotStrictError(ReconcilerError):
    """What is not strict JSON; its summary is the reason, in our words and not in the library's."""

    code = "not-strict-json"


def loads(data: bytes, max_values: int) -> Json:
    """Parse JSON of UTF-8 without repeated keys, NaN, half characters or more values than so many.

    Raises NotStrictError. Depth is at most MAX_DEPTH, and a byte order mark is refused.
    """
    # Before parsing: two bytes of JSON can become seventy in memory.
    if sum(map(data.count, _SEPARATORS)) > max_values:
        raise NotStrictError("too many values")
    try:
        return _checked(data.decode("utf-8"))
    except RecursionError as error:
        raise NotStrictError("nested too deeply") from error
    except UnicodeDecodeError as error:
        raise NotStrictError("not UTF-8") from error
    except json.JSONDecodeError as error:
        raise NotStrictError(f"broken at line {error.lineno}") from error


def _checked(text: str) -> Json:
    if text.startswith("\ufeff"):
        raise NotStrictError("a byte order mark")
    document: Json = json.loads(
        text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite, parse_int=_short
    )
    _require_shallow(document)
    if _HALF.search(text):
        _require_whole(document)
    return document


def _require_shallow(document: Json) -> None:
    level: list[Any] = [document] if isinstance(document, dict | list) else []
    for _ in range(MAX_DEPTH - 1):
        level = [part for value in level for part in _parts(value) if part.__class__ in _COLLECTIONS]
        if not level:
            return
    if any(level):
        raise RecursionError


def _require_whole(document: Json) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotStrictError("half a character") from None


_COLLECTIONS: frozenset[type] = frozenset({dict, list})


def _parts(value: dict[str, Json] | list[Json]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise NotStrictError("a repeated key")
    return result


def _no_constant(_: str) -> Json:
    raise NotStrictError("a number that JSON does not have")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotStrictError("a number that only infinity can stand for")
    return number


def _short(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise NotStrictError("a number that is too long")
    return int(text)
