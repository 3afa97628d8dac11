"""jsonschema with this project's strictness: integers that are integers, formats that are checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

from reconciler.schema import formats
from reconciler.schema.messages import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model import Json


@dataclass(frozen=True, slots=True)
class Pair:
    """Two fields of which the lower is over the upper."""

    lower: str
    low: int
    upper: str
    high: int
    is_counted: bool


def errors(value: Json, schema: Mapping[str, Any], max_errors: int) -> Iterator[ValidationError]:
    """Yield the first so many problems, one for each unknown key and each repeated item.

    A value of the wrong type has that problem alone, whatever else its schema requires.
    """
    # An error holds its schema and its place: tens of kilobytes, however short the document.
    found = list(islice(_STRICT(schema, format_checker=_FORMATS).iter_errors(value), max_errors))
    mistyped = {_subject(error) for error in found if error.validator == "type"}
    return (error for error in found if error.validator == "type" or _subject(error) not in mistyped)


def _subject(error: ValidationError) -> tuple[object, ...]:
    return id(error.schema), *error.absolute_path


def is_integer(_: object, item: object) -> bool:
    return isinstance(item, int) and not isinstance(item, bool)


def _is_uuid(item: object) -> bool:
    return not isinstance(item, str) or formats.is_uuid(item)


def _is_uri(item: object) -> bool:
    return not isinstance(item, str) or formats.is_uri(item)


def _additional_properties(
    validator: Any,  # noqa: ANN401 - the class is made at run time
    allowed: object,
    value: Json,
    schema: Mapping[str, Any],
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    for key in value:
        if key in schema.get("properties", {}):
            continue
        if allowed is False:
            yield ValidationError("unknown key", path=[key])
        else:
            yield from validator.descend(value[key], allowed, path=key)


def _required(_: object, required: list[str], value: Json, __: object) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        yield from (ValidationError(key) for key in required if key not in value)


def _one_of(
    _: object, choices: list[dict[str, list[str]]], value: Json, __: object
) -> Iterator[ValidationError]:
    """Require exactly one of several keys, each of them as a schema that requires it alone."""
    keys = [key for choice in choices for key in choice["required"]]
    present = [key for key in keys if isinstance(value, dict) and key in value]
    if isinstance(value, dict) and not present:
        yield ValidationError("none", instance=keys)
    yield from (ValidationError(SECOND, path=[key], instance=[present[0], key]) for key in present[1:])


def _unique_items(_: object, is_set: object, value: Json, __: object) -> Iterator[ValidationError]:
    if not (is_set and isinstance(value, list)):
        return
    seen = set()
    for index, item in enumerate(value):
        spelling = _spelling(item)
        if spelling in seen:
            yield ValidationError("repeated item", path=[index], instance=item)
        seen.add(spelling)


def _at_most(
    validator: Any,  # noqa: ANN401 - the class is made at run time
    pairs: Mapping[str, Sequence[str]],
    value: Json,
    schema: Mapping[str, Any],
) -> Iterator[ValidationError]:
    """Require one field to be at most another, as JSON Schema itself cannot; a list counts by its length.

    A field that is left out is as it is live, so only a plan can compare it.
    """
    if not isinstance(value, dict):
        return
    for lower, upper in ((lower, upper) for lower, uppers in pairs.items() for upper in uppers):
        low, high = (_size(validator, value, key, schema["properties"][key]) for key in (lower, upper))
        if low is None or high is None or low <= high:
            continue
        pair = Pair(lower, low, upper, high, isinstance(value.get(upper), list))
        yield ValidationError("over the other", path=[lower], instance=pair)


def _size(validator: Any, value: dict[str, Json], key: str, schema: Mapping[str, Any]) -> int | None:  # noqa: ANN401 - as above
    """Return the number or length to compare; None if the field is absent or wrong in itself."""
    item = value.get(key)
    if any(not error.path for error in validator.descend(item, schema)):
        return None
    return len(set(map(_spelling, item))) if isinstance(item, list) else cast("int", item)


def _spelling(item: Json) -> str:
    return json.dumps(item, sort_keys=True)


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("uuid")(_is_uuid)
_FORMATS.checks("uri")(_is_uri)
_STRICT = validators.extend(
    Draft202012Validator,
    {
        "additionalProperties": _additional_properties,
        "oneOf": _one_of,
        "required": _required,
        "uniqueItems": _unique_items,
        "x-atMost": _at_most,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", is_integer),
)
