"""How many people researched a topic on the last days: made up from its size, and the same each time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from reconciler.sandbox import topics
from reconciler.sandbox.record import seed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.topics import Topic

DAYS = 7
SIGNALS_PER_PERSON = 3


def compare(topic_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return the days of each of these topics that exists; one that does not is left out."""
    return [
        {"topicId": topic["topicId"], "topicName": topic["topicName"], "data": _days(topic["topicId"])}
        for topic in topics.known(topic_ids)
    ]


def trend(topic_id: int) -> list[dict[str, Any]]:
    """Return a topic's days, each with what the topic is; none for a topic that does not exist."""
    return [
        {**point, **{key: topic[key] for key in ("topicName", "type", "industry", "category")}}
        for topic in topics.known([topic_id])
        for point in _days(topic_id)
    ]


def movers(found: Iterable[Topic], direction: str) -> list[dict[str, Any]]:
    """Return the topics by their change within a day, the largest in that direction first."""
    moved = [_mover(topic) for topic in found]
    return sorted(moved, key=lambda mover: mover["pctChange"], reverse=direction == "up")


def _mover(topic: Topic) -> dict[str, Any]:
    yesterday, today = (point["uniqueAudience"] for point in _days(topic["topicId"])[-2:])
    return {
        **{key: topic[key] for key in ("topicId", "topicName", "type", "industry")},
        "todayAudience": today,
        "yesterdayAudience": yesterday,
        "pctChange": round(100 * (today - yesterday) / yesterday, 1),
    }


def _days(topic_id: int) -> list[dict[str, Any]]:
    last = date.fromisoformat(seed()["dataDate"])
    return [_point(topic_id, last - timedelta(days=ago)) for ago in reversed(range(DAYS))]


def _point(topic_id: int, day: date) -> dict[str, Any]:
    percent = 89 + (topic_id * 7 + day.toordinal() * 5) % 23
    people = topics.people_in(topic_id) * percent // 100
    high, medium = people // 5, people // 3
    return {
        "date": str(day),
        "uniqueAudience": people,
        "totalSignals": people * SIGNALS_PER_PERSON,
        "avgScore": 50 + topic_id % 30,
        "highAudience": high,
        "mediumAudience": medium,
        "lowAudience": people - high - medium,
    }
