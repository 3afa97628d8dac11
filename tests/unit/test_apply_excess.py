from __future__ import annotations

from typing import Any, cast

import pytest

from reconciler import schema
from reconciler.apply.excess import is_wider
from reconciler.model import Fields, normalise

DUE: dict[str, Any] = {
    "topicIds": [1, 2],
    "minScore": 60,
    "maxScore": 90,
    "minTopicOverlap": 2,
    "sourceUrl": "https://example.com",
    "x_new": [1],
    "filters": {
        "seniority": ["vp", "cxo"],
        "state": "CA",
        "hasPhone": True,
        "jobTitle.exclude": {"values": ["intern", "student"]},
        "role.departments": {"values": ["sales", "finance"], "operator": "any_of"},
    },
}


def fields(config: dict[str, Any], **filters: Any) -> Fields:
    """Give an audience with this config, and of its filters these otherwise; without what is None."""
    whole = {**config, "filters": {**config.get("filters", {}), **filters}}
    whole["filters"] = {key.replace("_", "."): value for key, value in whole["filters"].items()}
    return cast("Fields", normalise({"name": "A", "config": whole}, schema.rules()))


@pytest.mark.parametrize(
    "held",
    [
        *({**DUE, key: None} for key in ("topicIds", "minScore", "maxScore", "minTopicOverlap", "x_new")),
        {**DUE, "topicIds": [1, 2, 3]},
        {**DUE, "topicIds": [2, 3]},
        {**DUE, "minScore": 59},
        {**DUE, "maxScore": 91},
        {**DUE, "minTopicOverlap": 1},
        {**DUE, "x_new": [1, 2]},
    ],
)
def test_wider_config_counts(held: dict[str, Any]) -> None:
    assert is_wider(fields(held), fields(DUE), schema.rules())


@pytest.mark.parametrize(
    "filters",
    [
        *({key: None} for key in ("seniority", "state", "hasPhone", "jobTitle_exclude", "role_departments")),
        {"seniority": ["vp", "cxo", "director"]},
        {"seniority": ["VP"]},
        {"state": "NY"},
        {"hasPhone": False},
        {"jobTitle_exclude": {"values": ["intern"]}},
        {"jobTitle_exclude": {"values": ["intern", "boss"]}},
        {"role_departments": {"values": ["sales", "finance"], "operator": "none_of"}},
        {"role_departments": {"values": ["sales", "finance"]}},
        # Fewer values are more people under some operators.
        {"role_departments": {"values": ["sales"], "operator": "any_of"}},
    ],
)
def test_wider_filter_counts(filters: dict[str, Any]) -> None:
    assert is_wider(fields(DUE, **filters), fields(DUE), schema.rules())


@pytest.mark.parametrize(
    "held",
    [
        DUE,
        {**DUE, "topicIds": [1]},
        {**DUE, "minScore": 61},
        {**DUE, "maxScore": 89},
        {**DUE, "minTopicOverlap": 3},
        {**DUE, "sourceUrl": "https://example.com/"},
        {**DUE, "x_added": 1},
    ],
)
def test_narrower_config_does_not_count(held: dict[str, Any]) -> None:
    assert not is_wider(fields(held), fields(DUE), schema.rules())


@pytest.mark.parametrize(
    "filters",
    [
        {"seniority": ["vp"]},
        {"gender": "f"},
        {"hasEmail_later": True},
        {"jobTitle_exclude": {"values": ["intern", "student", "boss"]}},
        {"role_seniority": {"values": ["vp"], "operator": "any_of"}},
    ],
)
def test_narrower_filter_does_not_count(filters: dict[str, Any]) -> None:
    assert not is_wider(fields(DUE, **filters), fields(DUE), schema.rules())


def test_score_filled_in_is_not_wider() -> None:
    due = {key: value for key, value in DUE.items() if key != "maxScore"}
    assert not is_wider(fields(DUE), fields(due), schema.rules())


def test_another_name_is_not_wider() -> None:
    assert not is_wider({**fields(DUE), "name": "B"}, fields(DUE), schema.rules())
