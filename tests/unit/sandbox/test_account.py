"""What the key's account and an audience's runs say: reads alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.app import create_app
from tests.unit.sandbox.calls import ABSENT, AUDIENCES, MARKETING, WEBINAR, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sandbox.calls import Api

ACCOUNT = "/v1/data/account"
DRAFT = "fe422df1-98d0-47e3-b6af-4c287e9b95b3"
FIRST_RUN = {"cacheKey", "dataDate", "status", "totalCount", "createdAt", "hasExport"}
SECOND_RUN = {
    "id",
    "status",
    "configHash",
    "dataDate",
    "candidateCount",
    "resultCount",
    "startedAt",
    "completedAt",
}


def test_account_has_health_credits_and_pixels(either: Api) -> None:
    data = either.call("GET", ACCOUNT).data

    assert data["healthy"] is True
    assert set(data["organization"]) == {"name", "status"}
    assert set(data["credits"]) == {"used", "limit", "remaining", "percentUsed", "resetsAt"}
    assert data["credits"]["used"] + data["credits"]["remaining"] == data["credits"]["limit"]
    assert either.call("GET", ACCOUNT, headers={}).error == (401, "UNAUTHORIZED")
    assert either.call("POST", ACCOUNT, {}).error == (405, "METHOD_NOT_ALLOWED")


def test_only_second_generation_tells_slots(database: Path) -> None:
    with served(create_app(database, generation=2, slots=12)) as api:
        assert api.call("GET", ACCOUNT).data["intentAudienceSlots"] == {
            "used": 10,
            "limit": 12,
            "remaining": 2,
        }
        api.patch(WEBINAR, {"status": "paused"})
        assert api.call("GET", ACCOUNT).data["intentAudienceSlots"]["used"] == 9
    with served(create_app(database)) as api:
        assert "intentAudienceSlots" not in api.call("GET", ACCOUNT).data


@pytest.mark.parametrize(("query", "count"), [("", 25), ("?limit=1", 1), ("?limit=100", 100)])
def test_runs_are_daily_and_latest_first(either: Api, query: str, count: int) -> None:
    runs = either.get(f"/{MARKETING}/runs{query}").data
    days = [run["dataDate"] for run in runs]

    assert len(runs) == count
    assert days[0] == "2026-05-04"
    assert days == sorted(set(days), reverse=True)
    assert either.get(f"/{MARKETING}/runs{query}").data == runs


def test_each_generation_has_its_own_runs(first: Api, second: Api) -> None:
    plain, full = (api.get(f"/{MARKETING}/runs").data for api in (first, second))
    size = second.get(f"/{MARKETING}").data["audienceSize"]

    assert {frozenset(run) for run in plain} == {frozenset(FIRST_RUN)}
    assert {frozenset(run) for run in full} == {frozenset(SECOND_RUN)}
    assert {run["status"] for run in full} == {"completed", "failed"}
    assert {run["status"] for run in plain} == {"ready", "failed"}
    assert [run["resultCount"] for run in full if run["status"] == "completed"] == [size] * 24
    assert len({run["id"] for run in full}) == 25


def test_never_refreshed_audience_has_no_runs(either: Api) -> None:
    assert either.get(f"/{DRAFT}/runs").data == []
    assert either.get(f"/{ABSENT}/runs").error == (404, "NOT_FOUND")
    assert either.call("POST", f"{AUDIENCES}/{MARKETING}/runs", {}).error == (405, "METHOD_NOT_ALLOWED")
    assert either.get(f"/{MARKETING}/runs", headers={}).error == (401, "UNAUTHORIZED")
