"""The filters that an organization's catalogue has and the audience schema does not, as the schema would."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from reconciler.model import Catalogue

Extra = tuple[tuple[str, str], ...]  # each filter's key, and the catalogue's type of it, sorted
UNDOCUMENTED = "number_range"  # of which nobody has said what its value looks like
_TYPES = {"multi_select": "object", "text_terms": "object", "boolean": "boolean"}
_GENERATION = 2  # the first one's catalogue has lists of values, and no types
_OF_ONE = frozenset({"examples", "x-people", "x-raising", "x-words"})


def of(catalogue: Catalogue | None, known: Collection[str]) -> Extra:
    """Return the second generation's filters that are not known, of types with documented values."""
    if catalogue is None or catalogue.generation != _GENERATION:
        return ()
    new = catalogue.filters.keys() - known
    kinds = ((key, catalogue.filters[key].type) for key in sorted(new))
    return tuple((key, kind) for key, kind in kinds if kind in _TYPES and "." in key)


def extended(schema: Mapping[str, Any], extra: Extra) -> dict[str, Any]:
    """Return a schema that has these filters too, each like one of the same type that it has."""
    whole = deepcopy(dict(schema))
    known = filters(whole)
    second = [one for one in known.values() if one.get("x-generation") == _GENERATION]
    like = {one["type"]: one for one in reversed(second)}
    known.update({key: _field(key, like[_TYPES[kind]]) for key, kind in extra})
    return whole


def filters(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters that a schema has, by key."""
    return next(fields for noun, fields in _objects(schema) if noun == "filter")


def _objects(schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in schema.get("properties", {}).values():
        yield field.get("x-noun", ""), field.get("properties", {})
        yield from _objects(field)


def _field(key: str, like: Mapping[str, Any]) -> dict[str, Any]:
    named = _renamed(like, like["title"], key)
    return {**named, **_described(key, f"{key}, as the filter catalogue has it.")}


def _described(title: str, text: str) -> dict[str, str]:
    return {"title": title, "description": text}


def _renamed(part: Any, old: str, new: str) -> Any:  # noqa: ANN401 - any part of a schema
    """Return a part of a schema without what is said of one filter alone, and with another one's name."""
    if isinstance(part, dict):
        found = {key: _renamed(item, old, new) for key, item in part.items() if key not in _OF_ONE}
        if "items" in found:
            found["items"] |= _described(new, f"One value of {new}.")
        return found
    return part.replace(old, new) if isinstance(part, str) else deepcopy(part)
