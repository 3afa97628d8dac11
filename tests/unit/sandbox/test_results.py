"""What an audience's config found, as the first generation's published client asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.sandbox.calls import ABSENT, AUDIENCES, MARKETING

if TYPE_CHECKING:
    from tests.unit.sandbox.calls import Api

DRAFT = "fe422df1-98d0-47e3-b6af-4c287e9b95b3"
SIZE = 1851
DAY = "2026-05-04"


def test_status_is_of_latest_or_given_day(first: Api) -> None:
    latest = first.get(f"/{MARKETING}/status").data
    failed = first.get(f"/{MARKETING}/status?date=2026-04-13").data
    none = {"status": "none", "totalCount": 0, "dataDate": None, "runId": None}

    assert (latest["status"], latest["totalCount"], latest["dataDate"]) == ("ready", SIZE, DAY)
    assert (failed["status"], failed["totalCount"]) == ("failed", 0)
    assert first.get(f"/{MARKETING}/status?date=1999-12-31").data == none
    assert first.get(f"/{DRAFT}/status").data == none
    assert first.get(f"/{MARKETING}/status?date=today").error == (400, "VALIDATION_ERROR")


def test_audience_is_ready_once_it_was_activated(fresh: Api) -> None:
    fresh.patch(MARKETING, {"status": "paused"})
    made = fresh.post("", {"name": "New", "config": {"topicIds": [117805]}}).data["id"]
    before = fresh.get(f"/{made}/status").data["status"]
    fresh.patch(made, {"status": "active"})

    assert (before, fresh.get(f"/{made}/status").data["status"]) == ("none", "ready")


def test_stats_and_export_need_a_completed_run(first: Api) -> None:
    stats = first.get(f"/{MARKETING}/stats").data
    file = first.call("POST", f"{AUDIENCES}/{MARKETING}/export").data

    assert (stats["total"], stats["dataDate"], stats["fields"]["hasBusinessEmail"]) == (SIZE, DAY, 62)
    assert set(file) == {"downloadUrl", "fileName", "rows", "dataDate", "expiresIn", "cached"}
    assert (file["rows"], file["fileName"]) == (SIZE, f"{MARKETING}_{DAY}.csv")
    assert first.get(f"/{DRAFT}/stats").error == (404, "NOT_FOUND")
    assert first.call("POST", f"{AUDIENCES}/{MARKETING}/export?date=2026-04-13").error == (404, "NOT_FOUND")


def test_results_follow_the_cursor(first: Api) -> None:
    pages = [first.get(f"/{MARKETING}/results?limit=2")]
    pages.append(first.get(f"/{MARKETING}/results?limit=2&cursor={pages[0].body['meta']['nextCursor']}"))
    ids = [person["personId"] for page in pages for person in page.data]

    assert len(set(ids)) == 4
    assert {person["email"].partition("@")[2].endswith(".example") for person in pages[0].data} == {True}
    assert pages[0].body["meta"]["totalCount"] == SIZE
    assert (pages[0].body["meta"]["status"], pages[0].body["meta"]["dataDate"]) == ("ready", DAY)
    assert len(first.get(f"/{MARKETING}/results").data) == 50


def test_results_without_a_run_are_still_to_come(first: Api) -> None:
    response = first.get(f"/{DRAFT}/results")

    assert response.status == 202
    assert response.body == {"data": [], "meta": {"status": "materializing", "dataDate": None}}


def test_query_takes_a_config_or_an_audience(first: Api) -> None:
    config = first.get(f"/{MARKETING}").data["config"]
    by_config = first.post("/query", {**config, "limit": 1, "cursor": None})
    by_id = first.post("/query", {"audienceId": MARKETING.upper(), "limit": 1})
    narrow = first.post("/query", {"topicIds": [117805], "minScore": 80, "maxScore": 79, "date": DAY})

    assert by_config.body == by_id.body
    assert by_id.body["meta"]["totalCount"] == SIZE
    assert narrow.body["data"] == []
    assert narrow.body["meta"].items() >= {"count": 0, "hasMore": False, "dataDate": DAY}.items()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400),
        ({"topicIds": [1], "limit": 101}, 400),
        ({"topicIds": [1], "cursor": 1}, 400),
        ({"topicIds": [1], "cursor": "!"}, 400),
        ({"audienceId": "1"}, 400),
        ({"audienceId": ABSENT}, 404),
    ],
)
def test_a_bad_query_is_refused(first: Api, body: Any, code: int) -> None:
    assert first.post("/query", body).status == code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/query"),
        ("GET", f"/{MARKETING}/status"),
        ("GET", f"/{MARKETING}/stats"),
        ("GET", f"/{MARKETING}/results"),
        ("POST", f"/{MARKETING}/export"),
    ],
)
def test_results_need_the_key_and_the_first_generation(
    first: Api, second: Api, method: str, path: str
) -> None:
    assert first.call(method, AUDIENCES + path, {}, {}).error == (401, "UNAUTHORIZED")
    assert second.call(method, AUDIENCES + path, {}).status in {404, 405}
