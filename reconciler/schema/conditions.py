"""Conditions of policies: which fields they speak of, what is wrong with them, and whether they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.schema import keys, patterns
from reconciler.schema.quoting import clip, shown
from reconciler.schema.suggestions import Suggestions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reconciler.model import Json, Path
    from reconciler.schema.quoting import Place

    Words = tuple[str, str, str]  # code, summary, detail
    Fields = Mapping[str, "Fields | None"]  # None: any
    Check = Callable[[Json], Place | str | None]

MAX_LISTED = 12  # fields that a message names
_ONE = ("not", "if", "then", "else")
_SEVERAL = ("allOf", "anyOf", "oneOf")


def fields(paths: Iterable[Path]) -> Fields:
    """Return what a condition sees of an audience: the names of its fields, and of those in them.

    `paths` are those of the fields that may be sent.
    """
    writable: dict[str, Any] = {}
    for path in paths:
        level = writable
        for key in path[:-1]:
            level[key] = level = level.get(key) or {}
        level.setdefault(path[-1], None)
    return {
        "id": None,
        "file": None,
        **writable,
        "metadata": dict.fromkeys(keys(("metadata",))),
        "live": writable,
        "change": {"phase": None, "fields": None},
        "reach": {"before": None, "after": None, "growth": None},
    }


def spoken_of(condition: Mapping[str, Any] | None, path: Path = ()) -> frozenset[Path]:
    """Return the fields that a condition speaks of, such as `status`, `config` and `config.minScore`."""
    if condition is None:
        return frozenset()
    inner = condition.get("properties", {})
    found = frozenset((*path, key) for key in (*inner, *condition.get("required", ())))
    below = (spoken_of(one, (*path, key)) for key, one in inner.items())
    return found.union(*below, *(spoken_of(one, path) for one in _same_level(condition)))


def faults(
    condition: Mapping[str, Any], known: Fields | None, place: Place = ()
) -> Iterator[tuple[Place, Words]]:
    """Yield what a condition that the schema takes says in vain or must not say, each with its place.

    `known` are the fields that there are, None where any may be.
    """
    yield from _faults(condition, place, known, Suggestions())


def _faults(
    condition: Mapping[str, Any], place: Place, known: Fields | None, suggestions: Suggestions
) -> Iterator[tuple[Place, Words]]:
    for index, key in enumerate(condition.get("required", ())):
        yield from _unknown(key, (*place, "required", index), known, suggestions)
    for key, inner in condition.get("properties", {}).items():
        where = (*place, "properties", key)
        yield from _unknown(key, where, known, suggestions)
        yield from _faults(inner, where, None if known is None else known.get(key), suggestions)
    if "pattern" in condition and (reason := patterns.fault(condition["pattern"])):
        words = "pattern", f"the pattern {shown(condition['pattern'])} {reason}", _SIMPLER
        yield (*place, "pattern"), words
    for step, inner in _parts(condition):
        is_item = step[0] in {"items", "contains"}
        yield from _faults(inner, (*place, *step), None if is_item else known, suggestions)


def _unknown(
    key: str, place: Place, known: Fields | None, suggestions: Suggestions
) -> Iterator[tuple[Place, Words]]:
    if known is None or key in known:
        return
    near = suggestions.nearest(key, known)
    listed = ", ".join(known) if len(known) <= MAX_LISTED else "see the filters of the schema"
    hint = f'Did you mean "{near}"?' if near else f"What there is: {listed}"
    yield place, ("unknown-field", f'a condition sees no field "{clip(key)}" here', hint)


def _parts(condition: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    for key in (*_ONE, "items", "contains"):
        if key in condition:
            yield (key,), condition[key]
    for key in _SEVERAL:
        yield from (((key, index), one) for index, one in enumerate(condition.get(key, ())))


def _same_level(condition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (one for step, one in _parts(condition) if step[0] not in {"items", "contains"})


def compiled(condition: Mapping[str, Any]) -> Check:
    """Return what tells how a document does not meet a condition: the place, or in words why nobody can tell.

    It returns None for one that meets it. The condition is one that has no faults.
    """
    too_long: list[str] = []
    validator = _validator(too_long)(condition)

    def check(value: Json) -> Place | str | None:
        too_long.clear()
        error = next(validator.iter_errors(value), None)
        if too_long:
            return f"a text of over {patterns.MAX_TEXT} characters is not compared with a pattern"
        return None if error is None else tuple(error.absolute_path)

    return check


def _validator(too_long: list[str]) -> Any:  # noqa: ANN401 - the class is made at run time
    from jsonschema import Draft202012Validator, ValidationError, validators

    from reconciler.schema.validator import is_integer

    def pattern(_: object, wanted: str, value: Json, __: object) -> Iterator[ValidationError]:
        if not isinstance(value, str):
            return
        if len(value) > patterns.MAX_TEXT:
            too_long.append(value)
        elif re.search(wanted, value) is None:
            yield ValidationError("not matched")

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", is_integer)
    return validators.extend(Draft202012Validator, {"pattern": pattern}, type_checker=types)


_SIMPLER = "Write a simpler one, or several: it must not take long on any text"
