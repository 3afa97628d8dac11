"""The intent topics: how many people research each, and how they are found."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.record import seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Topic = dict[str, Any]
FACETS = {"types": "type", "industries": "industry", "categories": "category"}
WORD = re.compile(r"[a-z]{3,}")
ADDRESS_WORDS = {"http", "https", "www", "com", "example"}
TYPES = ("b2b", "b2c", "both")
PEOPLE_IN_UNKNOWN_TOPIC = 200_000


@cache
def _by_id() -> dict[int, Topic]:
    return {topic["topicId"]: topic for topic in seed()["topics"]}


def people_in(topic_id: int) -> int:
    """Return how many people research the topic."""
    topic = _by_id().get(topic_id)
    return PEOPLE_IN_UNKNOWN_TOPIC if topic is None else int(topic["people"])


def everything() -> list[Topic]:
    """Return every topic as the API shows it."""
    return [_shown(topic) for topic in _by_id().values()]


def _shown(topic: Topic) -> Topic:
    return {key: value for key, value in topic.items() if key != "people"}


def matching(wanted: Mapping[str, str | None]) -> list[Topic]:
    """Return the topics that match the given `type`, `industry`, `category` and words (`q`)."""
    words = (wanted.get("q") or "").casefold()
    exact = {key: value.casefold() for key, value in wanted.items() if key != "q" and value}
    return [
        topic
        for topic in everything()
        if words in topic["topicName"].casefold()
        and all(topic[key].casefold() == value for key, value in exact.items())
    ]


def known(topic_ids: Iterable[int]) -> list[Topic]:
    """Return the topics of these ids that exist, as the API shows them, in the ids' order."""
    topics = _by_id()
    return [_shown(topics[topic]) for topic in topic_ids if topic in topics]


def named(topic_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return `{id, name}` for the known ones of these topics, in their order."""
    return [{"id": topic["topicId"], "name": topic["topicName"]} for topic in known(topic_ids)]


def facets() -> dict[str, Any]:
    """Return the distinct values of the topics' fields, with how many topics have each."""
    shown = everything()
    counts = {name: Counter(topic[key] for topic in shown) for name, key in FACETS.items()}
    listed = {
        name: [{"value": value, "count": count} for value, count in sorted(found.items())]
        for name, found in counts.items()
    }
    return {**listed, "total": len(shown)}


def about(url: str) -> dict[str, Any]:
    """Return the topics that the words of a page's address name; nothing is fetched."""
    keywords = sorted({word for word in WORD.findall(url.casefold()) if word not in ADDRESS_WORDS})
    matched = [
        {**topic, "similarity": 1.0, "matchedKeyword": word}
        for word in keywords
        for topic in matching({"q": word})
    ]
    return {"company": None, "summary": None, "keywords": keywords, "topics": matched}
