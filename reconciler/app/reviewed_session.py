"""An apply that writes what was reviewed before the merge, change by change, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.app import settings
from reconciler.app.apply_session import ApplyRequest, ApplySession
from reconciler.app.approval import Approval
from reconciler.errors import REFUSALS, DefinitionError, FileError, StalePlan
from reconciler.github import comment_state
from reconciler.plan import Limits, finding, policy, refusal, subject
from reconciler.plan.limits import GUARDS, warnings
from reconciler.plan.reach import BUDGET

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from reconciler.api.connection import Connection
    from reconciler.app.merge_guards import Guards, MergeGuards
    from reconciler.apply import Stop
    from reconciler.errors import Diagnostic, ReconcilerError
    from reconciler.github.reviews import Review, Reviews
    from reconciler.journal import Journal
    from reconciler.model import Definition, Policy
    from reconciler.plan import ApplyResult, AudienceResult, Change, Plan
    from reconciler.plan.finding import Finding

_UNAPPROVED = f"sha256:{64 * '0'}"  # which no plan has: what nobody approved can be planned and never written
_STALE = StalePlan(
    "what this merge would do now is not what was reviewed",
    "Usually somebody edited an audience in the dashboard after the review, or another pull request was "
    "applied first",
)


class ReviewedSession(ApplySession):
    """An apply whose changes each need a merged pull request that showed them, unless that is waived.

    `refused` are the changes that none showed, `refusal` is why; the others go on without them unless all or
    nothing was asked for. The guards are those that stood before what brought a change.
    """

    def __init__(
        self, request: ApplyRequest, reviews: Reviews, guards: MergeGuards, *, is_all_or_nothing: bool = False
    ) -> None:
        super().__init__(request)
        self.reviews = reviews
        self.refused: tuple[Change, ...] = ()
        self._guards = guards
        self._is_all_or_nothing = is_all_or_nothing
        self._approvers: dict[str, Review] = {}

    @property
    def approval(self) -> Approval:
        """Nobody has to be asked, and what is not waived passes by this session's own gate alone."""
        is_waived = self.reviews.is_waived
        return Approval(is_waived, None if is_waived else _UNAPPROVED, None)

    async def read(self, connection: Connection, limits: Limits) -> Plan:
        """Plan afresh, and put the guards that count in place of those that were merged.

        Raises FileError and ApiError.
        """
        plan = await super().read(connection, limits)
        if plan.changes and not plan.errored:
            self._tell_apart(plan)
            self.plan = plan = self._guarded(plan)
        return plan

    def require_allowed(self, plan: Plan) -> None:
        """Raise what keeps all of a plan from being applied: DefinitionError or Refused."""
        if self.reviews.is_waived:
            super().require_allowed(plan)
            return
        if plan.errored:
            raise DefinitionError([diagnostic for diagnostic in plan.diagnostics if diagnostic.is_error])
        if self.refusal is not None and (self._is_all_or_nothing or not self._approvers):
            raise self.refusal
        refused = refusal(plan)
        if refused is not None:
            raise refused

    def _tell_apart(self, plan: Plan) -> None:
        """Find who showed what an audience's changes are now, and the audiences for which nobody did."""
        if self.reviews.is_waived:
            return
        for audience, digests in comment_state.digests(plan).items():
            review = self.reviews.approver(audience, digests)
            if review is not None:
                self._approvers[audience] = review
        self.refused = tuple(change for change in plan.audience_changes if self.approver(change.id) is None)
        if self.refused:
            self.refusal = self.reviews.objection or _STALE

    def approver(self, identity: str) -> Review | None:
        """Return the review that showed an audience's changes, None where none did."""
        return self._approvers.get(comment_state.short_id(identity))

    def _reviewed(self, plan: Plan) -> Plan:
        """Return the plan with the changes alone that are going to be written."""
        if self.reviews.is_waived:
            return plan
        return replace(
            plan, changes=tuple(change for change in plan.changes if self.approver(change.id) is not None)
        )

    def _guarded(self, plan: Plan) -> Plan:
        """Return the plan with the protection and the warnings of the guards that stood before."""
        definitions = {one.id: one for one in self.definitions}
        changes = [
            replace(one, is_protected=guards.is_protected(definitions[one.id]))
            if (guards := self._guards_of(one.id))
            else one
            for one in plan.changes
        ]
        guarded = replace(plan, changes=tuple(changes))
        reviewed = self._reviewed(guarded)
        limits = list(self._limits())
        found = [one for each in limits for one in warnings(reviewed, each)]
        others = (one for one in plan.diagnostics if one.code not in GUARDS and _concerns(one, reviewed))
        guarded = replace(guarded, diagnostics=(*others, *dict.fromkeys(found)))
        return self._held_to_policies(guarded, reviewed, limits)

    def _held_to_policies(self, plan: Plan, reviewed: Plan, limits: Sequence[Limits]) -> Plan:
        """Return the plan with what every policy that counts says of the reviewed changes."""
        rules = [rule for each in limits for rule in each.policies]
        changed = {change.id for change in reviewed.changes}
        base = {
            one.id: before
            for one in self.definitions
            if one.id in changed and (guards := self._guards_of(one.id)) and (before := guards.before(one))
        }
        subjects = subject.of_plan(reviewed, self.definitions, {}, base)
        return policy.judge(plan, rules, subjects, self._exception)

    def _exception(self, _: Policy, definition: Definition, people: Sequence[str]) -> tuple[bool, str]:
        """Tell whether one of these people approved what showed an exception; raises ApiError."""
        review = self.approver(definition.id)
        if review is None:
            return False, f"No pull request showed it, so nobody can have approved it. {_ASK_AGAIN}"
        approved = self._guards.approvers(review)
        by = [one for one in people if one.lower() in approved]
        if by:
            return True, f"Approved in pull request {review.number} by {', '.join(by)}"
        return False, (
            f"Pull request {review.number}, as it was merged, was not approved by "
            f"{finding.listed(people)}; its author does not count. {_ASK_AGAIN}"
        )

    def _guards_of(self, identity: str) -> Guards | None:
        """Return the guards that count for a change, None for one that nobody showed."""
        if self.reviews.is_waived:
            return self._guards.before_push()
        review = self.approver(identity)
        return None if review is None else self._guards.before(review)

    def _reach_budget(self, limits: Limits) -> int:
        """Return what it takes where it decides something by the limits that stood before, or by today's."""
        if super()._reach_budget(limits):
            return BUDGET
        before: list[Limits] = []
        with suppress(FileError):  # which comes again where there is something to write
            for review in self.reviews.found:
                before += self._guards.before(review).limits(limits) if review.approved else ()
        return BUDGET if any(one.needs_reach for one in before) else 0

    def _limits(self) -> Iterator[Limits]:
        """Yield all limits that have to be met."""
        now, max_changes = settings.limits(self.request.paths), self.request.max_changes
        approvers = {one.number: one for one in self._approvers.values()}.values()
        before = map(self._guards.before, approvers)
        for guards in [self._guards.before_push()] if self.reviews.is_waived else before:
            for limits in guards.limits(now):
                yield limits if max_changes is None else replace(limits, max_changes=max_changes, floor=0)

    def execute(
        self, plan: Plan, connection: Connection, stop: Stop, journal: Journal | None
    ) -> AsyncGenerator[AudienceResult, None]:
        """Write the reviewed changes and yield each outcome as it is settled; `stop` stops it."""
        return super().execute(self._reviewed(plan), connection, stop, journal)

    def result(self, error: ReconcilerError | None) -> ApplyResult:
        """Return an outcome for every change, with the pull request that showed it or that none did."""
        result = super().result(error or self.refusal)
        return replace(result, results=tuple(map(self._explained, result.results)))

    @property
    def _exceptions(self) -> Sequence[Finding]:
        found = self.plan.policies if self.plan else ()
        return [one for one in found if one.outcome == "overridden"]

    def _explained(self, one: AudienceResult) -> AudienceResult:
        review = self.approver(one.id)
        if any(one.id == change.id for change in self.refused):
            return replace(one, outcome="not_attempted", detail=_NOBODY, is_written=False)
        if review is None or not self.has_begun:
            return one
        exceptions = (_excepted(found) for found in self._exceptions if found.id == one.id)
        reviewed = "; ".join([f"reviewed in pull request {review.number}", *exceptions])
        return replace(one, detail=f"{one.detail}; {reviewed}" if one.detail else reviewed)


def _excepted(found: Finding) -> str:
    return f'an exception to the policy {found.policy} ("{found.reason}"). {found.detail}'


def _concerns(one: Diagnostic, plan: Plan) -> bool:
    """Return whether a diagnostic of a whole plan stands for this part of it too."""
    places = [(change.file, change.line) for change in plan.changes]
    return one.code not in REFUSALS or (one.file, one.line) in places


_ASK_AGAIN = "Open another pull request for its file, and have one of them approve it before the merge"
_NOBODY = "refused: nobody reviewed this change as it would be now"
