"""Schemas made of the audience schema: what a shared piece and a definition that extends one hold."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Place = tuple[str | int, ...]
    Schema = dict[str, Any]

OWN = ("id", "name", "extends")  # what a definition says itself, and no piece
ADD, REMOVE = "add", "remove"


def partial(audience: Schema) -> Schema:
    """Return the schema of what a definition that extends a piece says itself, but for changes of lists."""
    made = _optional(deepcopy(audience))
    return {**made, "required": [*audience["required"]]}


def piece(audience: Schema) -> Schema:
    """Return the schema of a shared piece: a definition of which anything may be missing, and OWN is."""
    made = _optional(deepcopy(audience))
    for key in OWN:
        del made["properties"][key]
    return {
        **made,
        "$id": "urn:audience-reconciler:schema:piece:1",
        "title": "Shared piece of audience definitions",
        "description": "What several audience definitions share: each names this file with `extends`.",
    }


def extending(audience: Schema) -> Schema:
    """Return the schema, for editors, of a definition that extends a piece and may change its lists."""
    made = partial(audience)
    _replace_lists(made, _or_change)
    return {
        **made,
        "$id": "urn:audience-reconciler:schema:extending:1",
        "title": "Audience definition that extends a shared piece",
        "required": [*OWN],
    }


def either(audience: Schema) -> Schema:
    """Return the schema, for editors, of a definition that may extend a piece or stand alone."""
    about = ("$schema", "$id", "title", "description")
    alone, extended = (
        {key: part for key, part in one.items() if key not in {"$schema", "$id"}}
        for one in (audience, extending(audience))
    )
    said = {key: audience[key] for key in about}
    return {**said, "if": {"required": ["extends"]}, "then": extended, "else": alone}


def lists(audience: Schema) -> frozenset[Place]:
    """Return the paths at which the audience schema has a list."""
    return frozenset(path for path, field in _fields(audience, ()) if field.get("type") == "array")


def alternatives(audience: Schema) -> dict[Place, frozenset[str]]:
    """Return, by the path of their mapping, the keys of which there is exactly one."""
    return {
        path: frozenset(key for choice in field["oneOf"] for key in choice["required"])
        for path, field in _fields(audience, ())
        if "oneOf" in field
    }


def _fields(schema: Schema, path: Place) -> Iterator[tuple[Place, Schema]]:
    for key, field in schema.get("properties", {}).items():
        yield (*path, key), field
        yield from _fields(field, (*path, key))


def _optional(schema: Schema) -> Schema:
    """Return the schema without what it requires, at any depth."""
    schema.pop("required", None)
    schema.pop("oneOf", None)
    for field in schema.get("properties", {}).values():
        _optional(field)
    return schema


def _replace_lists(schema: Schema, change: Callable[[Schema], Schema]) -> None:
    for key, field in schema.get("properties", {}).items():
        if field.get("type") == "array":
            schema["properties"][key] = change(field)
        else:
            _replace_lists(field, change)


def _or_change(field: Schema) -> Schema:
    members: Schema = {key: field[key] for key in ("uniqueItems", "items") if key in field}
    some: Schema = {"type": "array", "minItems": 1, **members}
    changed = {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            ADD: {"title": "added", "description": "What this definition adds to the piece's list.", **some},
            REMOVE: {
                "title": "removed",
                "description": "What this definition takes out of the piece's list.",
                **some,
            },
        },
    }
    about = {key: field[key] for key in ("title", "description")}
    return {**about, "anyOf": [field, changed]}
