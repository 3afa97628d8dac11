"""Whether a document surely has no problem with a schema, without saying which one it has.

The schema is compiled once into plain functions. A keyword that is not known here makes nothing sure, so that
one which is added to a schema is never passed over; nor does a value that a keyword has anything against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.schema import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model import Json

    Check = Callable[[Any], bool]

_ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "examples", "default", "type"}
    | {
        "x-local",
        "x-noun",
        "x-carried-over",
        "x-volatile",
        "x-bounds",
        "x-generation",
        "x-words",
        "x-people",
        "x-raising",
    }
)
_FORMATS: Mapping[str, Check] = {"uuid": formats.is_uuid, "uri": formats.is_uri}
# Of these two, an item's spelling is as unique as the item itself: of all values, `1` and `true` are equal.
_HASHABLE = frozenset({"string", "integer"})


def compiled(schema: Mapping[str, Any]) -> Callable[[Json], bool]:
    """Return what tells whether a document is surely valid."""
    kind = str(schema.get("type"))
    keywords = schema.keys() - _ANNOTATIONS
    make, known = _KINDS.get(kind, (_never, frozenset()))
    return make(schema) if keywords <= known else _never(schema)


def _never(_: Mapping[str, Any]) -> Check:
    return lambda _: False


def _string(schema: Mapping[str, Any]) -> Check:
    least, most = schema.get("minLength", 0), schema.get("maxLength", float("inf"))
    known, accepts = schema.get("enum"), _FORMATS.get(schema.get("format", ""))
    if "format" in schema and accepts is None:
        return _never(schema)

    def check(value: Any) -> bool:  # noqa: ANN401 - a document may hold anything
        return (
            type(value) is str
            and least <= len(value) <= most
            and (known is None or value in known)
            and (accepts is None or accepts(value))
        )

    return check


def _integer(schema: Mapping[str, Any]) -> Check:
    least, most = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    known = schema.get("enum")
    return lambda value: type(value) is int and least <= value <= most and (known is None or value in known)


def _boolean(_: Mapping[str, Any]) -> Check:
    return lambda value: type(value) is bool


def _array(schema: Mapping[str, Any]) -> Check:
    least, most = schema.get("minItems", 0), schema.get("maxItems", float("inf"))
    items, is_set = schema.get("items", {}), bool(schema.get("uniqueItems"))
    if is_set and items.get("type") not in _HASHABLE:
        return _never(schema)
    accepts = compiled(items)
    return lambda value: (
        type(value) is list
        and least <= len(value) <= most
        and all(map(accepts, value))
        and (not is_set or len(set(value)) == len(value))
    )


def _object(schema: Mapping[str, Any]) -> Check:
    properties = {key: compiled(field) for key, field in schema.get("properties", {}).items()}
    others, required = schema.get("additionalProperties"), schema.get("required", ())
    other = compiled(others) if isinstance(others, dict) else _never({})
    pairs = [(low, high) for low, highs in schema.get("x-atMost", {}).items() for high in highs]
    choices = [choice.get("required", ()) for choice in schema.get("oneOf", ())]
    if not all(choice.keys() == {"required"} for choice in schema.get("oneOf", ())):
        return _never(schema)

    def check(value: Any) -> bool:  # noqa: ANN401 - as above
        if type(value) is not dict:
            return False
        for key, item in value.items():
            if not properties.get(key, other)(item):
                return False
        return (
            all(key in value for key in required)
            and (not choices or sum(all(key in value for key in keys) for keys in choices) == 1)
            and all(_is_in_order(value, pair) for pair in pairs)
        )

    return check


def _is_in_order(value: Mapping[str, Any], pair: tuple[str, str]) -> bool:
    low, high = map(value.get, pair)
    return low is None or high is None or _size(low) <= _size(high)


def _size(value: Any) -> int:  # noqa: ANN401 - a number, or the list of which the number of items counts
    return len(value) if isinstance(value, list) else int(value)


_KINDS: Mapping[str, tuple[Callable[[Mapping[str, Any]], Check], frozenset[str]]] = {
    "string": (_string, frozenset({"minLength", "maxLength", "enum", "format"})),
    "integer": (_integer, frozenset({"minimum", "maximum", "enum"})),
    "boolean": (_boolean, frozenset()),
    "array": (_array, frozenset({"minItems", "maxItems", "items", "uniqueItems"})),
    "object": (_object, frozenset({"properties", "additionalProperties", "required", "oneOf", "x-atMost"})),
}
