"""An apply that writes what was reviewed before the merge, change by change, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.app import settings
from reconciler.app.apply_session import ApplyRequest, ApplySession
from reconciler.app.approval import Approval
from reconciler.errors import REFUSALS, DefinitionError, LimitExceeded, Refused, SlotsExceeded, StalePlan
from reconciler.github import comment_state
from reconciler.plan import Limits, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from reconciler.errors import Diagnostic, ReconcilerError
    from reconciler.github.reviews import Reviews
    from reconciler.journal import Journal
    from reconciler.plan import ApplyResult, AudienceResult, Change, Plan

_UNAPPROVED = f"sha256:{64 * '0'}"  # which no plan has: what nobody approved can be planned and never written
_STALE = StalePlan(
    "what this merge would do now is not what was reviewed",
    "Usually somebody edited an audience in the dashboard after the review, or another pull request was "
    "applied first",
)


class ReviewedSession(ApplySession):
    """An apply whose changes each need a merged pull request that showed them, unless that is waived.

    `refused` are the changes that none showed, `refusal` is why; the others go on without them unless all or
    nothing was asked for.
    """

    def __init__(self, request: ApplyRequest, reviews: Reviews, *, is_all_or_nothing: bool = False) -> None:
        super().__init__(request)
        self.reviews = reviews
        self.refused: tuple[Change, ...] = ()
        self.refusal: Refused | None = None
        self._is_all_or_nothing = is_all_or_nothing
        self._approvers: dict[str, int] = {}

    @property
    def approval(self) -> Approval:
        """Nobody has to be asked, and what is not waived passes by this session's own gate alone."""
        is_waived = self.reviews.is_waived
        return Approval(is_waived, None if is_waived else _UNAPPROVED, None)

    def require_allowed(self, plan: Plan) -> None:
        """Raise what keeps all of a plan from being applied: DefinitionError or Refused."""
        if self.reviews.is_waived:
            super().require_allowed(plan)
            return
        if plan.errored:
            raise DefinitionError([diagnostic for diagnostic in plan.diagnostics if diagnostic.is_error])
        self._tell_apart(plan)
        if self.refusal is not None and (self._is_all_or_nothing or not self._approvers):
            raise self.refusal
        refused = refusal(self._reviewed(plan))
        if refused is not None:
            raise refused

    def _tell_apart(self, plan: Plan) -> None:
        """Find who showed what an audience's changes are now, and the audiences for which nobody did."""
        for audience, digests in comment_state.digests(plan).items():
            number = self.reviews.approver(audience, digests)
            if number is not None:
                self._approvers[audience] = number
        self.refused = tuple(change for change in plan.audience_changes if self.approver(change.id) is None)
        if self.refused:
            self.refusal = self.reviews.objection or _STALE

    def approver(self, identity: str) -> int | None:
        """Return the pull request that showed an audience's changes, None where none did."""
        return self._approvers.get(comment_state.short_id(identity))

    def _reviewed(self, plan: Plan) -> Plan:
        """Return the plan with the reviewed changes alone, and what stands in the way of these."""
        changes = tuple(change for change in plan.changes if self.approver(change.id) is not None)
        reviewed = replace(plan, changes=changes)
        limits = settings.limits(self.request.paths)
        if self.request.max_changes is not None:
            limits = Limits(self.request.max_changes, 0, limits.active_slots)
        diagnostics = [one for one in plan.diagnostics if _concerns(one, reviewed, limits)]
        return replace(reviewed, diagnostics=tuple(diagnostics))

    def write(self, plan: Plan, journal: Journal | None) -> AsyncGenerator[AudienceResult, None]:
        """Write the reviewed changes and yield each outcome as it is settled; signals stop it."""
        return super().write(plan if self.reviews.is_waived else self._reviewed(plan), journal)

    def result(self, error: ReconcilerError | None) -> ApplyResult:
        """Return an outcome for every change, with the pull request that showed it or that none did."""
        result = super().result(error or self.refusal)
        return replace(result, results=tuple(map(self._explained, result.results)))

    def _explained(self, one: AudienceResult) -> AudienceResult:
        number = self.approver(one.id)
        if any(one.id == change.id for change in self.refused):
            return replace(one, outcome="not_attempted", detail=_NOBODY, is_written=False)
        if number is None or not self.has_begun:
            return one
        reviewed = f"reviewed in pull request {number}"
        return replace(one, detail=f"{one.detail}; {reviewed}" if one.detail else reviewed)


def _concerns(one: Diagnostic, plan: Plan, limits: Limits) -> bool:
    """Return whether a diagnostic of a whole plan stands for this part of it too."""
    if one.code == LimitExceeded.code:
        return plan.summary["update"] > limits.allowed_changes(plan.managed)
    if one.code == SlotsExceeded.code:
        return plan.summary["activate"] > 0
    if one.code in REFUSALS:
        places: Sequence[tuple[str, int]] = [(change.file, change.line) for change in plan.changes]
        return (one.file, one.line) in places
    return True


_NOBODY = "refused: nobody reviewed this change as it would be now"
