"""What a review covers: a plan's digest, one for each of its changes, and where a fresh plan deviates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.model import Json
    from reconciler.plan.model import Change, FieldChange, Plan

FORMAT = "1"  # the format's major version, so that no review outlives the format that was reviewed


@dataclass(frozen=True, slots=True)
class Deviation:
    """The keys of fresh changes that are new or not as reviewed, and of reviewed ones that are gone."""

    changed: frozenset[str]
    gone: frozenset[str]


def of_plan(plan: Plan) -> str | None:
    """Return the name of the plan's content; None for a plan with an error, which nobody can approve.

    Covers what a reviewer saw, and neither where it was read from (file, line) nor what changes by itself.
    """
    if plan.errored:
        return None
    content: Json = {
        "format": FORMAT,
        "origin": plan.origin,
        "targets": [*plan.targets],
        "summary": dict(plan.summary),
        "changes": [_change(change, plan.volatile) for change in plan.changes],
        "unmanaged": [[audience.id, audience.name, audience.status] for audience in plan.unmanaged],
    }
    return f"sha256:{_hash(content)}"


def of_changes(plan: Plan) -> dict[str, str]:
    """Return the digest of each change by the id of its audience: 64 hexadecimal digits."""
    return {change.id: _hash(_change(change, plan.volatile)) for change in plan.changes}


def compare(reviewed: Mapping[str, str], fresh: Mapping[str, str]) -> Deviation:
    """Return where fresh changes deviate from reviewed ones; both are digests by the same keys."""
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
        "patch": dict(change.patch),
        "before": {key: value for key, value in change.before.items() if key not in volatile},
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


def _hash(content: Json) -> str:
    return hashlib.sha256(canonical(content).encode()).hexdigest()
