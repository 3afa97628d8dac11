"""One apply, from definitions to outcomes, and what is known of it however far it came."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.app import approval, planning, saved_files, settings
from reconciler.cli import exit_codes, output
from reconciler.cli.boundary import Ending, interrupted
from reconciler.cli.progress import Progress
from reconciler.errors import DefinitionError, Interrupted, ReconcilerError, SettingsError
from reconciler.journal import Journal
from reconciler.plan import ApplyResult, AudienceResult, Change, Limits, MaxChanges, Plan, refusal
from reconciler.render import json_output, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from reconciler.api.connection import Connection
    from reconciler.app.approval import Approval
    from reconciler.apply import Stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Request:
    """What one apply was asked to do."""

    paths: Sequence[str]
    is_sandbox: bool
    targets: Sequence[str]
    is_json: bool
    out: str | None
    is_approved: bool
    plan_file: str | None
    digest: str | None
    parallelism: int
    max_changes: MaxChanges | None
    journal: str | None


class Applying:
    """One apply; `plan` once it is made, `has_begun` from the moment that a PATCH may be sent."""

    def __init__(self, request: Request) -> None:
        self.has_begun = False
        self._request = request
        self.plan: Plan | None = None
        self._outcomes: dict[str, AudienceResult] = {}
        self._is_interrupted = False

    def run(self) -> None:
        """Plan, have it approved, and write; raises what kept it from the end."""
        request = self._request
        _require_writable_files(request)
        approved = approval.read(request.plan_file, request.digest, is_automatic=request.is_approved)
        connection = settings.connection(is_sandbox=request.is_sandbox)
        self.plan = _plan(request, connection)
        self._proceed(self.plan, approved, connection)

    def _proceed(self, plan: Plan, approved: Approval, connection: Connection) -> None:
        stream = sys.stderr if self._request.is_json else sys.stdout
        output.write(text.plan(plan, output.ink(stream)), stream)
        _hold(plan, approved)
        if not plan.changes:
            return
        file = self._request.journal
        with nullcontext() if file is None else Journal(file) as journal:
            approved.ask(plan)
            asyncio.run(self._write(plan, connection, journal))

    async def _write(self, plan: Plan, connection: Connection, journal: Journal | None) -> None:
        from reconciler.api.client import WriteClient
        from reconciler.apply import Stop, execute

        stop = Stop()
        _install_signal_handlers(stop, asyncio.get_running_loop())
        self.has_begun = True
        async with WriteClient(connection) as writer:
            rules, parallelism = schema.rules(), self._request.parallelism
            settled = execute(plan, writer, rules, stop=stop, parallelism=parallelism, journal=journal)
            with Progress(len(plan.changes)) as progress:
                async for outcome in settled:
                    self._outcomes[outcome.id] = outcome
                    progress.add(outcome)
        self._is_interrupted = stop.requested.is_set()

    def result(self, error: ReconcilerError | None) -> ApplyResult:
        """Return an outcome for every change, whatever `error` it ended with."""
        changes = self.plan.changes if self.plan else ()
        return ApplyResult(
            digest=self.plan.digest if self.plan else None,
            results=tuple(self._outcomes.get(change.id) or self._missed(change) for change in changes),
            diagnostics=error.diagnostics if error else (),
            interrupted=self._is_interrupted or isinstance(error, Interrupted),
        )

    def _missed(self, change: Change) -> AudienceResult:
        """Return the outcome of a change that nobody reported on."""
        if self.has_begun:
            detail = "the apply broke off before this was settled"
            return AudienceResult(change.id, change.name, "unknown", detail, is_written=True)
        return AudienceResult(change.id, change.name, "not_attempted", "the apply did not begin")


def ending(applying: Applying, request: Request, error: ReconcilerError | None) -> Ending:
    """Report what became of every audience, wherever that was asked for."""
    if isinstance(error, Interrupted):
        error = interrupted(is_written=applying.has_begun)
    result = applying.result(error)
    if error is None or applying.has_begun:
        code, publish = exit_codes.of_result(result), lambda: text.result(result, output.ink(sys.stdout))
    else:
        code, publish = exit_codes.of_error(error), str

    def save() -> None:
        if request.out is not None:
            saved_files.save(json_output.result(result), request.out)

    return Ending(
        code,
        (lambda: json_output.result(result)) if request.is_json else publish,
        result.diagnostics,
        save,
        is_written=result.is_written,
    )


def _plan(request: Request, connection: Connection) -> Plan:
    defined, limits = planning.load(request.paths), settings.limits(request.paths)
    if request.max_changes is not None:
        limits = Limits(request.max_changes, 0, limits.active_slots)
    return asyncio.run(planning.plan(defined, connection, limits, request.targets))


def _hold(plan: Plan, approved: Approval) -> None:
    """Raise what keeps a plan from being applied, whoever says yes to it."""
    if plan.errored:
        raise DefinitionError([diagnostic for diagnostic in plan.diagnostics if diagnostic.is_error])
    approved.hold(plan)
    refused = refusal(plan)
    if refused is not None:
        raise refused


def _require_writable_files(request: Request) -> None:
    """Find out before anything is sent that the result could not be saved."""
    if request.out is None:
        return
    if request.journal is not None and os.path.realpath(request.out) == os.path.realpath(request.journal):
        raise SettingsError("--out and --journal name the same file", "Name two")
    saved_files.require_writable(request.out)


def _install_signal_handlers(stop: Stop, loop: asyncio.AbstractEventLoop) -> None:
    """Stop gently on the first signal, at once on the second; the report is not for the first to take."""

    def heard(_: int, __: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.request)
        elif stop.requested.is_set():
            raise KeyboardInterrupt
        else:
            stop.requested.set()

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays what it is
            signal.signal(number, heard)
