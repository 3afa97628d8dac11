"""The intent topics, by id and name, as either generation's public routes give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.api.documents import contract_error, require_object

if TYPE_CHECKING:
    from reconciler.api.client import ReadClient
    from reconciler.model import Json

MAX_FOUND = 50  # the most that the search route gives
_DATA = "data"


@dataclass(frozen=True, slots=True)
class Topic:
    """One intent topic; what the API does not say of it is empty."""

    id: int
    name: str
    type: str = ""
    industry: str = ""
    category: str = ""


async def fetch(client: ReadClient) -> tuple[Topic, ...]:
    """Return every topic there is, sorted by id: over 20,000; raises ApiError."""
    return _topics(await client.get_reference("topics"), "GET topics: ")


async def search(client: ReadClient, words: str) -> tuple[Topic, ...]:
    """Return at most `MAX_FOUND` topics that the API finds by words, in its own order; raises ApiError."""
    document = await client.search_topics(words, MAX_FOUND)
    return _topics(document, "GET topics/search: ", is_sorted=False)


def _topics(document: Json, where: str, *, is_sorted: bool = True) -> tuple[Topic, ...]:
    data = require_object(document, f"{where}the response").get(_DATA)
    if not isinstance(data, list):
        raise contract_error(f"{where}{_DATA}", "a list")
    topics = [_topic(item, f"{where}{_DATA}[{index}]") for index, item in enumerate(data)]
    return tuple(sorted(topics, key=lambda topic: topic.id) if is_sorted else topics)


def _topic(value: Json, where: str) -> Topic:
    item = require_object(value, where)
    identity, name = item.get("topicId"), item.get("topicName")
    if type(identity) is not int or not isinstance(name, str):
        raise contract_error(where, "a topic with an id and a name")
    kind, industry, category = (item.get(key) for key in ("type", "industry", "category"))
    return Topic(identity, name, _text(kind), _text(industry), _text(category))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
