"""A validator's errors in the words of the people who write definitions."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jsonschema import ValidationError

    from reconciler.model import Json

Place = tuple[str | int, ...]
Words = tuple[str, str, str]  # code, summary, detail

MOST_SUGGESTIONS = 50  # each may cost a millisecond; a file with more mistakes than that is another file
QUOTED = 60  # characters of a value that a message shows


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of a document; `at_key` says that the key is meant, not its value.

    `path` is the place as people read it; for an unknown or a missing key it is what holds the key.
    """

    place: Place
    code: str
    summary: str
    detail: str
    path: str
    at_key: bool = False


def problem(error: ValidationError, schema: Mapping[str, Any], nth: int) -> Problem:
    """Put the `nth` error of a document into words."""
    place = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        code, summary, detail = _unknown_key(error, schema, suggest=nth < MOST_SUGGESTIONS)
        return Problem(place, code, summary, detail, _dotted(place[:-1]), at_key=True)
    code, summary, detail = _WORDS.get(str(error.validator), _other)(error)
    return Problem(place, code, summary, detail, _dotted(place))


def _dotted(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _unknown_key(error: ValidationError, schema: Mapping[str, Any], *, suggest: bool) -> Words:
    key, parent = str(error.path[-1]), error.schema
    noun = parent.get("x-noun", "key")
    known = parent.get("properties", {})
    detail = f"Remove it, or see the schema for the {noun}s that there are"
    if suggest:
        elsewhere = [holder for holder, name in _properties(schema) if name == key]
        near = get_close_matches(key, known, n=1) or get_close_matches(key.lower(), known, n=1)
        if elsewhere:
            detail = (
                f'It belongs under "{elsewhere[0]}"' if elsewhere[0] else "It belongs at the top of the file"
            )
        elif near:
            detail = f'Did you mean "{near[0]}"?'
    return "unknown-key", f'unknown {noun} "{_clip(key)}"', detail


def _properties(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, field in schema.get("properties", {}).items():
        yield path, key
        yield from _properties(field, f"{path}.{key}".removeprefix("."))


def _required(error: ValidationError) -> Words:
    return "missing-key", f'"{error.message}" is missing', f'Add "{error.message}"'


def _type(error: ValidationError) -> Words:
    due = str(error.validator_value)
    return (
        "wrong-type",
        f"expected {_NOUNS.get(due, due)}, found {shown(error.instance)}",
        _type_mend(due, error.instance),
    )


def _type_mend(due: str, value: Json) -> str:
    if value is None:
        return "Give it a value, or remove the line"
    if due == "integer" and isinstance(value, str) and value.isascii() and value.isdigit():
        return f"Write {value.lstrip('0') or '0'}, without quotes or leading zeros"
    if due == "integer" and isinstance(value, float) and value.is_integer():
        return f"Write {int(value)}"
    if due == "string" and not isinstance(value, list | dict):
        return "Put it in quotes"
    if due == "boolean" and isinstance(value, str) and value.lower() in _YES_NO:
        return f"Write {_YES_NO[value.lower()]}"
    return "Write it as a list: [one, two]" if due == "array" else f"Write it as {_NOUNS.get(due, due)}"


def _enum(error: ValidationError) -> Words:
    allowed = [str(item) for item in error.validator_value]
    near = get_close_matches(str(error.instance).lower(), allowed, n=1)
    listed = ", ".join(f'"{item}"' for item in allowed)
    mend = f'Did you mean "{near[0]}"?' if near else f"Write one of {listed}"
    return "unknown-value", f"{shown(error.instance)} is not one of {listed}", mend


def _bound(error: ValidationError) -> Words:
    side = "under the minimum" if error.validator == "minimum" else "over the maximum"
    mend = f"Write {error.validator_value} or {'more' if error.validator == 'minimum' else 'less'}"
    return "out-of-range", f"{error.instance} is {side} of {error.validator_value}", mend


def _short(_: ValidationError) -> Words:
    return "too-short", "the text is empty", "Write something, or remove the line"


def _long(error: ValidationError) -> Words:
    size, most = len(error.instance), error.validator_value
    return "too-long", f"the text has {size} characters, at most {most} are allowed", "Shorten it"


def _few(_: ValidationError) -> Words:
    return "too-few-items", "the list is empty", "List at least one value, or remove the line"


def _many(error: ValidationError) -> Words:
    size, most = len(error.instance), error.validator_value
    return "too-many-items", f"the list has {size} items, at most {most} are allowed", "Remove some"


def _repeated(error: ValidationError) -> Words:
    return "repeated-item", f"{shown(error.instance)} is listed twice", "Remove one of the two"


def _format(error: ValidationError) -> Words:
    if error.validator_value == "uuid":
        return (
            "not-a-uuid",
            f"{shown(error.instance)} is not a UUID",
            "Copy the audience's id from the dashboard or the API",
        )
    return (
        "not-a-uri",
        f"{shown(error.instance)} is not a web address",
        "Write it in full, such as https://example.com/page",
    )


def _at_most(error: ValidationError) -> Words:
    (lower, low), (upper, high) = error.instance.items()
    what = "the number of " if isinstance(error.schema["properties"][upper].get("items"), dict) else ""
    return (
        "out-of-order",
        f"{lower} is {low}, over {what}{upper}, which is {high}",
        f"Lower {lower} or raise {what}{upper}",
    )


def _other(error: ValidationError) -> Words:
    return "invalid", _clip(error.message), "See the schema"


def shown(value: Json) -> str:
    """Return a value as a message names it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{_clip(value)}"'
    if isinstance(value, int | float):
        return f"the number {_clip(str(value))}"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "a mapping"


def _clip(text: str) -> str:
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


_YES_NO = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}
_NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping of keys to values",
    "string": "text",
}
_WORDS: Mapping[str, Callable[[ValidationError], Words]] = {
    "enum": _enum,
    "format": _format,
    "maxItems": _many,
    "maxLength": _long,
    "maximum": _bound,
    "minItems": _few,
    "minLength": _short,
    "minimum": _bound,
    "required": _required,
    "type": _type,
    "uniqueItems": _repeated,
    "x-atMost": _at_most,
}
