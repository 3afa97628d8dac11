"""The JSON Schemas: what they say of each field, and documents checked against them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Literal, cast

from reconciler.model import Json, Kind, Path, Raising, Rule, Rules
from reconciler.schema import extension
from reconciler.schema.quoting import clip
from reconciler.schema.suggestions import Suggestions
from reconciler.schema.verdict import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.model import Catalogue
    from reconciler.schema.extension import Extra
    from reconciler.schema.messages import Problem

__all__ = [
    "MAX_PROBLEMS",
    "Schema",
    "SchemaName",
    "Suggestions",
    "audience",
    "check",
    "clip",
    "keys",
    "load",
    "rules",
    "surely_valid",
]

Schema = dict[str, Any]
MAX_PROBLEMS = 1_000
SchemaName = Literal[
    "audience",
    "piece",
    "partial",
    "plan",
    "apply-result",
    "diagnostics",
    "catalogue-file",
    "policy",
    "fleet-report",
]


@cache
def load(name: SchemaName) -> Schema:
    """Return a schema: from the wheel, or from the repository that this package lies in."""
    package = FilePath(__file__).parents[1]
    folder = next(folder for folder in (package / "schemas", package.parent / "schemas") if folder.is_dir())
    return cast("Schema", json.loads((folder / f"{name}.schema.json").read_text("utf-8")))


def audience(catalogue: Catalogue | None = None) -> Schema:
    """Return the audience schema, with the filters that a catalogue has beside it."""
    return _audience(_extra(catalogue))


def _extra(catalogue: Catalogue | None) -> Extra:
    return extension.of(catalogue, _known_filters())


@cache
def _known_filters() -> frozenset[str]:
    return frozenset(extension.filters(load("audience")))


@cache
def _audience(extra: Extra) -> Schema:
    return extension.extended(load("audience"), extra) if extra else load("audience")


def rules(catalogue: Catalogue | None = None) -> Rules:
    """Return what the audience schema, and a catalogue beside it, says of every field that may be sent.

    Asked once where files come in (`definitions.load`) and where a use case begins; whatever is pure is
    handed the rules, so that it depends on no file.
    """
    return _rules(_extra(catalogue))


@cache
def _rules(extra: Extra) -> Rules:
    return dict(_rules_under(_audience(extra), ()))


def keys(path: Path, catalogue: Catalogue | None = None) -> tuple[str, ...]:
    """Return the keys that the audience schema has under a path, in its order; none where it names none.

    With a catalogue, the filters that it has beside the schema come last.
    """
    return _keys(path, _extra(catalogue))


@cache
def _keys(path: Path, extra: Extra) -> tuple[str, ...]:
    found: Schema = _audience(extra)
    for key in path:
        found = found.get("properties", {}).get(key, {})
    return tuple(found.get("properties", ()))


def _rules_under(schema: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Rule]]:
    for key, field in schema["properties"].items():
        if "x-local" in field:
            continue
        upper = schema.get("x-atMost", {}).get(key)
        yield (*path, key), _rule(field, None if upper is None else (*path, upper[0]))
        if "properties" in field:
            yield from _rules_under(field, (*path, key))


def _rule(field: Mapping[str, Any], at_most: Path | None) -> Rule:
    return Rule(
        kind=_kind(field),
        items=field.get("items", {}).get("type", "string"),
        is_carried_over=field.get("x-carried-over", False),
        is_volatile=field.get("x-volatile", False),
        bounds={
            generation: (min(bounds.values()), max(bounds.values()))
            for generation, bounds in field.get("x-bounds", {}).items()
        },
        at_most=at_most,
        generation=field.get("x-generation"),
        label=field["title"],
        item_label=field.get("items", {}).get("title", ""),
        words=field.get("x-words", {}),
        people=field.get("x-people", ""),
        raising=cast("Raising | None", field.get("x-raising")),
    )


def _kind(field: Mapping[str, Any]) -> Kind:
    if field.get("uniqueItems"):
        return "set"
    if field["type"] == "object" and not {"required", "oneOf"} & field.keys():
        return "group"
    return cast("Kind", field["type"])


def check(
    value: Json, name: SchemaName, max_problems: int = MAX_PROBLEMS, catalogue: Catalogue | None = None
) -> tuple[Problem, ...]:
    """Return the problems that a document has with a schema, in the schema's order and at most so many."""
    from reconciler.schema.messages import problems
    from reconciler.schema.validator import errors

    schema = _of(name, _extra(catalogue)) if name in _OF_A_DEFINITION else load(name)
    return tuple(problems(errors(value, schema, max_problems), schema))


@cache
def _of(name: SchemaName, extra: Extra) -> Schema:
    """Return the schema of what a definition, or a part of one, says."""
    from reconciler.schema import derived

    whole = _audience(extra)
    return whole if name == "audience" else (derived.piece if name == "piece" else derived.partial)(whole)


_OF_A_DEFINITION: frozenset[SchemaName] = frozenset({"audience", "piece", "partial"})


def surely_valid(name: SchemaName = "audience", catalogue: Catalogue | None = None) -> Callable[[Json], bool]:
    """Return what tells whether `check` would surely have no problem with a document.

    A document holds values of a parser: texts, integers, lists and dicts of exactly these types.
    """
    return _compiled(name, _extra(catalogue))


@cache
def _compiled(name: SchemaName, extra: Extra) -> Callable[[Json], bool]:
    return compiled(_of(name, extra) if name in _OF_A_DEFINITION else load(name))
