"""The values of workflow expressions: how they turn into text, numbers and truth, and how they compare."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

Value = None | bool | float | str | list[Any] | Mapping[str, Any]

NUMBER = r"[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_WHOLE_NUMBER = re.compile(NUMBER)


class Unsupported(Exception):
    """What this stand-in does not know, or GitHub would not accept; skipping it would prove nothing."""


def number(text: str) -> float:
    """Give the number that a text is; an empty text is 0, and any other text is no number."""
    text = text.strip()
    if not text:
        return 0.0
    if not _WHOLE_NUMBER.fullmatch(text):
        return math.nan
    return float(int(text, 0)) if text[:2] in {"0x", "0o"} else float(text)


def as_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        # Minus zero is written without its sign.
        return format(value or 0, ".15g")
    return "Array" if isinstance(value, list) else "Object"


def as_number(value: Value) -> float:
    if value is None or isinstance(value, bool | int | float):
        return float(value or 0)
    return number(value) if isinstance(value, str) else math.nan


def is_true(value: Value) -> bool:
    if isinstance(value, bool | int | float):
        return bool(value) and not math.isnan(value)
    return value is not None and value != ""


def compare(left: Value, operator: str, right: Value) -> bool:
    """Compare as GitHub does: texts without their case, two kinds as numbers, objects by identity."""
    if operator == "!=":
        return not compare(left, "==", right)
    if operator == "==" and isinstance(left, list | Mapping):
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        return _ordered(left.upper(), operator, right.upper())
    if left is None and right is None:
        return operator in {"==", "<=", ">="}
    return _ordered(as_number(left), operator, as_number(right))


def _ordered(left: Any, operator: str, right: Any) -> bool:
    answers = {
        "==": left == right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    return bool(answers[operator])


def member(value: Value, key: Value) -> Value:
    """Give what lies under a key, whatever the key's case; nothing where there is nothing."""
    if isinstance(value, list):
        index = as_number(key)
        return value[int(index)] if 0 <= index < len(value) else None
    if not isinstance(value, Mapping):
        return None
    name = as_text(key)
    exact = name if name in value else next((other for other in value if other.lower() == name.lower()), None)
    if exact is None and isinstance(value, Known):
        raise Unsupported(f"{value.what} has no {name!r}")
    return None if exact is None else value[exact]


class Known(dict[str, Any]):
    """A context that is known in full: to ask for another name is a mistake, and no empty text."""

    def __init__(self, what: str, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.what = what


def contains(search: Value, item: Value) -> bool:
    if isinstance(search, list):
        return any(compare(element, "==", item) for element in search)
    return not isinstance(search, Mapping) and as_text(item).lower() in as_text(search).lower()


def starts_with(text: Value, start: Value) -> bool:
    return as_text(text).lower().startswith(as_text(start).lower())


def ends_with(text: Value, end: Value) -> bool:
    return as_text(text).lower().endswith(as_text(end).lower())


def formatted(pattern: Value, *values: Value) -> str:
    """Fill `{0}` and on; a doubled brace is one brace, and a single brace that is no place is an error."""

    def filled(match: re.Match[str]) -> str:
        if match[1] is None:
            if match[0] not in {"{{", "}}"}:
                raise Unsupported(f"invalid format string {as_text(pattern)!r}")
            return match[0][0]
        if int(match[1]) >= len(values):
            raise Unsupported(f"format references {match[0]}, and has {len(values)} values")
        return as_text(values[int(match[1])])

    return re.sub(r"\{\{|\}\}|\{(\d+)\}|[{}]", filled, as_text(pattern))


def joined(values: Value, separator: Value = ",") -> str:
    items = values if isinstance(values, list) else [values]
    return as_text(separator).join(as_text(item) for item in items)


def to_json(value: Value) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def from_json(text: Value) -> Value:
    try:
        parsed: Value = json.loads(as_text(text))
    except ValueError as error:
        raise Unsupported(f"fromJSON: {error}") from error
    return parsed
