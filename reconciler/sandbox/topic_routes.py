"""The public routes: what is known of the intent topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from reconciler.sandbox import query, responses, topics

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.record import Generation


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


def _wanted(request: Request, *names: str) -> dict[str, str | None]:
    query.choice(request, "type", topics.TYPES)
    return {name: query.text(request, name) for name in names}
