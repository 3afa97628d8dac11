"""The routes of the saved audiences, which all need the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from starlette.concurrency import run_in_threadpool

from reconciler.sandbox import account, catalogue, contract, normal, query, reach, responses
from reconciler.sandbox.body import read_json, require_none
from reconciler.sandbox.options import MAX_LIST_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.contract import Problem
    from reconciler.sandbox.options import Options
    from reconciler.sandbox.organization import Organization
    from reconciler.sandbox.record import Generation, Record

    Checker = Callable[[object, Options], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class AudienceRoutes:
    """Each method responds to one route."""

    organization: Organization

    @property
    def generation(self) -> Generation:
        return self.options.generation

    @property
    def options(self) -> Options:
        return self.organization.options

    async def list_audiences(self, request: Request) -> Response:
        if self.generation == 1:
            records = await run_in_threadpool(self.organization.all)
            return self._success([responses.listed(record, 1) for record in records])
        status = query.choice(request, "status", contract.STATUSES)
        limit = query.limit(request, default=self.options.list_limit, maximum=MAX_LIST_LIMIT)
        rest = self._after(request, await run_in_threadpool(self.organization.all), status)
        meta = _next_page(rest, limit) if self.options.paging == "cursor" else None
        return self._success([responses.listed(record, 2) for record in rest[:limit]], meta=meta)

    def _after(self, request: Request, records: list[Record], status: str | None) -> list[Record]:
        """Return the records from the page's first one on, in the way in which this list pages."""
        wanted = [record for record in records if status in {None, record.status}]
        if self.options.paging == "offset":
            return wanted[query.offset(request) :]
        after = query.position(request.query_params.get("cursor")) if self.options.paging == "cursor" else 0
        return [record for record in wanted if record.position > after]

    async def get_audience(self, request: Request) -> Response:
        record = await run_in_threadpool(self.organization.get, query.audience_id(request))
        return self._success(responses.whole(record, self.generation))

    async def create_audience(self, request: Request) -> Response:
        body = await self._body(request, contract.new_problems)
        record = await run_in_threadpool(self.organization.create, body)
        return self._success(responses.created(record), status=201)

    async def update_audience(self, request: Request) -> Response:
        audience_id = query.audience_id(request)
        body = await self._body(request, contract.change_problems)
        record = await run_in_threadpool(self.organization.update, audience_id, body)
        return self._success(responses.updated(record))

    async def delete_audience(self, request: Request) -> Response:
        audience_id = query.audience_id(request)
        await run_in_threadpool(self.organization.delete, audience_id)
        return self._success({"id": audience_id, "deleted": True})

    async def preview(self, request: Request) -> Response:
        config = await self._body(request, contract.preview_problems)
        return self._success(reach.preview(normal.stored(config, self.options), self.generation))

    async def validate(self, request: Request) -> Response:
        body = await read_json(request)
        found = list(contract.config_problems(body, self.options))
        # Not documented: which bodies are a 400 and which are a config that is not valid.
        require_none(problem.text for problem in found if problem.is_malformed)
        config = cast("dict[str, Any]", body)
        return self._success(normal.verdict(config, [problem.text for problem in found], self.options))

    async def list_filters(self, _request: Request) -> Response:
        data = catalogue.lists() if self.generation == 1 else catalogue.groups()
        return self._success(data, is_cached=True)

    async def get_account(self, _request: Request) -> Response:
        active = await run_in_threadpool(self.organization.count_active)
        return self._success(account.account(active, self.options.slots, self.generation))

    async def _body(self, request: Request, problems: Checker) -> dict[str, Any]:
        body = await read_json(request)
        require_none(problem.text for problem in problems(body, self.options))
        return cast("dict[str, Any]", body)

    def _success(
        self,
        data: object,
        *,
        status: int = 200,
        meta: dict[str, Any] | None = None,
        is_cached: bool = False,
    ) -> Response:
        return responses.success(data, self.generation, status=status, meta=meta, is_cached=is_cached)


def _next_page(records: list[Record], limit: int) -> dict[str, Any]:
    more = len(records) > limit
    return {"nextCursor": query.cursor_for(records[limit - 1].position) if more else None, "hasMore": more}
