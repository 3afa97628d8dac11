"""The state that a comment holds of the plan that it shows: enough to find later where another differs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.plan.digest import compare, of_audiences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.plan import Change, Plan

MAX_CHANGES = 1000  # each takes 22 of a comment's 65,536 characters
ENDED: Mapping[str, Any] = {"state": "ended"}
_DIGEST_LENGTH = 8
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a fresh plan differs: the changes that are other ones now, and the ids of those that are gone.

    `lost` counts the gone ones that no definition has any more. `is_renamed` says that every change is still
    the same, so that it is only shown with another name.
    """

    changes: tuple[Change, ...] = ()
    gone: tuple[str, ...] = ()
    lost: int = 0
    is_renamed: bool = False


def from_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan's digest, and a short one for each audience; it holds no text from outside."""
    return {"digest": plan.digest, "changes": dict(islice(_changes(plan).items(), MAX_CHANGES))}


def digest(state: Mapping[str, Any]) -> str | None:
    """Return the digest that was reviewed, None where the comment shows a plan that cannot be applied."""
    value = state.get("digest")
    return value if isinstance(value, str) and _DIGEST.fullmatch(value) else None


def is_ended(state: Mapping[str, Any]) -> bool:
    """Return whether a comment says how an apply ended, which is for good."""
    return state == ENDED


def moved(state: Mapping[str, Any], fresh: Plan, ids: Iterable[str]) -> Moved:
    """Return where a fresh plan differs from the remembered one; `ids` are those of all definitions."""
    remembered = state.get("changes")
    before = remembered if isinstance(remembered, dict) else {}
    is_whole = len(before) < MAX_CHANGES
    deviation = compare(before, _changes(fresh))
    # Of changes that a full comment had no room for, nobody can tell whether they were reviewed.
    moved = deviation.changed if is_whole else deviation.changed & before.keys()
    changes = tuple(change for change in fresh.audience_changes if _short(change.id) in moved)
    gone = tuple(one for one in ids if _short(one) in deviation.gone)
    is_renamed = is_whole and not changes and not deviation.gone
    return Moved(changes, gone, len(deviation.gone) - len(gone), is_renamed=is_renamed)


def _changes(plan: Plan) -> dict[str, str]:
    digests = of_audiences(plan)
    return {_short(one): digests[one].removeprefix("sha256:")[:_DIGEST_LENGTH] for one in digests}


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
