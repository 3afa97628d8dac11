"""All changes of a plan, phase by phase, with an outcome for every audience however the run ends."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from reconciler.apply.change_writer import ChangeWriter
from reconciler.apply.steps import Steps
from reconciler.errors import FileError
from reconciler.plan.model import PHASES

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from reconciler.api.client import WriteClient
    from reconciler.model import Json, Path, Rules
    from reconciler.plan import AudienceResult, Change, Plan

MAX_FAILURES = 5


class Recorder(Protocol):
    """Where intents and outcomes go; `write` raises FileError unless the record is durable."""

    def write(self, record: Mapping[str, Json]) -> None: ...


class Stop:
    """A wish to stop: asked once, what is in flight may settle; asked twice, nothing may."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.at_once = asyncio.Event()

    def request(self) -> None:
        """Ask to stop; safe in a signal handler of the event loop."""
        (self.at_once if self.requested.is_set() else self.requested).set()


class _Run:
    """What the workers of one apply share."""

    def __init__(
        self,
        plan: Plan,
        client: WriteClient,
        rules: Rules,
        *,
        stop: Stop,
        parallelism: int,
        journal: Recorder | None,
    ) -> None:
        self.steps = Steps(plan.changes)
        self.client = client
        self.writing = asyncio.Semaphore(parallelism)
        self.rules = rules
        self.stop = stop
        self.end_reason = ""
        self.slots_are_full = False
        self.lasting_unmet: set[Path] = set()
        self._journal = journal
        self._digest = plan.digest
        self._failures = 0

    @property
    def halt(self) -> str:
        """Why nothing new may be written; empty while it may."""
        reason = self.end_reason or self.client.stop_reason
        return "interrupted" if self.stop.requested.is_set() else reason

    def end(self, reason: str) -> None:
        """Let nothing new be written; the first reason stays."""
        self.end_reason = self.end_reason or reason

    def record(self, record: Mapping[str, Json]) -> bool:
        """Write to the journal; one that fails ends the run."""
        if self._journal is None:
            return True
        try:
            self._journal.write({"digest": self._digest, **record})
        except FileError as error:
            self.end(error.summary)
            return False
        return True

    def count(self, result: AudienceResult) -> None:
        """Count failures in a row: so many mean that something is wrong with all of them."""
        is_unreachable = result.outcome == "not_attempted" and not self.halt
        if result.outcome in {"applied", "unchanged"}:
            self._failures = 0
        elif result.outcome in {"failed", "unknown"} or is_unreachable:
            self._failures += 1
        if self._failures >= MAX_FAILURES:
            self.end(f"{MAX_FAILURES} failures in a row")


async def execute(
    plan: Plan,
    client: WriteClient,
    rules: Rules,
    *,
    stop: Stop,
    parallelism: int = 4,
    journal: Recorder | None = None,
) -> AsyncGenerator[AudienceResult, None]:
    """Bring a plan's changes about and yield each outcome as it is settled, exactly one for each audience.

    At most so many are written at once (`parallelism`), and half as many more may be on their way to be
    verified meanwhile: one alone is settled before the next one begins.
    """
    run = _Run(plan, client, rules, stop=stop, parallelism=parallelism, journal=journal)
    in_flight = parallelism + parallelism // 2
    for phase in PHASES:
        async with aclosing(_settle_phase([*run.steps.due(phase)], run, in_flight)) as results:
            async for result in results:
                settled = run.steps.settle(result)
                if settled is not None:
                    yield settled


async def _settle_phase(
    changes: Iterable[Change], run: _Run, in_flight: int
) -> AsyncGenerator[AudienceResult, None]:
    semaphore = asyncio.Semaphore(in_flight)
    writers = [ChangeWriter(change, run, run.steps.verified(change.id)) for change in changes]
    tasks = {asyncio.create_task(_settle(writer, run, semaphore)): writer for writer in writers}
    watch = asyncio.create_task(_cancel_when_stopped(tasks, run))
    try:
        for settled in asyncio.as_completed(tasks):
            yield await settled
    finally:
        everything = [*tasks, watch]
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)


async def _settle(writer: ChangeWriter, run: _Run, semaphore: asyncio.Semaphore) -> AudienceResult:
    try:
        async with semaphore:
            result = await writer.settle()
    except asyncio.CancelledError:
        result = writer.result_if_interrupted()
    except Exception as bug:  # noqa: BLE001 - whatever ends a run, every audience has an outcome
        result = writer.result_of_bug(bug)
        run.end(result.detail)
    run.count(result)
    run.steps.keep(result.id, writer.verified)
    if writer.has_intent:
        run.record({"event": "outcome", "id": result.id, "outcome": result.outcome, "detail": result.detail})
    return result


async def _cancel_when_stopped(tasks: Mapping[asyncio.Task[AudienceResult], ChangeWriter], run: _Run) -> None:
    """Once asked to stop: end at once what has nothing in flight, the rest when its time is up."""
    await run.stop.requested.wait()
    for task, writer in tasks.items():
        if not writer.is_in_flight:
            task.cancel()
    try:
        async with asyncio.timeout(run.client.timing.settling):
            await run.stop.at_once.wait()
    except TimeoutError:
        pass
    for task in tasks:
        task.cancel()
