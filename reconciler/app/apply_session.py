"""One apply, from definitions to outcomes, and what is known of it however far it came."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler import interrupts, schema
from reconciler.app import approval, planning, saved_files, settings, signals
from reconciler.errors import DefinitionError, Interrupted, SettingsError
from reconciler.journal import Journal
from reconciler.plan import ApplyResult, AudienceResult, Change, Limits, MaxChanges, Plan, refusal
from reconciler.plan.reach import BUDGET

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from contextlib import AbstractContextManager

    from reconciler.api.connection import Connection
    from reconciler.app.approval import Approval
    from reconciler.app.merge_base import MergeBase
    from reconciler.apply import Stop
    from reconciler.definitions import Definitions
    from reconciler.errors import ReconcilerError, Refused
    from reconciler.model import Definition


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What one apply was asked to do; `is_approved` says that nobody needs to be asked."""

    paths: Sequence[str]
    is_sandbox: bool = False
    targets: Sequence[str] = ()
    is_approved: bool = False
    plan_file: str | None = None
    digest: str | None = None
    parallelism: int = 4
    max_changes: MaxChanges | None = None
    out: str | None = None
    journal: str | None = None
    base: str | None = None


class ApplySession:
    """One apply, in these steps: `make_plan`, `require_allowed`, `open_journal`, `write`.

    `has_begun` from the moment that a PATCH may be sent. `refusal` is why a part of it is left out.
    """

    refusal: Refused | None = None
    _loaded: Definitions
    _merge_base: MergeBase | None = None

    def __init__(self, request: ApplyRequest) -> None:
        self.request = request
        self.plan: Plan | None = None
        self.definitions: Sequence[Definition] = ()
        self.has_begun = False
        self._outcomes: dict[str, AudienceResult] = {}
        self._is_interrupted = False

    @cached_property
    def approval(self) -> Approval:
        """What was approved beforehand; raises SettingsError, FileError or StalePlan."""
        request = self.request
        return approval.read(request.plan_file, request.digest, is_automatic=request.is_approved)

    @cached_property
    def _connection(self) -> Connection:
        return settings.connection(is_sandbox=self.request.is_sandbox)

    def make_plan(self) -> Plan:
        """Plan afresh; raises DefinitionError, SettingsError, FileError or ApiError."""
        connection, limits = self._connection, self.load()
        return interrupts.run(self.read(connection, limits))

    def load(self) -> Limits:
        """Load the definitions and what stood before them, and return the limits that they have now.

        Raises DefinitionError, SettingsError or FileError.
        """
        request = self.request
        self._loaded, limits = planning.load(request.paths), self._waived(settings.limits(request.paths))
        self.definitions = self._loaded.definitions
        if request.base is not None:
            from reconciler.app.merge_base import read_merge_base

            before = read_merge_base(request.base, request.paths)
            self._merge_base = replace(before, limits=self._waived(before.limits or limits))
        return limits

    async def read(self, connection: Connection, limits: Limits) -> Plan:
        """Plan what was loaded; raises ApiError."""
        before, targets = self._merge_base, self.request.targets
        budget = self._reach_budget(limits if before is None else before.limits or limits)
        self.plan = await planning.plan(
            self._loaded, connection, limits, targets, before, reach_budget=budget
        )
        return self.plan

    def _waived(self, limits: Limits) -> Limits:
        """Return the limits with the number of changes that was allowed this once, if one was."""
        allowed = self.request.max_changes
        return limits if allowed is None else replace(limits, max_changes=allowed, floor=0)

    def _reach_budget(self, limits: Limits) -> int:
        """Return how many requests to spend on who is reached: none unless somebody or a limit decides."""
        return BUDGET if limits.needs_reach or not self.approval.is_given else 0

    def require_allowed(self, plan: Plan) -> None:
        """Raise what keeps a plan from being applied, whoever says yes to it: DefinitionError or Refused."""
        if plan.errored:
            raise DefinitionError([diagnostic for diagnostic in plan.diagnostics if diagnostic.is_error])
        self.approval.require_covers(plan)
        refused = refusal(plan)
        if refused is not None:
            raise refused

    def open_journal(self) -> AbstractContextManager[Journal | None]:
        """Open the journal that was asked for, before anybody is asked to say yes; raises FileError."""
        return nullcontext() if self.request.journal is None else Journal(self.request.journal)

    async def write(self, plan: Plan, journal: Journal | None) -> AsyncGenerator[AudienceResult, None]:
        """Write the plan's changes and yield each outcome as it is settled; signals stop it."""
        from reconciler.apply import Stop

        stop, loop = Stop(), asyncio.get_running_loop()
        signals.install_handlers(stop, loop)
        self.has_begun = True
        with interrupts.Alarm(loop):
            async with aclosing(self.execute(plan, self._connection, stop, journal)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    async def execute(
        self, plan: Plan, connection: Connection, stop: Stop, journal: Journal | None
    ) -> AsyncGenerator[AudienceResult, None]:
        """Write the plan's changes and yield each outcome as it is settled; `stop` stops it."""
        from reconciler.api.client import WriteClient
        from reconciler.apply import execute

        self.has_begun = True
        rules, parallelism = schema.rules(self._loaded.catalogue), self.request.parallelism
        async with (
            WriteClient(connection) as client,
            aclosing(
                execute(plan, client, rules, stop=stop, parallelism=parallelism, journal=journal)
            ) as outcomes,
        ):
            async for outcome in outcomes:
                self._outcomes[outcome.id] = outcome
                yield outcome
        self._is_interrupted = stop.requested.is_set()

    def result(self, error: ReconcilerError | None) -> ApplyResult:
        """Return an outcome for every change, whatever `error` the session ended with."""
        changes = self.plan.audience_changes if self.plan else ()
        return ApplyResult(
            digest=self.plan.digest if self.plan else None,
            results=tuple(map(self._outcome, changes)),
            diagnostics=error.diagnostics if error else (),
            interrupted=self._is_interrupted or isinstance(error, Interrupted),
        )

    def _outcome(self, change: Change) -> AudienceResult:
        """Return how a change ended, with all that the way back needs."""
        found = self._outcomes.get(change.id) or self._unsettled(change)
        return replace(found, before=change.before, patch=change.patch)

    def _unsettled(self, change: Change) -> AudienceResult:
        """Return the outcome of a change that nobody reported on."""
        if self.has_begun:
            detail = "the apply broke off before this was settled"
            return AudienceResult(change.id, change.name, "unknown", detail, is_written=True)
        return AudienceResult(change.id, change.name, "not_attempted", "the apply did not begin")


def require_writable(request: ApplyRequest) -> None:
    """Raise SettingsError or FileError where the result could not be saved, before anything is sent."""
    if request.out is None:
        return
    if request.journal is not None and os.path.realpath(request.out) == os.path.realpath(request.journal):
        raise SettingsError("--out and --journal name the same file", "Name two")
    saved_files.require_writable(request.out)
