"""What a comment remembers of the plan that it shows: enough to tell later where another differs."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from reconciler.model import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.plan import Plan

MOST_CHANGES = 500  # an id and a short hash take 50 characters of a comment's 65,536
_SHORT = 8
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def of_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan's digest, and a short one of each of its changes by id; it holds no text from outside."""
    changes = {change.id: _short(canonical(plan.reviewed(change))) for change in plan.changes[:MOST_CHANGES]}
    return {"digest": plan.digest, "changes": changes}


def digest(memory: Mapping[str, Any]) -> str | None:
    """Return the digest that was reviewed, None where the comment shows a plan that cannot be applied."""
    value = memory.get("digest")
    return value if isinstance(value, str) and _DIGEST.fullmatch(value) else None


def moved(memory: Mapping[str, Any], fresh: Plan) -> tuple[list[str], int]:
    """Return the names of the audiences whose change is another one now, and how many changes are gone."""
    before = memory.get("changes")
    before = before if isinstance(before, dict) else {}
    after = {change.id: change for change in fresh.changes}
    spelled = {one: _short(canonical(fresh.reviewed(change))) for one, change in after.items()}
    names = [change.name for one, change in after.items() if before.get(one) != spelled[one]]
    return names, len(before.keys() - after.keys())


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]
