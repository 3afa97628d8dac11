"""The contract kept: the answers of a healthy server, in both generations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from .wire import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .entries import Audience

_PATCHED = ("id", "name", "status", "config", "audienceSize", "lastRefreshedAt", "updatedAt")
_SECOND = {"organizationId": "org_1", "accessType": "paid", "dailyRefreshEnabled": True}
_LIMITS = range(1, 101)


def failure(status: int, message: str, code: str | None = None) -> Response:
    error = {"message": message} if code is None else {"message": message, "code": code}
    return Response(status, {"error": error})


@dataclass(frozen=True, slots=True)
class Contract:
    """One generation of the contract, with or without pages."""

    generation: int
    page_size: int | None

    def __post_init__(self) -> None:
        if self.generation not in {1, 2}:
            raise ValueError(f"there is no generation {self.generation}")
        if self.page_size is not None and self.page_size not in _LIMITS:
            raise ValueError(f"a page has 1 to 100 items, not {self.page_size}")

    def listing(self, audiences: Sequence[Audience], query: Mapping[str, str]) -> Response:
        """Response the list. Generation 2 takes `limit`, and without pages nothing tells what it cut off."""
        if self.generation == 2:
            audiences = [item for item in audiences if item["status"] == query.get("status", item["status"])]
        ids = [audience["id"] for audience in audiences]
        cursor, limit = query.get("cursor"), query.get("limit", "100")
        if cursor not in {None, *ids} or not limit.isdecimal() or int(limit) not in _LIMITS:
            return failure(400, "no such cursor, or limit not 1 to 100")
        start = ids.index(cursor) + 1 if cursor is not None else 0
        end = start + self._size(query, len(ids))
        more = end < len(ids)
        paging = {"hasMore": more, "nextCursor": ids[end - 1] if more else None}
        items = [self._item(audience, listed=True) for audience in audiences[start:end]]
        return self._answer(items, paging if self.page_size is not None else {})

    def _size(self, query: Mapping[str, str], whole: int) -> int:
        size = self.page_size or whole
        return min(size, int(query["limit"])) if self.generation == 2 and "limit" in query else size

    def validated(self, verdict: dict[str, Any]) -> Response:
        return self._answer(verdict)

    def one(self, audience: Audience) -> Response:
        return self._answer(self._item(audience, listed=False))

    def patched(self, audience: Audience) -> Response:
        return self._answer({name: audience[name] for name in _PATCHED if name in audience})

    def _item(self, audience: Audience, *, listed: bool) -> Audience:
        if self.generation == 2:
            kept = {name: value for name, value in audience.items() if not (listed and name == "config")}
            return kept | _SECOND
        config = audience.get("config")
        topics = config.get("topicIds", []) if isinstance(config, dict) else []
        return {**audience, "topics": [{"id": topic, "name": f"Topic {topic}"} for topic in topics]}

    def _answer(self, data: Any, paging: dict[str, Any] | None = None) -> Response:
        meta = dict(paging or {})
        if self.generation == 2:
            meta |= {"timestamp": datetime.now(UTC).isoformat(), "request_id": str(uuid4())}
        return Response(document={"data": data} | ({"meta": meta} if meta else {}))
