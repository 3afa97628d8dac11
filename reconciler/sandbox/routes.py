"""Which routes each generation of the API has, and which of them need the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.routing import Route

from reconciler.sandbox import API_KEY
from reconciler.sandbox.audience_routes import AudienceRoutes
from reconciler.sandbox.result_routes import ResultRoutes
from reconciler.sandbox.topic_routes import TopicRoutes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.organization import Organization

    Endpoint = Callable[[Request], Awaitable[Response]]
    Table = dict[str, dict[str, Endpoint]]

AUDIENCES = "/v1/intent/audiences"
TOPICS = "/v1/intent/topics"
ACCOUNT = "/v1/data/account"


def routes(organization: Organization) -> list[Route]:
    """Return every route of the organization's generation; all but the topics' need the key."""
    audiences, topics = AudienceRoutes(organization), TopicRoutes(organization.options.generation)
    results = ResultRoutes(organization)
    keyed: Table = {
        AUDIENCES: {"GET": audiences.list_audiences, "POST": audiences.create_audience},
        f"{AUDIENCES}/filters": {"GET": audiences.list_filters},
        f"{AUDIENCES}/preview": {"POST": audiences.preview},
        **({f"{AUDIENCES}/validate": {"POST": audiences.validate}} if topics.generation != 1 else {}),
        f"{AUDIENCES}/{{id}}": {
            "GET": audiences.get_audience,
            "PATCH": audiences.update_audience,
            "DELETE": audiences.delete_audience,
        },
        f"{AUDIENCES}/{{id}}/runs": {"GET": results.list_runs},
        **(_first_generation_results(results) if topics.generation == 1 else {}),
        ACCOUNT: {"GET": audiences.get_account},
    }
    public: Table = {
        TOPICS: {"GET": topics.list_topics},
        f"{TOPICS}/search": {"GET": topics.search},
        **(_first_generation_topics(topics) if topics.generation == 1 else {}),
    }
    return [
        *(_route(path, endpoints, needs_key=True) for path, endpoints in keyed.items()),
        *(_route(path, endpoints, needs_key=False) for path, endpoints in public.items()),
    ]


def _first_generation_results(results: ResultRoutes) -> Table:
    """Return what only the first generation's published client calls, about people."""
    return {
        f"{AUDIENCES}/query": {"POST": results.query},
        f"{AUDIENCES}/{{id}}/status": {"GET": results.status},
        f"{AUDIENCES}/{{id}}/stats": {"GET": results.stats},
        f"{AUDIENCES}/{{id}}/results": {"GET": results.results},
        f"{AUDIENCES}/{{id}}/export": {"POST": results.export},
    }


def _first_generation_topics(topics: TopicRoutes) -> Table:
    """Return what only the first generation's published client calls, about topics."""
    return {
        f"{TOPICS}/facets": {"GET": topics.facets},
        f"{TOPICS}/movers": {"GET": topics.movers},
        f"{TOPICS}/compare": {"POST": topics.compare},
        f"{TOPICS}/analyze": {"POST": topics.analyze},
        f"{TOPICS}/{{topic_id:int}}/trend": {"GET": topics.trend},
    }


def _route(path: str, endpoints: Mapping[str, Endpoint], *, needs_key: bool) -> Route:
    async def endpoint(request: Request) -> Response:
        if needs_key and request.headers.get("x-api-key") != API_KEY:
            raise HTTPException(401, f"Send the header X-API-Key: {API_KEY}. A key is never a Bearer token.")
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    # One route a path, not one a method: a 405 then names every method that the path has.
    return Route(path, endpoint, methods=list(endpoints))
