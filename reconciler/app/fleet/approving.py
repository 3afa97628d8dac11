"""Whether a job's plan is the one that was reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app.approval import Approval
from reconciler.errors import NotApproved, StalePlan

if TYPE_CHECKING:
    from reconciler.plan import Plan


@dataclass(frozen=True, slots=True)
class JobApproval(Approval):
    """An approval by the digests of a plan and of its changes; nobody can be asked about so many."""

    changes: tuple[str, ...] | None = None

    def require_covers(self, plan: Plan) -> None:
        """Raise StalePlan unless all that the fresh plan would do was reviewed, and NotApproved without that.

        The digest of a whole plan counts where there are none of its changes: what is left of a plan that was
        applied in part has another one.
        """
        if self.is_automatic or not plan.changes:
            return
        if self.changes is None and self.digest is None:
            raise NotApproved(
                "nobody approved this plan", "Give --plan DIR with the reviewed plans, or --auto-approve"
            )
        if self.changes is None:
            Approval.require_covers(self, plan)
            return
        unreviewed = {change.id for change in plan.changes if plan.digest_of(change) not in self.changes}
        if unreviewed:
            names = [f'"{change.name}"' for change in plan.audience_changes if change.id in unreviewed]
            raise StalePlan(
                f"this is not the reviewed plan any more: {', '.join(names)}",
                "Nothing was sent. Plan again, review that, and apply it",
            )
