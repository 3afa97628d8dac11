"""The routes of what an audience's config found: its runs, and people that are made up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from reconciler.sandbox import catalogue, contract, people, reach, responses, runs
from reconciler.sandbox import query as queries
from reconciler.sandbox.body import read_json, require_none
from reconciler.sandbox.record import seed

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.organization import Organization
    from reconciler.sandbox.record import Config, Record
    from reconciler.sandbox.runs import Run

RUN_STATUSES = {"completed": "ready", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class ResultRoutes:
    """Each method responds to one route; all but the runs are of the first generation alone."""

    organization: Organization

    async def list_runs(self, request: Request) -> Response:
        limit = queries.limit(request, default=25, maximum=100)
        found = islice(runs.latest_first(await self._record(request)), limit)
        generation = self.organization.options.generation
        return responses.success([run.shown(generation) for run in found], generation)

    async def status(self, request: Request) -> Response:
        run = await self._run(request)
        data = {
            "status": "none" if run is None else RUN_STATUSES[run.status],
            "totalCount": 0 if run is None else run.people,
            "dataDate": None if run is None else str(run.day),
            "runId": None if run is None else run.id,
        }
        return responses.success(data, 1)

    async def stats(self, request: Request) -> Response:
        run = await self._completed(request)
        filled = {each.key: each.other // 10 for each in catalogue.FIRST.values() if each.kind == "boolean"}
        return responses.success({"total": run.people, "dataDate": str(run.day), "fields": filled}, 1)

    async def export(self, request: Request) -> Response:
        run = await self._completed(request)
        name = f"{run.audience.id}_{run.day}.csv"
        data = {
            # It leads nowhere: nobody is in the file.
            "downloadUrl": f"https://downloads.example/{name}",
            "fileName": name,
            "rows": run.people,
            "dataDate": str(run.day),
            "expiresIn": "24h",
            "cached": False,
        }
        return responses.success(data, 1)

    async def results(self, request: Request) -> Response:
        limit = queries.limit(request, default=50, maximum=100)
        start = queries.position(request.query_params.get("cursor"))
        run = await self._run(request)
        if run is None:
            meta = {"status": "materializing", "dataDate": None}
            return responses.success([], 1, status=202, meta=meta)
        found, meta = _page(run.audience.config, run.people, start, limit)
        return responses.success(found, 1, meta={**meta, "dataDate": str(run.day)})

    async def query(self, request: Request) -> Response:
        body = await read_json(request)
        problems = contract.lookup_problems(body, self.organization.options)
        require_none(problem.text for problem in problems)
        asked = cast("dict[str, Any]", body)
        config = await self._config(asked)
        start = queries.position(asked.get("cursor"))
        found, meta = _page(config, reach.people(config, 1), start, asked.get("limit", 50))
        key = f"query_{reach.config_hash(config)[:16]}"
        day = asked.get("date", seed()["dataDate"])
        return responses.success(found, 1, meta={**meta, "cacheKey": key, "dataDate": day})

    async def _config(self, asked: dict[str, Any]) -> Config:
        if "audienceId" not in asked:
            return {key: value for key, value in asked.items() if key in contract.QUERY[1]}
        return (await run_in_threadpool(self.organization.get, asked["audienceId"].lower())).config

    async def _completed(self, request: Request) -> Run:
        run = await self._run(request)
        if run is None or run.status != "completed":
            raise HTTPException(404, "This audience has no completed run of that day.")
        return run

    async def _run(self, request: Request) -> Run | None:
        day = queries.day(request)
        return runs.on(await self._record(request), day)

    async def _record(self, request: Request) -> Record:
        return await run_in_threadpool(self.organization.get, queries.audience_id(request))


def _page(config: Config, total: int, start: int, limit: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a page of so many people, and what its `meta` says of the rest."""
    end = min(total, start + limit)
    scores = reach.run_with(config, 1)
    more = end < total
    found = [people.whole(number, config, scores) for number in range(start, end)]
    cursor = queries.cursor_for(end) if more else None
    meta = {
        "count": len(found),
        "totalCount": total,
        "nextCursor": cursor,
        "hasMore": more,
        "status": "ready",
    }
    return found, meta
