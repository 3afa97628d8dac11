"""One command over the selected organizations: their jobs, an engine for them, and what became of each."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from reconciler import interrupts
from reconciler.app import signals
from reconciler.app.fleet import engines, reporting
from reconciler.app.fleet.documents import Documents
from reconciler.app.fleet.engine import Job
from reconciler.app.fleet.keys import Keys
from reconciler.app.fleet.work import Worker
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.plan.organization import FleetReport, OrganizationResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from reconciler.app.fleet.engines import DatabaseUse
    from reconciler.app.fleet.selection import Selection
    from reconciler.app.fleet.work import FleetRequest, Sessions
    from reconciler.plan.organization import Action


Reviewed: TypeAlias = "Callable[[str], Job] | None"


@dataclass(frozen=True, slots=True)
class How:
    """What carries out a run: how many organizations at once, where documents are kept, and a database's
    workers where one is given.
    """

    concurrency: int = 16
    out: str | None = None
    database: DatabaseUse | None = None


class FleetRun:
    """A run over a selection; `reviewed` gives the apply of an organization as it was approved, or raises."""

    def __init__(
        self,
        action: Action,
        selection: Selection,
        request: FleetRequest,
        how: How,
        *,
        reviewed: Reviewed = None,
        sessions: Sessions | None = None,
    ) -> None:
        self._sessions = sessions
        self.action = action
        self.selection = selection
        self._request = request
        self._how = how
        self._reviewed = reviewed
        self._results: dict[str, OrganizationResult] = {}

    @property
    def is_written(self) -> bool:
        return any(one.is_written for one in self._results.values())

    async def work(self) -> AsyncGenerator[OrganizationResult, None]:
        """Do it all, and yield each organization's result as it ends; signals stop it."""
        from reconciler.apply import Stop

        stop, loop = Stop(), asyncio.get_running_loop()
        signals.install_handlers(stop, loop)
        out = None if self._how.out is None else Path(self._how.out)
        worker = Worker(self._request, Keys(only=self.selection.only), Documents(out), stop, self._sessions)
        is_guarded = self._request.base is not None
        engine = engines.make(
            worker.process, stop, self._how.concurrency, self._how.database, is_guarded=is_guarded
        )
        with interrupts.Alarm(loop):
            jobs = []
            for job in self._jobs():
                if isinstance(job, Job):
                    jobs.append(job)
                else:
                    yield self._noted(job)
            async with aclosing(engine.run(jobs)) as results:
                async for result in results:
                    yield self._noted(result)

    def _noted(self, result: OrganizationResult) -> OrganizationResult:
        self._results[result.organization] = result
        return result

    def _jobs(self) -> Iterator[Job | OrganizationResult]:
        """Yield a job for each organization, or why there can be none."""
        for organization in self.selection.organizations:
            try:
                organization.require_usable()
                yield self._job(organization.name)
            except ReconcilerError as error:
                yield reporting.of_error(organization.name, error)

    def _job(self, organization: str) -> Job:
        return Job(organization, self.action) if self._reviewed is None else self._reviewed(organization)

    def report(self, error: ReconcilerError | None) -> FleetReport:
        """Return what became of every organization, whatever `error` the run ended with."""
        results = (
            self._results.get(one.name) or self._unsettled(one.name, error)
            for one in self.selection.organizations
        )
        found = () if error is None or isinstance(error, Interrupted) else error.diagnostics
        return FleetReport(self.action, tuple(results), self.selection.gone, found)

    def _unsettled(self, name: str, error: ReconcilerError | None) -> OrganizationResult:
        """Return the result of an organization that nobody reported on."""
        if isinstance(error, Interrupted):
            return OrganizationResult(name, "not_attempted")
        return OrganizationResult(name, "unknown" if self.action == "apply" else "failed")
