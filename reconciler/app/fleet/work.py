"""The work on one organization, whatever engine runs it: a job becomes a small result."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from reconciler.app import bugs, commits, planning, settings
from reconciler.app.apply_session import ApplyRequest, ApplySession, require_writable
from reconciler.app.fleet import approving, organizations, reporting
from reconciler.app.fleet.documents import JOURNAL, RESULT
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.plan import exceptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from typing import Any

    from reconciler.api.connection import Connection
    from reconciler.app.fleet.documents import Documents
    from reconciler.app.fleet.engine import Job
    from reconciler.app.fleet.keys import Keys
    from reconciler.app.fleet.organizations import Organization
    from reconciler.app.merge_base import MergeBase
    from reconciler.apply import Stop
    from reconciler.plan import MaxChanges
    from reconciler.plan.organization import Action, OrganizationResult

T = TypeVar("T")
Sessions: TypeAlias = "Callable[[Job, ApplyRequest], ApplySession]"


@dataclass(frozen=True, slots=True)
class FleetRequest:
    """What was asked for all organizations alike.

    `base` is a commit: a plan says what of a difference is git's since then and what is drift, and the guards
    of a plan or an apply are those that stood then. In the sandbox each organization has a state of its own.
    Of a proposal, exceptions to policies count as they are asked for: the apply looks for their approval.
    """

    is_approved: bool = False
    parallelism: int = 4
    max_changes: MaxChanges | None = None
    reach_budget: int = 0
    base: str | None = None
    is_sandbox: bool = False
    is_proposal: bool = False


class Worker:
    """Does jobs, each by its organization's own key, client and limits, until it is asked to stop.

    `sessions` make an apply that has approvals of its own; without, a job's digests are what was approved.
    """

    def __init__(
        self,
        request: FleetRequest,
        keys: Keys,
        documents: Documents,
        stop: Stop,
        sessions: Sessions | None = None,
    ) -> None:
        self._session = sessions or DigestSession
        self._request = request
        self._keys = keys
        self._documents = documents
        self._stop = stop

    async def process(self, job: Job) -> OrganizationResult:
        """Do one job; whatever goes wrong is in the result."""
        organization = organizations.named(job.organization)
        try:
            organization.require_usable()
            return await self._actions[job.action](organization, job)
        except ReconcilerError as error:
            return reporting.of_error(job.organization, error)
        except Exception as bug:  # noqa: BLE001 - one organization's bug must not end the others
            return reporting.of_error(job.organization, bugs.described(bug))

    @cached_property
    def _actions(self) -> Mapping[Action, Callable[[Organization, Job], Awaitable[OrganizationResult]]]:
        return {"validate": self._validate, "plan": self._plan, "drift": self._plan, "apply": self._apply}

    async def _validate(self, organization: Organization, _: Job) -> OrganizationResult:
        from reconciler.app import catalogue, policies

        paths = organization.paths
        checked = policies.check(paths, catalogue.read(paths))
        await asyncio.sleep(0)  # the others, and a wish to stop, get their turn
        return reporting.of_validation(organization.name, checked)

    async def _plan(self, organization: Organization, job: Job) -> OrganizationResult:
        paths, request = organization.paths, self._request
        defined, limits = planning.load(paths), settings.limits(paths)
        base = None if job.action == "drift" else self._merge_base(organization)
        connection = await self._connection(organization)
        self._documents.prepare(organization.name)
        is_asked = request.is_proposal or job.action == "drift"
        made = await self._unless_stopped(
            planning.plan(
                defined,
                connection,
                limits,
                merge_base=base,
                reach_budget=request.reach_budget,
                tell=exceptions.asked_for if is_asked else None,
            )
        )
        if job.action == "plan" and made.changes:
            made = await asyncio.to_thread(commits.add, made)
        self._documents.keep_plan(organization.name, made)
        return reporting.of_plan(organization.name, made, is_drift=job.action == "drift")

    async def _apply(self, organization: Organization, job: Job) -> OrganizationResult:
        name, request, documents = organization.name, self._request, self._documents
        session = self._session(
            job,
            ApplyRequest(
                paths=organization.paths,
                is_approved=request.is_approved,
                parallelism=request.parallelism,
                max_changes=request.max_changes,
                out=documents.file(name, RESULT),
                journal=documents.file(name, JOURNAL),
                base=request.base,
            ),
        )
        error: ReconcilerError | None = None
        try:
            await self._write(organization, session)
        except ReconcilerError as known:
            error = known
        except Exception as bug:  # noqa: BLE001 - what was written by then must be reported
            error = bugs.described(bug)
        result = session.result(error)
        try:
            documents.keep_result(name, result)
        except ReconcilerError as unsaved:
            result = replace(result, diagnostics=(*result.diagnostics, *unsaved.diagnostics))
        return reporting.of_apply(name, result, error or session.refusal, session)

    async def _write(self, organization: Organization, session: ApplySession) -> None:
        """Plan and write; raises what kept it from its end."""
        self._documents.prepare(organization.name)
        require_writable(session.request)
        limits = session.load()
        connection = await self._connection(organization)
        plan = await self._unless_stopped(session.read(connection, limits))
        session.require_allowed(plan)
        if not plan.changes:
            return
        with session.open_journal() as journal:
            async with aclosing(session.execute(plan, connection, self._stop, journal)) as outcomes:
                async for _ in outcomes:
                    pass

    async def _connection(self, organization: Organization) -> Connection:
        if self._request.is_sandbox:
            state = settings.SANDBOX.with_name(f"sandbox-{organization.name}.sqlite3")
            return settings.connection(is_sandbox=True, state=state)
        key = await self._unless_stopped(self._keys.of(organization))
        return settings.connection(is_sandbox=False, key=key)

    def _merge_base(self, organization: Organization) -> MergeBase | None:
        if self._request.base is None:
            return None
        from reconciler.app.merge_base import read_commit

        return read_commit(self._request.base, organization.paths)

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what work that writes nothing returns; raises Interrupted once it is asked to stop."""
        task, stopped = asyncio.create_task(work), asyncio.create_task(self._stop.requested.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Interrupted("interrupted", "Nothing was written")
            return task.result()
        finally:
            for one in (task, stopped):
                one.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)


class DigestSession(ApplySession):
    """An apply of what a job's digests say was reviewed."""

    def __init__(self, job: Job, request: ApplyRequest) -> None:
        super().__init__(request)
        self._job = job

    @cached_property
    def approval(self) -> approving.JobApproval:
        return approving.JobApproval(self.request.is_approved, self._job.digest, None, self._job.changes)
