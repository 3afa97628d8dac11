"""The engine that needs nothing: one process, one event loop, so many organizations at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reconciler.plan.organization import OrganizationResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence

    from reconciler.app.fleet.engine import Job
    from reconciler.apply import Stop


class Local:
    """Works on at most `concurrency` organizations at once; each has its own client, so its own pauses."""

    def __init__(
        self, process: Callable[[Job], Awaitable[OrganizationResult]], stop: Stop, concurrency: int
    ) -> None:
        self._process = process
        self._stop = stop
        self._concurrency = concurrency

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[OrganizationResult, None]:
        """Yield each result as its job ends."""
        ended: asyncio.Queue[OrganizationResult] = asyncio.Queue()
        left = iter(jobs)
        workers = [asyncio.create_task(self._work(left, ended)) for _ in range(self._concurrency)]
        try:
            for _ in jobs:
                yield await ended.get()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, left: Iterator[Job], ended: asyncio.Queue[OrganizationResult]) -> None:
        for job in left:
            if self._stop.requested.is_set():
                ended.put_nowait(OrganizationResult(job.organization, "not_attempted"))
            else:
                ended.put_nowait(await self._process(job))
