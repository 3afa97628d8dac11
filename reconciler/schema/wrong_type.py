"""What to write where a value of another type is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.schema.quoting import MAX_LENGTH, one_of, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model import Json

_EXACT = 10**15  # up to here every whole number that a float holds is the one that was written


def explain(due: str | list[str], value: Json, schema: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the code, what is wrong and the fix."""
    if value is None:
        return "no-value", "a value is missing", "Write one"
    names = " or ".join(_NOUNS.get(name, name) for name in ([due] if isinstance(due, str) else due))
    fix = _FIXES.get("enum" if "enum" in schema else str(due), _nothing_better)(value, schema)
    return "wrong-type", f"expected {names}, found {shown(value)}", fix or f"Write {names}"


def _nothing_better(_: Json, __: Mapping[str, Any]) -> str:
    return ""


def _integer(value: Json, _: Mapping[str, Any]) -> str:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MAX_LENGTH:
        return f"Write {value.lstrip('0') or '0'}, without quotes or leading zeros"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return f"Write {int(value)}"
    return ""


def _string(value: Json, _: Mapping[str, Any]) -> str:
    if isinstance(value, list):
        return "Write one value, without brackets or dashes"
    return "Write one value, in quotes if it has braces" if isinstance(value, dict) else "Put it in quotes"


def _boolean(value: Json, _: Mapping[str, Any]) -> str:
    word = _YES_NO.get(value.lower()) if isinstance(value, str) else None
    return f"Write {word}, without quotes" if word else ""


def _array(value: Json, _: Mapping[str, Any]) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return f"Write a list: [{text if 0 < len(text) <= MAX_LENGTH else 'one, two'}]"


def _object(_: Json, schema: Mapping[str, Any]) -> str:
    keys = ", ".join(f"{key}: …" for key in schema.get("required") or _first(schema))
    return f"Write {{{keys}}}" if keys else 'Write "key: value" lines below it'


def _first(schema: Mapping[str, Any]) -> Sequence[str]:
    """Return the keys of the first choice, where exactly one of several is required."""
    choices = schema.get("oneOf", ())
    return choices[0]["required"] if choices else ()


def _enum(_: Json, schema: Mapping[str, Any]) -> str:
    return f"Write {one_of(schema['enum'])}"


_FIXES: Mapping[str, Callable[[Json, Mapping[str, Any]], str]] = {
    "array": _array,
    "boolean": _boolean,
    "enum": _enum,
    "integer": _integer,
    "object": _object,
    "string": _string,
}
_NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping of keys to values",
    "string": "text",
}
_YES_NO = {
    **dict.fromkeys(("true", "yes", "y", "on"), "true"),
    **dict.fromkeys(("false", "no", "n", "off"), "false"),
}
