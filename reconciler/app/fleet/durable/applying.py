"""The apply of one organization as the two steps of a workflow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.app.fleet.durable.results import ReviewedChanges, stored
from reconciler.app.fleet.engine import Job
from reconciler.errors import StalePlan
from reconciler.plan.durable_run import StoredResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reconciler.apply import Stop
    from reconciler.plan.organization import OrganizationResult

    Process = Callable[[Job, Stop], Awaitable[OrganizationResult]]

_STALE = StoredResult("refused", reasons=(StalePlan.code,))


class Applier:
    """Reviews and writes by what does a job for every engine; each may be asked for twice."""

    def __init__(self, process: Process, tell: Callable[[OrganizationResult], None]) -> None:
        self._process = process
        self._tell = tell

    async def review(self, organization: str, digest: str, stop: Stop) -> ReviewedChanges:
        """Plan, and return the changes that a digest stands for; writes nothing."""
        plan = await self._process(Job(organization, "plan"), stop)
        if plan.digest is None or plan.outcome == "failed":
            return self._without(plan, stored(plan))
        if not plan.changes:
            return self._without(plan, StoredResult("unchanged"))
        if plan.digest != digest:
            return self._without(replace(plan, outcome="refused"), _STALE)
        return ReviewedChanges(plan.changes, plan.counts["update"])

    def _without(self, plan: OrganizationResult, result: StoredResult) -> ReviewedChanges:
        self._tell(replace(plan, outcome=result.outcome))
        return ReviewedChanges(result=result)

    async def write(
        self, organization: str, digest: str, reviewed: ReviewedChanges, stop: Stop
    ) -> StoredResult:
        """Plan afresh, and write what is left of the reviewed changes."""
        job = Job(organization, "apply", digest, reviewed.changes)
        result = await self._process(job, stop)
        self._tell(result)
        ended = reviewed.completed(stored(result))
        if ended.is_done or stop.requested.is_set():
            return ended
        return replace(ended, left=await self._left(ended, job, stop))

    async def _left(self, ended: StoredResult, job: Job, stop: Stop) -> tuple[str, ...]:
        """Return the reviewed changes that may still be written: an approval counts once for each.

        Where something was written and the organization cannot be read, none may.
        """
        changes = job.changes or ()
        if not ended.is_written:
            return changes
        plan = await self._process(Job(job.organization, "plan"), stop)
        return tuple(one for one in changes if one in plan.changes)
