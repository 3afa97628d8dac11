"""What the conditions of policies see of an audience: one JSON document, from its file and from a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model import Audience, Definition, Json
    from reconciler.plan.model import Change, Plan

REACH = "reach"
OWN = frozenset({"id", "name", "file", "status", "config", "metadata"})  # what a file alone can tell
_LEFT_OUT = ("status", "config")  # what a file need not tell


@dataclass(frozen=True, slots=True)
class Subject:
    """One audience as conditions see it.

    `reach_unknown` is why nobody knows whom its change reaches, empty where that is known or nothing changes.
    """

    definition: Definition
    document: dict[str, Json]
    is_changed: bool = True
    reach_unknown: str = ""


def of_file(definition: Definition) -> tuple[Subject, frozenset[str]]:
    """Return what a file alone tells, and the fields that a condition may speak of then."""
    fields = {key: to_json(definition.fields[key]) for key in _LEFT_OUT if key in definition.fields}
    document = {**_from_file(definition), **_state(fields), "name": definition.name}
    return Subject(definition, document), OWN.difference(key for key in _LEFT_OUT if key not in fields)


def of_plan(
    plan: Plan,
    definitions: Sequence[Definition],
    live: Mapping[str, Audience],
    base: Mapping[str, Definition] | None,
) -> Iterator[Subject]:
    """Yield the audiences of a plan as they would be, in the order of their files.

    `live` has those that the plan leaves as they are. With `base`, the definitions by id where a branch
    began, one counts as changed also where its file alone says something else.
    """
    changes = {change.id: change for change in plan.audience_changes}
    for definition in sorted(definitions, key=lambda one: (one.file, one.line)):
        if definition.id in changes:
            yield _changed(changes[definition.id], definition)
        elif definition.id in live:
            now = _state({key: to_json(value) for key, value in live[definition.id].fields.items()})
            document = {**_from_file(definition), **now, "name": definition.name, "live": now}
            is_changed = base is not None and _says(base.get(definition.id)) != _says(definition)
            yield Subject(definition, document, is_changed)


def _changed(change: Change, definition: Definition) -> Subject:
    document: dict[str, Json] = {
        **_from_file(definition),
        **_state({**change.before, **change.patch}),
        "name": definition.name,
        "live": _state(change.before),
        "change": {"phase": change.phase, "fields": [field.path for field in change.fields]},
    }
    reach = change.reach
    if reach is None or reach.before is None or reach.after is None:
        unknown = reach.unknown if reach and reach.unknown else "nobody counted them"
        reason = f"how many people it reaches is not known ({unknown})"
        return Subject(definition, document, reach_unknown=reason)
    growth = reach.after / max(reach.before, 1)
    document[REACH] = {"before": reach.before, "after": reach.after, "growth": growth}
    return Subject(definition, document)


def _from_file(definition: Definition) -> dict[str, Json]:
    texts = {"owner": definition.owner, "description": definition.description}
    metadata: dict[str, Json] = {key: value for key, value in texts.items() if value}
    metadata |= {"labels": {**definition.labels}, "overrides": {**definition.overrides}}
    return {"id": definition.id, "file": definition.file, "metadata": metadata}


def _state(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return name, status and config, which always has filters: no condition on them is passed over."""
    found = {key: fields[key] for key in ("name", *_LEFT_OUT) if key in fields}
    config = found.get("config")
    return {**found, "config": {"filters": {}, **config}} if isinstance(config, dict) else found


def _says(one: Definition | None) -> object:
    """Return what a definition says, wherever in its file."""
    return one and (one.fields, one.owner, one.description, one.labels, one.overrides)
