"""The API's routes: what each reads from a request, does to the organization, and responds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import Route

from reconciler.sandbox import API_KEY, catalogue, contract, query, reach, responses
from reconciler.sandbox.body import read_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.organization import Organization
    from reconciler.sandbox.record import Generation

    Endpoint = Callable[[Request], Awaitable[Response]]
    Checker = Callable[[object, Generation], Iterator[str]]

AUDIENCES = "/v1/intent/audiences"
TOPICS = "/v1/intent/topics"
MAX_PROBLEMS = 10


def routes(organization: Organization, generation: Generation) -> list[Route]:
    """Return every route of the generation; all but the topics' need the key."""
    api = _Api(organization, generation)
    keyed: dict[str, dict[str, Endpoint]] = {
        "": {"GET": api.list_audiences, "POST": api.create_audience},
        "/filters": {"GET": api.list_filters},
        "/preview": {"POST": api.preview},
        **({"/validate": {"POST": api.validate}} if generation != 1 else {}),
        "/{id}": {"GET": api.get_audience, "PATCH": api.update_audience, "DELETE": api.delete_audience},
    }
    public: dict[str, dict[str, Endpoint]] = {
        "": {"GET": api.list_topics},
        "/search": {"GET": api.search_topics},
    }
    return [
        *(_route(AUDIENCES + path, endpoints, needs_key=True) for path, endpoints in keyed.items()),
        *(_route(TOPICS + path, endpoints, needs_key=False) for path, endpoints in public.items()),
    ]


def _route(path: str, endpoints: Mapping[str, Endpoint], *, needs_key: bool) -> Route:
    async def endpoint(request: Request) -> Response:
        if needs_key and request.headers.get("x-api-key") != API_KEY:
            raise HTTPException(401, f"Send the header X-API-Key: {API_KEY}. A key is never a Bearer token.")
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    # One route a path, not one a method: a 405 then names every method that the path has.
    return Route(path, endpoint, methods=list(endpoints))


@dataclass(frozen=True, slots=True)
class _Api:
    organization: Organization
    generation: Generation

    async def list_audiences(self, request: Request) -> Response:
        if self.generation == 1:
            records = await run_in_threadpool(self.organization.all)
            return responses.success([responses.listed(record, 1) for record in records], 1)
        status = query.choice(request, "status", contract.STATUSES)
        limit = query.limit(request, default=50, maximum=100)
        after = query.position(request)
        records, last = await run_in_threadpool(self.organization.page, status, after, limit)
        cursor = None if last is None else query.cursor_for(last)
        meta = {"nextCursor": cursor, "hasMore": cursor is not None}
        return responses.success([responses.listed(record, 2) for record in records], 2, meta=meta)

    async def get_audience(self, request: Request) -> Response:
        record = await run_in_threadpool(self.organization.get, query.audience_id(request))
        return responses.success(responses.whole(record, self.generation), self.generation)

    async def create_audience(self, request: Request) -> Response:
        body = await self._body(request, contract.new_problems)
        record = await run_in_threadpool(self.organization.create, body)
        return responses.success(responses.created(record), self.generation, status=201)

    async def update_audience(self, request: Request) -> Response:
        audience_id = query.audience_id(request)
        body = await self._body(request, contract.change_problems)
        record = await run_in_threadpool(self.organization.update, audience_id, body)
        return responses.success(responses.updated(record), self.generation)

    async def delete_audience(self, request: Request) -> Response:
        audience_id = query.audience_id(request)
        await run_in_threadpool(self.organization.delete, audience_id)
        return responses.success({"id": audience_id, "deleted": True}, self.generation)

    async def preview(self, request: Request) -> Response:
        config = await self._body(request, contract.query_problems)
        return responses.success(reach.preview(config, self.generation), self.generation)

    async def validate(self, request: Request) -> Response:
        config = await self._body(request, contract.query_problems)
        data = {"valid": True, "normalizedConfig": {**reach.DEFAULTS, **config}, **reach.evaluation(config)}
        return responses.success(data, self.generation)

    async def list_filters(self, _request: Request) -> Response:
        data = catalogue.lists() if self.generation == 1 else catalogue.groups()
        return responses.success(data, self.generation, is_cached=True)

    async def list_topics(self, request: Request) -> Response:
        wanted = _topic_filters(request, "type", "industry", "category", "q")
        found = catalogue.matching_topics(wanted)
        meta = {"count": len(found), "total": len(catalogue.topics()), "filters": wanted}
        return responses.success(found, self.generation, meta=meta, is_cached=True)

    async def search_topics(self, request: Request) -> Response:
        limit = query.limit(request, default=20, maximum=50)
        wanted = _topic_filters(request, "type", "industry", "q")
        if not wanted["q"]:
            raise HTTPException(400, "q is required.")
        return responses.success(catalogue.matching_topics(wanted)[:limit], self.generation)

    async def _body(self, request: Request, problems: Checker) -> dict[str, Any]:
        body = await read_json(request)
        found = list(islice(problems(body, self.generation), MAX_PROBLEMS))
        if found:
            raise HTTPException(400, f"{'; '.join(found)}.")
        return cast("dict[str, Any]", body)


def _topic_filters(request: Request, *names: str) -> dict[str, str | None]:
    query.choice(request, "type", catalogue.TOPIC_TYPES)
    return {name: request.query_params.get(name) for name in names}
