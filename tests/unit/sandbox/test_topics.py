"""The public routes of the intent topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.sandbox.calls import MARKETING, TOPICS

if TYPE_CHECKING:
    from tests.unit.sandbox.calls import Api, Response

POINT = {
    "date",
    "uniqueAudience",
    "totalSignals",
    "avgScore",
    "highAudience",
    "mediumAudience",
    "lowAudience",
}
TOPIC = {"topicId", "topicName", "type", "industry", "category"}


def _topics(api: Api, path: str) -> Response:
    return api.call("GET", TOPICS + path, headers={})


def _post(api: Api, path: str, body: Any) -> Response:
    return api.call("POST", TOPICS + path, body, {"content-type": "application/json"})


def test_topics_need_no_key_and_are_counted(either: Api) -> None:
    response = _topics(either, "?type=b2c&q=SOLAR")

    assert response.data == [
        {
            "topicId": 130442,
            "topicName": "Solar Panels",
            "type": "b2c",
            "industry": "Home",
            "category": "Product",
        }
    ]
    assert {key: response.body["meta"][key] for key in ("count", "total", "filters")} == {
        "count": 1,
        "total": 31,
        "filters": {"type": "b2c", "industry": None, "category": None, "q": "SOLAR"},
    }


def test_all_named_topics_are_listed(first: Api) -> None:
    listed = {topic["topicId"] for topic in _topics(first, "").data}

    assert {117805, 117890, 117918, 117801, 102391} <= listed


def test_topics_are_narrowed_by_industry_and_category(first: Api) -> None:
    found = _topics(first, "?industry=security&category=SOFTWARE").data

    assert [topic["topicName"] for topic in found] == [
        "Ransomware Protection",
        "Zero Trust",
        "Password Managers",
    ]


def test_topics_are_searched(either: Api) -> None:
    assert [topic["topicId"] for topic in _topics(either, "/search?q=crm").data] == [117801, 117822]
    assert len(_topics(either, "/search?q=a&limit=3").data) == 3
    assert _topics(either, "/search?q=crm&industry=Marketing").data == []


def test_search_has_ten_without_a_limit(either: Api) -> None:
    assert len(_topics(either, "/search?q=a").data) == 10
    assert len(_topics(either, "/search?q=a&limit=50").data) > 10


def test_compare_names_topics_in_one_call(first: Api) -> None:
    asked = first.get(f"/{MARKETING}").data["config"]["topicIds"]
    response = _post(first, "/compare", {"topicIds": [*asked, 999999]})

    assert [(each["topicId"], each["topicName"]) for each in response.data] == [
        (117805, "Marketing ROI"),
        (117890, "Marketing Attribution"),
        (117918, "Account-Based Marketing"),
    ]
    assert all(set(point) == POINT for each in response.data for point in each["data"])
    assert [point["date"] for point in response.data[0]["data"]][-2:] == ["2026-05-03", "2026-05-04"]
    assert _post(first, "/compare", {"topicIds": [*asked, 999999]}).raw == response.raw


@pytest.mark.parametrize(
    "body", [{}, [], {"topicIds": []}, {"topicIds": list(range(1, 12))}, {"topicIds": ["117805"]}]
)
def test_compare_takes_one_to_ten_ids(first: Api, body: object) -> None:
    response = _post(first, "/compare", body)

    assert response.error == (400, "VALIDATION_ERROR")
    assert response.message.startswith("topicIds must be a list of 1 to 10 topic ids")


def test_a_trend_is_a_topics_days(first: Api) -> None:
    days = _topics(first, "/117805/trend").data

    assert [set(day) for day in days] == [POINT | TOPIC - {"topicId"}] * 7
    assert {day["topicName"] for day in days} == {"Marketing ROI"}
    assert _topics(first, "/1/trend").data == []


@pytest.mark.parametrize(("query", "direction"), [("", -1), ("&direction=up", -1), ("&direction=down", 1)])
def test_movers_start_with_the_largest_change(first: Api, query: str, direction: int) -> None:
    moved = _topics(first, f"/movers?limit=5{query}").data
    changes = [mover["pctChange"] for mover in moved]

    assert len(moved) == 5
    assert set(moved[0]) == TOPIC - {"category"} | {"todayAudience", "yesterdayAudience", "pctChange"}
    assert changes == sorted(changes, key=lambda change: direction * change)
    assert changes[0] * direction < 0


def test_facets_count_every_topic(first: Api) -> None:
    facets = _topics(first, "/facets").data

    assert set(facets) == {"types", "industries", "categories", "total"}
    assert {"value": "b2c", "count": 3} in facets["types"]
    assert sum(each["count"] for each in facets["industries"]) == facets["total"] == 31


def test_an_address_names_topics_by_its_words(first: Api) -> None:
    found = _post(first, "/analyze", {"url": "https://www.example.com/crm-migration-guide"}).data

    assert found["keywords"] == ["crm", "guide", "migration"]
    assert [(topic["topicName"], topic["matchedKeyword"]) for topic in found["topics"]] == [
        ("CRM Software", "crm"),
        ("CRM Migration", "crm"),
        ("CRM Migration", "migration"),
    ]
    assert _post(first, "/analyze", {"url": "crm"}).error == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("path", ["/compare", "/facets", "/movers", "/analyze", "/117805/trend"])
def test_second_generation_lacks_what_it_does_not_document(second: Api, path: str) -> None:
    method = "POST" if path in {"/compare", "/analyze"} else "GET"

    assert second.call(method, TOPICS + path, {}).error == (404, "NOT_FOUND")
