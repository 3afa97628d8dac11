"""The engine that leaves the work to workers, and waits for it: whoever dies, it goes on where it was."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.app.fleet.durable import database, lease
from reconciler.app.fleet.durable.database import DatabaseError
from reconciler.app.fleet.durable.runs import Runs
from reconciler.app.fleet.engine import Job
from reconciler.app.fleet.local import Local
from reconciler.errors import REFUSALS, Diagnostic, StalePlan
from reconciler.plan.organization import OrganizationResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence

    from reconciler.app.fleet.durable.runs import Ticket
    from reconciler.apply import Stop
    from reconciler.plan.durable_run import DurableRun, StoredResult
    from reconciler.secret import Secret

    Process = Callable[[Job], Awaitable[OrganizationResult]]

_POLLING, _MAX_POLLING = 0.2, 2.0  # seconds between two looks, which double while nothing ends
_PATIENCE = 5.0  # seconds without a worker before somebody is told


class Durable:
    """Asks for a run of each apply, or attaches to it, and yields each result as it ends.

    What has no digest yet is planned first, and so is everything where the guards are those of a commit: the
    workers do not know it.
    """

    def __init__(
        self,
        process: Process,
        stop: Stop,
        concurrency: int,
        where: Secret,
        tell: Callable[[str], None],
        *,
        is_guarded: bool,
    ) -> None:
        self._planner = Local(process, stop, concurrency)
        self._stop = stop
        self._where = where
        self._tell = tell
        self._is_guarded = is_guarded

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[OrganizationResult, None]:
        """Yield one result for each job; raises DatabaseError where the database is lost meanwhile."""
        try:
            await asyncio.to_thread(database.migrate, self._where)
        except DatabaseError as error:
            for job in jobs:
                yield OrganizationResult(job.organization, "failed", diagnostics=error.diagnostics)
            return
        reviewed = {job.organization: job.digest for job in jobs if job.digest}
        wanted = {} if self._is_guarded else dict(reviewed)
        to_plan = [Job(job.organization, "plan") for job in jobs if job.organization not in wanted]
        async with aclosing(self._planner.run(to_plan)) as plans:
            async for plan in plans:
                refused = _objection(plan, reviewed.get(plan.organization))
                if refused is None:
                    wanted[plan.organization] = str(plan.digest)
                else:
                    yield refused
        with await asyncio.to_thread(Runs, self._where) as runs:
            tickets = await asyncio.to_thread(runs.submit, wanted.items())
            self._tell_of_repeats(tickets)
            async with aclosing(self._results(runs, {one.run.id: one for one in tickets})) as results:
                async for result in results:
                    yield result

    def _tell_of_repeats(self, tickets: Sequence[Ticket]) -> None:
        names = sorted(one.run.organization for one in tickets if one.run.is_over)
        if names:
            applied = f"applied before, and {'is' if len(names) == 1 else 'are'} not run again"
            self._tell(f"This very plan of {', '.join(names)} was {applied}.")

    async def _results(
        self, runs: Runs, tickets: Mapping[str, Ticket]
    ) -> AsyncGenerator[OrganizationResult, None]:
        left, watch = dict(tickets), _Watch(self._where, self._tell)
        pause = _POLLING
        while left and not self._stop.requested.is_set():
            over = await asyncio.to_thread(watch.over, runs, [*left])
            for run in over:
                yield _result(run, is_repeat=left.pop(run.id).run.is_over)
            pause = _POLLING if over else min(2 * pause, _MAX_POLLING)
            if left:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.requested.wait(), pause)
        for ticket in left.values():
            yield _left(ticket.run)


class _Watch:
    """Looks at what has ended, and tells once what keeps it from ending."""

    def __init__(self, where: Secret, tell: Callable[[str], None]) -> None:
        self._where = where
        self._tell = tell
        self._since = time.monotonic()
        self._is_told = self._is_lost = False

    def over(self, runs: Runs, ids: Sequence[str]) -> list[DurableRun]:
        try:
            found = [run for run in runs.find(ids) if run.is_over]
            self._is_lost = False
            if not found:
                self._look_for_workers()
        except DatabaseError:
            if not self._is_lost:
                self._tell("The database is out of reach. Trying again.")
            self._is_lost = True
            return []
        return found

    def _look_for_workers(self) -> None:
        if self._is_told or time.monotonic() - self._since < _PATIENCE:
            return
        self._is_told = True
        with database.connected(self._where) as engine:
            if not lease.alive(engine):
                self._tell("No worker is there to do it. Start `reconciler fleet worker`: it goes on then.")


def _objection(plan: OrganizationResult, reviewed: str | None) -> OrganizationResult | None:
    """Return the result where no run is asked for: nothing to do, no plan, or not the reviewed one."""
    if plan.outcome == "no_changes":
        return replace(plan, outcome="unchanged")
    if plan.outcome != "changes":
        return plan
    if reviewed in {None, plan.digest}:
        return None
    stale = StalePlan(
        f"the plan's digest is {plan.digest}, not the reviewed {reviewed}",
        "Nothing was sent. Plan again, review that, and apply it",
    )
    return replace(plan, outcome="refused", diagnostics=(*stale.diagnostics, *plan.diagnostics))


def _result(run: DurableRun, *, is_repeat: bool) -> OrganizationResult:
    """Return the result of a run that is over; what a repeat finds was not written by it."""
    result = run.result
    if result is None:
        return OrganizationResult(run.organization, "unknown", run.digest, diagnostics=(_given_up(run),))
    return OrganizationResult(
        run.organization,
        result.outcome,
        run.digest,
        counts=result.counts,
        is_written=result.is_written and not is_repeat,
        diagnostics=(*_reasons(run, result), *((_repeated(run),) if is_repeat else ())),
    )


def _reasons(run: DurableRun, result: StoredResult) -> Iterator[Diagnostic]:
    hint = f"The output of the worker {run.worker} has the names and words: the database keeps none"
    if result.wider:
        audiences = wording.count(result.wider, "audience")
        yield Diagnostic("error", "live-and-wider", f"live and wider than defined: {audiences}", hint)
    for code in result.reasons:
        known = REFUSALS.get(code)
        yield Diagnostic("error", code, (known.heading if known else code).lower(), hint)


def _repeated(run: DurableRun) -> Diagnostic:
    return Diagnostic(
        "warning",
        "already-applied",
        f"this very plan was applied before, at {run.ended}, and nothing was run again",
        "Where somebody has changed an audience back since, adopt that, or change the definition",
    )


def _given_up(run: DurableRun) -> Diagnostic:
    summary = f"no worker brought it to an end in {wording.count(run.starts, 'start')}"
    return Diagnostic("error", "given-up", summary, "Run `reconciler fleet plan`, and apply what is left")


def _left(run: DurableRun) -> OrganizationResult:
    found = Diagnostic(
        "warning", "left-to-workers", "the workers go on with it", "`reconciler fleet status` shows how far"
    )
    return OrganizationResult(run.organization, "interrupted", run.digest, diagnostics=(found,))
