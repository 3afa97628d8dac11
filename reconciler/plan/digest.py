"""What a review covers: a plan's digest, one for each of its changes, and where a fresh plan deviates."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model import canonical, unordered

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.model import Json
    from reconciler.plan.model import Change, FieldChange, Plan

FORMAT = "1"  # the format's major version, so that no review outlives the format that was reviewed


@dataclass(frozen=True, slots=True)
class Deviation:
    """The keys of what is new or not as reviewed in a fresh plan, and of what was reviewed and is gone."""

    changed: frozenset[str]
    gone: frozenset[str]


def of_plan(plan: Plan) -> str | None:
    """Return the name of the plan's content; None for a plan with an error, which nobody can approve.

    Covers what a reviewer saw of the changes, and neither where it was read from (file, line), nor what
    changes by itself, nor an audience that is not ours: a review outlives whatever happens to those.
    """
    if plan.errored:
        return None
    content: Json = {
        "format": FORMAT,
        "origin": plan.origin,
        "targets": [*plan.targets],
        "changes": [_change(change, plan.volatile) for change in plan.changes],
    }
    return _hash(content)


def of_change(change: Change, plan: Plan) -> str:
    """Return what an approval of one change of a plan is bound to: origin, audience, live values and PATCH.

    Whatever the change is called and however it is shown, the same PATCH over the same live values is one.
    """
    content: Json = {
        "format": FORMAT,
        "origin": plan.origin,
        "id": change.id,
        "before": _before(change, plan.volatile),
        "patch": _unordered(dict(change.patch)),
    }
    return _hash(content)


def of_audiences(plan: Plan) -> dict[str, str]:
    """Return one digest for all that a plan changes of an audience, by its id."""
    found: dict[str, list[str]] = {}
    for change in plan.changes:
        found.setdefault(change.id, []).append(of_change(change, plan))
    return {key: _hash([*digests]) for key, digests in found.items()}


def compare(reviewed: Mapping[str, str], fresh: Mapping[str, str]) -> Deviation:
    """Return where fresh digests deviate from reviewed ones; both are by the same keys."""
    return Deviation(
        changed=frozenset(key for key, digest in fresh.items() if reviewed.get(key) != digest),
        gone=frozenset(reviewed.keys() - fresh.keys()),
    )


def _change(change: Change, volatile: Collection[str]) -> Json:
    return {
        "id": change.id,
        "name": change.name,
        "phase": change.phase,
        "fields": [_field(field, volatile) for field in change.fields],
        "patch": _unordered(dict(change.patch)),
        "before": _before(change, volatile),
        "unchanged": change.unchanged,
        "protected": change.is_protected,
    }


def _field(field: FieldChange, volatile: Collection[str]) -> Json:
    return [
        field.path,
        None if field.path in volatile else field.before,
        field.after,
        None if field.added is None else [*field.added],
        None if field.removed is None else [*field.removed],
        dict(field.names),
    ]


def _before(change: Change, volatile: Collection[str]) -> Json:
    return _unordered({key: value for key, value in change.before.items() if key not in volatile})


def _unordered(value: Json) -> Json:
    """Return the value without the order of its lists: sets have none, and the API may give the rest any."""
    result: Json = json.loads(unordered(value))
    return result


def _hash(content: Json) -> str:
    return f"sha256:{hashlib.sha256(canonical(content).encode()).hexdigest()}"
