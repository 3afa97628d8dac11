"""The state that our comments hold: what a plan approves, and what of it an apply has used up."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reconciler.plan import Plan

Digests = dict[str, tuple[str, ...]]  # of changes, by the short id of their audience

MAX_CHANGES = 800  # audiences; each takes up to 61 of a comment's 65,536 characters
_ID_LENGTH = 8
_DIGEST_BYTES = 16  # so many that nobody can make two changes of one digest
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def from_plan(plan: Plan, head: str | None = None, run: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    """Return a plan's digest and those of its changes, for which commit and by which run it was made.

    Of more audiences than MAX_CHANGES, the rest is left out. It holds no text from outside.
    """
    return _state(plan.digest, digests(plan), head, run)


def from_plans(
    plans: Sequence[Plan], head: str | None = None, run: tuple[int, int] = (0, 0)
) -> dict[str, Any]:
    """Return the state of a comment on the plans of several organizations, of which each stands for itself.

    What has an error approves nothing, and its digest is no part of the comment's.
    """
    valid = [plan for plan in plans if plan.digest is not None]
    found = {key: value for plan in valid for key, value in digests(plan).items()}
    whole = hashlib.sha256(" ".join(str(plan.digest) for plan in valid).encode()).hexdigest()
    return _state(f"sha256:{whole}" if valid else None, found, head, run)


def _state(digest: str | None, found: Digests, head: str | None, run: tuple[int, int]) -> dict[str, Any]:
    changes = {key: " ".join(each) for key, each in islice(found.items(), MAX_CHANGES)}
    return {"digest": digest, "changes": changes, "head": head, "run": [*run]}


def nothing(head: str | None, run: tuple[int, int]) -> dict[str, Any]:
    """Return the state of a comment that shows no plan, and approves nothing."""
    return {"digest": None, "untouched": True, "head": head, "run": [*run]}


def from_apply(used: Collection[str], run: tuple[int, int], *, is_complete: bool) -> dict[str, Any]:
    """Return what an apply has used up of one review; after a complete one nothing earlier counts."""
    return {"complete": is_complete, "used": sorted(used), "run": [*run]}


def left_out(*plans: Plan) -> int:
    """Return of how many audiences' changes a comment has no room to hold the digests."""
    return max(sum(len(digests(plan)) for plan in plans) - MAX_CHANGES, 0)


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


def approved(state: Mapping[str, Any]) -> Digests:
    """Return the changes that a plan's comment shows; none where it cannot be applied or was broken."""
    changes = state.get("changes")
    if digest(state) is None or not isinstance(changes, dict):
        return {}
    return {key: tuple(value.split()) for key, value in changes.items() if isinstance(value, str)}


def is_untouched(state: Mapping[str, Any]) -> bool:
    """Return whether a comment says that there is nothing to plan."""
    return state.get("untouched") is True


def used(state: Mapping[str, Any]) -> frozenset[str]:
    """Return the changes that a result's comment says were used up."""
    value = state.get("used")
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()


def is_complete(state: Mapping[str, Any]) -> bool:
    """Return whether a result's comment says that everything was as defined in the end."""
    return state.get("complete") is True


def digests(plan: Plan) -> Digests:
    """Return the short digests of a plan's changes."""
    found: Digests = {}
    for change in plan.changes:
        key = short_id(change.id)
        found[key] = (*found.get(key, ()), _short_digest(plan.digest_of(change)))
    return found


def short_id(text: str) -> str:
    """Return by what a comment calls an audience."""
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_LENGTH]


def _short_digest(digest: str) -> str:
    found = bytes.fromhex(digest.removeprefix("sha256:"))[:_DIGEST_BYTES]
    return base64.b64encode(found).decode().rstrip("=")
