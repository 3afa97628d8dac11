"""The state that a comment holds of the plan that it shows: enough to find later what it approves."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.plan.digest import compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.plan import Change, Plan

MAX_CHANGES = 800  # audiences; each takes up to 61 of a comment's 65,536 characters
ENDED: Mapping[str, Any] = {"state": "ended"}
_ID_LENGTH = 8
_DIGEST_BYTES = 16  # so many that nobody can make two changes of one digest
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


def from_plan(plan: Plan, head: str | None = None, run: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    """Return a plan's digest and those of its changes, for which commit and by which run it was made.

    Of more audiences than MAX_CHANGES, the rest is left out. It holds no text from outside.
    """
    changes = {key: " ".join(digests) for key, digests in islice(_digests(plan).items(), MAX_CHANGES)}
    return {"digest": plan.digest, "changes": changes, "head": head, "run": [*run]}


def left_out(plan: Plan) -> int:
    """Return of how many audiences' changes a comment has no room to hold the digests."""
    return max(len(_digests(plan)) - MAX_CHANGES, 0)


def digest(state: Mapping[str, Any]) -> str | None:
    """Return the digest that was reviewed, None where the comment shows a plan that cannot be applied."""
    value = state.get("digest")
    return value if isinstance(value, str) and _DIGEST.fullmatch(value) else None


def run(state: Mapping[str, Any]) -> tuple[int, int]:
    """Return the id and attempt of the run that wrote a comment, zeros where it does not say."""
    value = state.get("run")
    if isinstance(value, list) and [type(part) for part in value] == [int, int]:
        return value[0], value[1]
    return 0, 0


def is_ended(state: Mapping[str, Any]) -> bool:
    """Return whether a comment says how an apply ended, which is for good."""
    return state == ENDED


def moved(state: Mapping[str, Any], fresh: Plan, ids: Iterable[str]) -> Moved:
    """Return where a fresh plan differs from the remembered one; `ids` are those of all definitions."""
    remembered = state.get("changes")
    before = remembered if isinstance(remembered, dict) else {}
    is_whole = len(before) < MAX_CHANGES
    deviation = compare(before, {key: " ".join(digests) for key, digests in _digests(fresh).items()})
    # Of changes that a full comment had no room for, nobody can tell whether they were reviewed.
    moved = deviation.changed if is_whole else deviation.changed & before.keys()
    changes = tuple(change for change in fresh.audience_changes if short_id(change.id) in moved)
    gone = tuple(one for one in ids if short_id(one) in deviation.gone)
    is_renamed = is_whole and not changes and not deviation.gone
    return Moved(changes, gone, len(deviation.gone) - len(gone), is_renamed=is_renamed)


def short_id(text: str) -> str:
    """Return by what a comment calls an audience."""
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_LENGTH]


def short_digest(digest: str) -> str:
    """Return by what a comment calls a change, given its digest."""
    found = bytes.fromhex(digest.removeprefix("sha256:"))[:_DIGEST_BYTES]
    return base64.b64encode(found).decode().rstrip("=")


def _digests(plan: Plan) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for change in plan.changes:
        found.setdefault(short_id(change.id), []).append(short_digest(plan.digest_of(change)))
    return found
