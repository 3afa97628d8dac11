"""What one value of a body must be: its type, and the bounds within that type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable

# The largest integer that a JSON reader which holds numbers as doubles keeps exact.
MAX_INTEGER = 2**53 - 1
URI_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")


def _always(_value: object) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Constraint:
    """`is_within` is asked only about values of the right type."""

    expected: str
    is_typed: Callable[[object], bool]
    is_within: Callable[[Any], bool] = _always

    def is_met_by(self, value: object) -> bool:
        return self.is_typed(value) and self.is_within(value)


def is_integer(value: object) -> TypeGuard[int]:
    # A boolean is an integer to Python, and not to the contract.
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_terms(value: object) -> bool:
    if not isinstance(value, dict) or not _is_texts(value.get("values")):
        return False
    return all(
        isinstance(value[key], str) and key in {"operator", "mode"} for key in value if key != "values"
    )


def _is_topics(value: object) -> bool:
    return isinstance(value, list) and all(is_integer(item) and 1 <= item <= MAX_INTEGER for item in value)


def integer(minimum: int, maximum: int) -> Constraint:
    return Constraint(
        f"an integer from {minimum} to {maximum}", is_integer, lambda value: minimum <= value <= maximum
    )


def integer_or_null(minimum: int, maximum: int) -> Constraint:
    return Constraint(
        f"null, or an integer from {minimum} to {maximum}",
        lambda value: value is None or is_integer(value),
        lambda value: value is None or minimum <= value <= maximum,
    )


def text(minimum: int, maximum: int) -> Constraint:
    return Constraint(
        f"a text of {minimum} to {maximum} characters",
        _is_text,
        lambda value: minimum <= len(value) <= maximum,
    )


def one_of(*choices: str) -> Constraint:
    return Constraint(f"one of {', '.join(choices)}", _is_text, lambda value: value in choices)


def topic_ids(maximum: int) -> Constraint:
    expected = f"a list of 1 to {maximum} topic ids, which are integers"
    return Constraint(expected, _is_topics, lambda value: 1 <= len(value) <= maximum)


TEXT = Constraint("a text", _is_text)
TEXTS = Constraint("a list of texts", _is_texts)
BOOLEAN = Constraint("true or false", lambda value: isinstance(value, bool))
OBJECT = Constraint("an object", lambda value: isinstance(value, dict))
TEXT_OR_NULL = Constraint("a text or null", lambda value: value is None or _is_text(value))
URI = Constraint("a URI", _is_text, lambda value: URI_PATTERN.fullmatch(value) is not None)
TERMS = Constraint(
    'an object with a list of texts as "values", and at most an "operator" and a "mode"', _is_terms
)
NESTED_TERMS = Constraint(
    'a list of texts, or an object with one as "values"', lambda value: _is_texts(value) or _is_terms(value)
)
