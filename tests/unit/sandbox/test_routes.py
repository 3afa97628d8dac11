"""What each route responds when it is used as the contract says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sandbox.calls import ABSENT, AUDIENCES, MARKETING, TOPICS

if TYPE_CHECKING:
    from tests.unit.sandbox.calls import Api

ITEM = {
    "id",
    "name",
    "status",
    "config",
    "topics",
    "audienceSize",
    "lastRefreshedAt",
    "createdAt",
    "updatedAt",
}
SECOND_ITEM = ITEM - {"config", "topics"} | {"organizationId", "accessType", "dailyRefreshEnabled"}
NEW = {"id", "name", "status", "config", "audienceSize", "lastRefreshedAt", "createdAt"}
CHANGED = {"id", "name", "status", "config", "audienceSize", "lastRefreshedAt", "updatedAt"}
CATALOGUE = [
    "company.domains",
    "company.employeeCount",
    "company.industries",
    "company.industryGroups",
    "company.names",
    "company.revenueRanges",
    "contact.hasBusinessEmail",
    "jobTitle.exact",
    "jobTitle.exclude",
    "jobTitle.include",
    "role.departments",
    "role.isCeo",
    "role.isDecisionMaker",
    "role.isFinance",
    "role.isVp",
    "role.seniority",
]


def test_first_generation_lists_configs_and_topic_names(first: Api) -> None:
    response = first.get("?limit=1&status=draft")

    assert set(response.body) == {"data"}
    assert len(response.data) == 17
    assert all(set(item) == ITEM for item in response.data)
    assert response.data[0]["id"] == MARKETING
    assert response.data[0]["topics"] == [
        {"id": 117805, "name": "Marketing ROI"},
        {"id": 117890, "name": "Marketing Attribution"},
        {"id": 117918, "name": "Account-Based Marketing"},
    ]


def test_the_second_generation_lists_without_configs(second: Api) -> None:
    response = second.get()

    assert len(response.data) == 17
    assert all(set(item) == SECOND_ITEM for item in response.data)
    assert {item["status"] == "active" for item in response.data if item["dailyRefreshEnabled"]} == {True}
    assert set(response.body["meta"]) == {"timestamp", "request_id", "nextCursor", "hasMore"}
    assert (response.body["meta"]["nextCursor"], response.body["meta"]["hasMore"]) == (None, False)


@pytest.mark.parametrize("spelling", [MARKETING, MARKETING.upper()])
def test_audience_id_is_matched_in_either_case(either: Api, spelling: str) -> None:
    data = either.get(f"/{spelling}").data

    assert data["id"] == MARKETING
    assert data["name"] == "Marketing directors at software companies"


def test_one_audience_has_the_fields_of_its_generation(first: Api, second: Api) -> None:
    assert set(first.get(f"/{MARKETING}").data) == ITEM
    assert set(second.get(f"/{MARKETING}").data) == SECOND_ITEM | {"config"}


def test_unnamed_topic_is_omitted_from_audience_topics(fresh: Api) -> None:
    fresh.patch(MARKETING, {"config": {"topicIds": [117805, 999999]}})

    assert fresh.get(f"/{MARKETING}").data["topics"] == [{"id": 117805, "name": "Marketing ROI"}]


def test_patch_returns_the_updated_audience(fresh: Api, fresh_second: Api) -> None:
    for api in (fresh, fresh_second):
        response = api.patch(MARKETING, {"name": "Renamed", "status": "paused"})

        assert set(response.data) == CHANGED
        assert (response.data["name"], response.data["status"]) == ("Renamed", "paused")
        assert ("meta" in response.body) is (api is fresh_second)
        assert api.get(f"/{MARKETING}").data["name"] == "Renamed"


def test_created_audience_is_draft_and_can_be_read(fresh: Api) -> None:
    config = {"topicIds": [117801], "filters": {"seniority": ["vp"]}}
    response = fresh.post("", {"name": "New one", "config": config})

    assert response.status == 201
    assert set(response.data) == NEW
    assert (response.data["status"], response.data["config"]) == ("draft", config)
    assert fresh.get(f"/{response.data['id']}").data["name"] == "New one"
    assert fresh.get().data[-1]["id"] == response.data["id"]


def test_a_deleted_audience_is_gone(fresh: Api) -> None:
    response = fresh.call("DELETE", f"{AUDIENCES}/{MARKETING}")

    assert response.body == {"data": {"id": MARKETING, "deleted": True}}
    assert fresh.get(f"/{MARKETING}").error == (404, "NOT_FOUND")
    assert fresh.call("DELETE", f"{AUDIENCES}/{MARKETING}").error == (404, "NOT_FOUND")


def test_the_first_generation_lists_the_values_of_filters(first: Api) -> None:
    response = first.get("/filters")

    assert set(response.data) == {
        "seniority",
        "companyIndustry",
        "companySize",
        "department",
        "state",
        "companyRevenueRange",
        "ageRange",
        "gender",
    }
    assert {"director", "vp", "c_suite", "cxo", "manager"} <= set(response.data["seniority"])
    assert {"51 to 100", "101 to 250"} <= set(response.data["companySize"])
    assert "10 million to 25 million" in response.data["companyRevenueRange"]
    assert response.headers["cache-control"] == "max-age=86400"


def test_the_second_generation_has_a_catalogue_of_filters(second: Api) -> None:
    data = second.get("/filters").data
    by_key = {each["key"]: each for group in data["groups"] for each in group["filters"]}

    assert {"version", "summary", "groups"} == set(data)
    assert sorted(by_key) == CATALOGUE
    assert data["summary"]["filterCount"] == 16
    assert data["version"]["status"] == "catalog"
    assert {(each["type"], each["valueType"]) for each in by_key.values()} == {
        ("multi_select", "enum"),
        ("boolean", "boolean"),
        ("text_terms", "string"),
        ("number_range", "number"),
    }
    assert by_key["company.industries"]["values"][0] == {
        "value": "software development",
        "label": "Software development",
        "count": 140_000,
    }
    assert "values" not in by_key["contact.hasBusinessEmail"]
    assert all(key.startswith(f"{group['key']}.") for group in data["groups"] for key in _keys(group))


def _keys(group: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["key"] for each in group["filters"]]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (f"{TOPICS}?type=b2x", "type"),
        (f"{TOPICS}/search", "q"),
        (f"{TOPICS}/search?q=", "q"),
        (f"{TOPICS}/search?q={'a' * 101}", "q"),
        (f"{TOPICS}/search?q=a&limit=51", "limit"),
        (f"{TOPICS}?industry={'a' * 101}", "industry"),
        (f"{TOPICS}/search?q=a&limit=0", "limit"),
        (f"{AUDIENCES}?limit=101", "limit"),
        (f"{AUDIENCES}?limit=-1", "limit"),
        (f"{AUDIENCES}?limit=1.5", "limit"),
        (f"{AUDIENCES}?status=on", "status"),
        (f"{AUDIENCES}?cursor=!", "cursor"),
        (f"{AUDIENCES}?cursor=%C3%A9", "cursor"),
        (f"{AUDIENCES}?cursor=YWJj", "cursor"),
        (f"{AUDIENCES}/not-an-id", "id"),
        (f"{AUDIENCES}/not-an-id/runs", "id"),
        (f"{AUDIENCES}/{MARKETING}/runs?limit=0", "limit"),
        (f"{AUDIENCES}/{MARKETING}/runs?limit=101", "limit"),
        (f"{AUDIENCES}/{MARKETING}0", "id"),
    ],
)
def test_a_bad_parameter_is_named(second: Api, path: str, parameter: str) -> None:
    response = second.call("GET", path)

    assert response.error == (400, "VALIDATION_ERROR")
    assert response.message.startswith(f"{parameter} ")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_writes_refuse_ids_that_are_not_uuids(either: Api, method: str) -> None:
    assert either.call(method, f"{AUDIENCES}/1", {}).error == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_absent_audience_is_not_found(either: Api, method: str) -> None:
    response = either.call(method, f"{AUDIENCES}/{ABSENT}", {})

    assert response.error == (404, "NOT_FOUND")
    assert ABSENT in response.message


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{MARKETING}"),
        ("PATCH", f"/{MARKETING}"),
        ("DELETE", f"/{MARKETING}"),
        ("GET", "/filters"),
        ("POST", "/preview"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [{}, {"X-API-Key": "sk_other"}, {"Authorization": "Bearer sk_sandbox"}],
    ids=["none", "other", "bearer"],
)
def test_every_audience_route_needs_the_key(
    either: Api, method: str, path: str, headers: dict[str, str]
) -> None:
    response = either.call(
        method, AUDIENCES + path, {"name": "x"}, {**headers, "content-type": "application/json"}
    )

    assert response.error == (401, "UNAUTHORIZED")
    assert either.get(f"/{MARKETING}").data["name"] == "Marketing directors at software companies"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        f"{AUDIENCES}/",
        f"{AUDIENCES}/{MARKETING}/",
        f"{AUDIENCES}/{MARKETING}/topics",
        f"{TOPICS}/x",
    ],
)
def test_unknown_path_is_not_an_absent_audience(either: Api, path: str) -> None:
    response = either.call("GET", path)

    assert response.error == (404, "NOT_FOUND")
    assert response.message == "This API has no such route."


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", f"/{MARKETING}", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("DELETE", "", {"GET", "HEAD", "POST"}),
    ],
)
def test_wrong_method_gets_the_allowed_ones(first: Api, method: str, path: str, allowed: set[str]) -> None:
    response = first.call(method, AUDIENCES + path)

    assert response.error == (405, "METHOD_NOT_ALLOWED")
    assert response.message == "This route does not take that method."
    assert set(response.headers["allow"].split(", ")) == allowed


def test_head_responds_as_get_without_body(first: Api) -> None:
    response = first.call("HEAD", AUDIENCES)

    assert (response.status, response.raw) == (200, b"")
