"""What the steps of a workflow hand on, and what may be stored of a result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reconciler.plan.durable_run import StoredResult, result_to_document

if TYPE_CHECKING:
    from reconciler.plan.organization import OrganizationResult


def stored(result: OrganizationResult) -> StoredResult:
    """Return what may be stored of a result: no name, no sentence."""
    return StoredResult(
        result.outcome,
        dict(result.counts),
        result.is_written,
        len(result.live_and_wider),
        tuple(sorted({one.code for one in result.diagnostics if one.is_error})),
    )


@dataclass(frozen=True, slots=True)
class ReviewedChanges:
    """What a digest stands for: its changes, each by its own digest, and how many audiences they are of.

    `result` says why nothing can come of it, where that is so.
    """

    changes: tuple[str, ...] = ()
    audiences: int = 0
    result: StoredResult | None = None

    def to_document(self) -> dict[str, Any]:
        result = None if self.result is None else result_to_document(self.result)
        return {"changes": [*self.changes], "audiences": self.audiences, "result": result}

    def completed(self, result: StoredResult) -> StoredResult:
        """Return a result with the audiences counted that an earlier start of the same run had settled."""
        earlier = self.audiences - sum(result.counts.values())
        if not result.is_done or earlier <= 0:
            return result
        unchanged = result.counts.get("unchanged", 0) + earlier
        counts = {**result.counts, "unchanged": unchanged}
        return replace(result, outcome="applied", counts=counts, is_written=True)
