"""jsonschema with this project's strictness: integers that are integers, formats that are checked."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model import Json

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def errors(value: Json, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Yield every problem, one for each unknown key and each repeated item."""
    return iter(_STRICT(schema, format_checker=_FORMATS).iter_errors(value))


def _is_integer(_: object, item: object) -> bool:
    return isinstance(item, int) and not isinstance(item, bool)


def _is_uuid(item: object) -> bool:
    return not isinstance(item, str) or UUID.fullmatch(item) is not None


def _is_uri(item: object) -> bool:
    if not isinstance(item, str):
        return True
    try:
        parts = urlsplit(item)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and re.fullmatch(r"[!-~]+", item) is not None


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


def _unique_items(_: object, is_set: object, value: Json, __: object) -> Iterator[ValidationError]:
    if not (is_set and isinstance(value, list)):
        return
    seen = set()
    for index, item in enumerate(value):
        spelling = json.dumps(item, sort_keys=True)
        if spelling in seen:
            yield ValidationError("repeated item", path=[index], instance=item)
        seen.add(spelling)


def _at_most(
    _: object, pairs: Mapping[str, str], value: Json, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Hold one field under another, as JSON Schema itself cannot: a default counts, of a list its length."""
    if not isinstance(value, dict):
        return
    for lower, upper in pairs.items():
        sizes = [_size(value.get(key, schema["properties"][key].get("default"))) for key in (lower, upper)]
        if None in sizes or sizes[0] <= sizes[1]:  # type: ignore[operator] # None is ruled out before
            continue
        place = lower if lower in value else upper
        yield ValidationError("over the other", path=[place], instance={lower: sizes[0], upper: sizes[1]})


def _size(value: Json) -> int | None:
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("uuid")(_is_uuid)
_FORMATS.checks("uri")(_is_uri)
_STRICT = validators.extend(
    Draft202012Validator,
    {
        "additionalProperties": _additional_properties,
        "required": _required,
        "uniqueItems": _unique_items,
        "x-atMost": _at_most,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
