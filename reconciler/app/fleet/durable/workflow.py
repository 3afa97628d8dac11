"""The workflow of one apply: what its digest stands for, then read, compare, write and verify what is left.

A step may run twice, where a process dies in it. So none of it is a bare PATCH: the second one plans afresh
each time, and writes what still differs and was reviewed, so that what it did before is nothing to do.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from dbos import DBOS

from reconciler.app.fleet.durable.results import ReviewedChanges
from reconciler.app.fleet.durable.runs import WORKFLOW
from reconciler.plan.durable_run import StoredResult, result_to_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reconciler.app.fleet.durable.applying import Applier
    from reconciler.app.fleet.durable.gate import Gate
    from reconciler.app.fleet.durable.runs import Runs
    from reconciler.apply import Stop

T = TypeVar("T")

MAX_STARTS = 50  # of one run that takes its workers with it, or that so many restarts have stopped


def register(applier: Applier, gate: Gate, runs: Runs) -> None:
    """Let DBOS know the workflow; what it takes and returns is all that is stored of it."""

    @DBOS.step(name="review")
    async def review(organization: str, digest: str, run_id: str) -> dict[str, Any]:
        left = await asyncio.to_thread(runs.left_before, run_id)
        if left:
            return ReviewedChanges(left).to_document()
        found = await _uninterrupted(gate, partial(applier.review, organization, digest))
        return found.to_document()

    @DBOS.step(name="write")
    async def write(organization: str, digest: str, changes: list[str], audiences: int) -> dict[str, Any]:
        reviewed = ReviewedChanges(tuple(changes), audiences)
        return result_to_document(
            await _uninterrupted(gate, partial(applier.write, organization, digest, reviewed))
        )

    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MAX_STARTS)
    async def run(organization: str, digest: str) -> dict[str, Any]:
        try:
            found = await review(organization, digest, str(DBOS.workflow_id))
            result: dict[str, Any] | None = found["result"]
            return result or await write(organization, digest, found["changes"], found["audiences"])
        except Exception as bug:  # noqa: BLE001 - its words may name an audience, and would be stored
            return result_to_document(StoredResult("unknown", reasons=(type(bug).__name__,)))


async def _uninterrupted(gate: Gate, attempt: Callable[[Stop], Awaitable[T]]) -> T:
    """Return what an attempt returns that the gate did not stop; another begins when it is open again."""
    while True:
        await gate.wait()
        with gate.stopping() as stop:
            made = await attempt(stop)
            if not stop.requested.is_set():
                return made
