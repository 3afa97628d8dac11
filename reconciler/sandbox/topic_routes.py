"""The public routes: what is known of the intent topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.exceptions import HTTPException

from reconciler.sandbox import query, responses, topics, trends
from reconciler.sandbox.body import read_json
from reconciler.sandbox.constraints import URI, topic_ids

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.constraints import Constraint
    from reconciler.sandbox.record import Generation

COMPARED = topic_ids(10)


@dataclass(frozen=True, slots=True)
class TopicRoutes:
    """Each method responds to one route."""

    generation: Generation

    async def list_topics(self, request: Request) -> Response:
        wanted = _wanted(request, "type", "industry", "category", "q")
        found = topics.matching(wanted)
        meta = {"count": len(found), "total": len(topics.everything()), "filters": wanted}
        return responses.success(found, self.generation, meta=meta, is_cached=True)

    async def search(self, request: Request) -> Response:
        limit = query.limit(request, default=10, maximum=50)
        wanted = _wanted(request, "type", "industry", "q")
        if not wanted["q"]:
            raise HTTPException(400, "q is required.")
        return responses.success(topics.matching(wanted)[:limit], self.generation)

    async def facets(self, _request: Request) -> Response:
        return responses.success(topics.facets(), self.generation)

    async def movers(self, request: Request) -> Response:
        limit = query.limit(request, default=20, maximum=50)
        direction = query.choice(request, "direction", ("up", "down")) or "up"
        found = topics.matching(_wanted(request, "type", "industry"))
        return responses.success(trends.movers(found, direction)[:limit], self.generation)

    async def trend(self, request: Request) -> Response:
        return responses.success(trends.trend(request.path_params["topic_id"]), self.generation)

    async def compare(self, request: Request) -> Response:
        compared = cast("list[int]", await _only(request, "topicIds", COMPARED))
        return responses.success(trends.compare(compared), self.generation)

    async def analyze(self, request: Request) -> Response:
        url = cast("str", await _only(request, "url", URI))
        return responses.success(topics.about(url), self.generation)


def _wanted(request: Request, *names: str) -> dict[str, str | None]:
    query.choice(request, "type", topics.TYPES)
    return {name: query.text(request, name) for name in names}


async def _only(request: Request, key: str, constraint: Constraint) -> object:
    """Return the value of the body's one key; raises the 400."""
    body = await read_json(request)
    value = body.get(key) if isinstance(body, dict) else None
    if not constraint.is_met_by(value):
        raise HTTPException(400, f"{key} must be {constraint.expected}.")
    return value
