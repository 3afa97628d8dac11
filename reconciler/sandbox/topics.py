"""The intent topics: how many people research each, and how they are found."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.record import seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Topic = dict[str, Any]
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
    return [{key: topic[key] for key in topic if key != "people"} for topic in _by_id().values()]


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
    shown = {topic["topicId"]: topic for topic in everything()}
    return [shown[topic] for topic in topic_ids if topic in shown]


def named(topic_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return `{id, name}` for the known ones of these topics, in their order."""
    return [{"id": topic["topicId"], "name": topic["topicName"]} for topic in known(topic_ids)]
