"""What the conditions of policies see of an audience: one JSON document, from its file and from a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.model import to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.model import Audience, Definition, Json, Path
    from reconciler.plan.model import Change, Plan

REACH = ("reach",)
_CONFIG = "config"


@dataclass(frozen=True, slots=True)
class Subject:
    """One audience as conditions see it.

    `reach_unknown` is why nobody knows whom its change reaches, empty where that is known or nothing changes;
    `owner_before` is its `metadata.owner` before the change, or now where nothing is known of before.
    """

    definition: Definition
    document: dict[str, Json]
    is_changed: bool = True
    reach_unknown: str = ""
    owner_before: str = ""


def of_file(definition: Definition) -> Subject:
    """Return what a file alone tells: what it leaves out is not in the document."""
    fields = {key: to_json(value) for key, value in definition.fields.items()}
    document = {**_from_file(definition), **_state(fields)}
    return Subject(definition, document, owner_before=definition.owner)


def tells(one: Subject, paths: Collection[Path], carried_over: Collection[Path]) -> bool:
    """Return whether a file alone tells all that these paths ask for, and leaves none of it as it is live."""
    definition = one.definition
    asked = [path for path in carried_over if path in paths]
    return all(path[0] in one.document for path in paths) and all(
        path in definition.places or path in definition.origins for path in asked
    )


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
        before = definition if base is None else base.get(definition.id)
        owner = before.owner if before else ""
        if definition.id in changes:
            yield replace(_changed(changes[definition.id], definition), owner_before=owner)
        elif definition.id in live:
            now = _state({key: to_json(value) for key, value in live[definition.id].fields.items()})
            document = {**_from_file(definition), **now, "live": now}
            yield Subject(definition, document, _says(before) != _says(definition), owner_before=owner)


def _changed(change: Change, definition: Definition) -> Subject:
    document: dict[str, Json] = {
        **_from_file(definition),
        **_state({**change.before, **change.patch}),
        "live": _state(change.before),
        "change": {"phase": change.phase, "fields": [field.path for field in change.fields]},
    }
    reach = change.reach
    if reach is None or reach.before is None or reach.after is None:
        unknown = reach.unknown if reach and reach.unknown else "nobody counted them"
        reason = f"how many people it reaches is not known ({unknown})"
        return Subject(definition, document, reach_unknown=reason)
    growth = reach.after / max(reach.before, 1)
    document["reach"] = {"before": reach.before, "after": reach.after, "growth": growth}
    return Subject(definition, document)


def _from_file(definition: Definition) -> dict[str, Json]:
    texts = {"owner": definition.owner, "description": definition.description}
    metadata: dict[str, Json] = {key: value for key, value in texts.items() if value}
    metadata |= {"labels": {**definition.labels}, "overrides": {**definition.overrides}}
    return {"id": definition.id, "file": definition.file, "metadata": metadata}


def _state(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return the writable fields. A config always has filters: no condition on them is passed over."""
    config = fields.get(_CONFIG)
    return {**fields, **({_CONFIG: {"filters": {}, **config}} if isinstance(config, dict) else {})}


def _says(one: Definition | None) -> object:
    """Return what a definition says, wherever in its file."""
    return one and (one.fields, one.owner, one.description, one.labels, one.overrides)
