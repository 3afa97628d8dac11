"""What a comment remembers of the plan that it shows: enough to tell later where another differs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.model import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.plan import Change, Plan

MAX_CHANGES = 1000  # each takes 22 of a comment's 65,536 characters
ENDED: Mapping[str, Any] = {"state": "ended"}
_SHORT = 8
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a fresh plan differs: the changes that are other ones now, and the ids of those that are gone.

    `lost` counts the gone ones that no definition has any more. `is_around` says that every change is still
    the same, so that it is the organization around them that differs.
    """

    changes: tuple[Change, ...] = ()
    gone: tuple[str, ...] = ()
    lost: int = 0
    is_around: bool = False


def from_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan's digest, and a short one of each of its changes; it holds no text from outside."""
    changes = {_short(change.id): _content(plan, change) for change in plan.changes[:MAX_CHANGES]}
    return {"digest": plan.digest, "changes": changes}


def digest(memory: Mapping[str, Any]) -> str | None:
    """Return the digest that was reviewed, None where the comment shows a plan that cannot be applied."""
    value = memory.get("digest")
    return value if isinstance(value, str) and _DIGEST.fullmatch(value) else None


def is_ended(memory: Mapping[str, Any]) -> bool:
    """Tell whether a comment says how an apply ended, which is for good."""
    return memory == ENDED


def moved(memory: Mapping[str, Any], fresh: Plan, ids: Iterable[str]) -> Moved:
    """Return where a fresh plan differs from the remembered one; `ids` are those of all definitions."""
    remembered = memory.get("changes")
    before = remembered if isinstance(remembered, dict) else {}
    is_whole = len(before) < MAX_CHANGES
    changes = tuple(
        change
        for change in fresh.changes
        if before.get(_short(change.id), None if is_whole else _content(fresh, change))
        != _content(fresh, change)
    )
    over = before.keys() - {_short(change.id) for change in fresh.changes}
    gone = tuple(one for one in ids if _short(one) in over)
    return Moved(changes, gone, len(over) - len(gone), is_around=is_whole and not changes and not over)


def _content(plan: Plan, change: Change) -> str:
    return _short(canonical(plan.reviewed(change)))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]
