"""Every body that the contract forbids is refused by name, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.app import create_app
from tests.unit.sandbox.calls import AUDIENCES, MARKETING, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sandbox.calls import Api

TOPIC: dict[str, Any] = {"topicIds": [117805]}
TEXTS = ["companyIndustry", "seniority", "companySize", "department", "companyRevenueRange", "ageRange"]
FLAGS = ["hasBusinessEmail", "hasPersonalEmail", "hasLinkedin", "hasPhone"]
TERMS = [
    "company.industries",
    "company.industryGroups",
    "company.revenueRanges",
    "company.names",
    "company.domains",
    "role.seniority",
    "role.departments",
    "jobTitle.include",
    "jobTitle.exclude",
    "jobTitle.exact",
]
SECOND_FLAGS = [
    "contact.hasBusinessEmail",
    "role.isCeo",
    "role.isDecisionMaker",
    "role.isFinance",
    "role.isVp",
]
RANGE = "company.employeeCount"
NESTED = {
    "role": {"isDecisionMaker": True, "seniority": {"values": ["vp"]}},
    "jobTitle": {"include": ["cfo"], "includeMode": "any"},
    "contact": {"hasBusinessEmail": True},
}


def _config(**fields: object) -> dict[str, Any]:
    return {"config": {**TOPIC, **fields}}


def _filter(key: str, value: Any) -> dict[str, Any]:
    return _config(filters={key: value})


BAD: list[tuple[object, str]] = [
    ([], "The body must be an object"),
    ("text", "The body must be an object"),
    (None, "The body must be an object"),
    ({"name": ""}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"name": None}, "name"),
    ({"name": 7}, "name"),
    ({"status": "on"}, "status"),
    ({"status": ["active"]}, "status"),
    ({"audienceSize": 1.0}, "audienceSize"),
    ({"audienceSize": True}, "audienceSize"),
    ({"audienceSize": -1}, "audienceSize"),
    ({"audienceSize": 2**53}, "audienceSize"),
    ({"id": MARKETING}, "id is not a field"),
    ({"metadata": {}}, "metadata is not a field"),
    ({"config": None}, "config must be an object"),
    ({"config": []}, "config must be an object"),
    ({"config": {}}, "config.topicIds is required"),
    ({"config": {"minScore": 70}}, "config.topicIds is required"),
    ({"config": {"topicIds": []}}, "config.topicIds must be"),
    ({"config": {"topicIds": ["117805"]}}, "config.topicIds must be"),
    ({"config": {"topicIds": [True]}}, "config.topicIds must be"),
    ({"config": {"topicIds": [117805.0]}}, "config.topicIds must be"),
    ({"config": {"topicIds": 117805}}, "config.topicIds must be"),
    (_config(minScore=-1), "config.minScore"),
    (_config(minScore=101), "config.minScore"),
    (_config(minScore=70.0), "config.minScore"),
    (_config(minScore=True), "config.minScore"),
    (_config(minScore="70"), "config.minScore"),
    (_config(maxScore=0), "config.maxScore"),
    (_config(maxScore=101), "config.maxScore"),
    (_config(maxScore=None), "config.maxScore"),
    (_config(minTopicOverlap=0), "config.minTopicOverlap"),
    (_config(minTopicOverlap=None), "config.minTopicOverlap"),
    (_config(sourceUrl="no uri"), "config.sourceUrl"),
    (_config(sourceUrl=1), "config.sourceUrl"),
    (_config(filters=[]), "config.filters must be an object"),
]
BAD_FIRST: list[tuple[object, str]] = [
    ({"config": {"topicIds": list(range(1, 12))}}, "config.topicIds must be"),
    (_config(minScore=0), "config.minScore"),
    (_config(minScore=None), "config.minScore"),
    (_config(minTopicOverlap=11), "config.minTopicOverlap"),
    (_config(weight=2), "config.weight is not a field"),
    *((_filter(key, "one"), f"config.filters.{key}") for key in TEXTS),
    *((_filter(key, [1]), f"config.filters.{key}") for key in TEXTS),
    *((_filter(key, "true"), f"config.filters.{key}") for key in FLAGS),
    (_filter("state", ["Texas"]), "config.filters.state"),
    (_filter("gender", 1), "config.filters.gender"),
    (_filter("isB2b", "yes"), "config.filters.isB2b"),
    (_config(filters={"isB2b": True}), "config.filters.isB2b"),
    (_filter("jobTitle", "x" * 201), "config.filters.jobTitle"),
    (_filter("jobTitle", {"include": ["cfo"]}), "config.filters.jobTitle must be a text"),
    (_filter("companyDomain", "x" * 256), "config.filters.companyDomain"),
    (_filter("companyName", "x" * 256), "config.filters.companyName"),
]
BAD_SECOND: list[tuple[object, str]] = [
    ({"config": {"topicIds": list(range(1, 252))}}, "config.topicIds must be"),
    (_config(minScore=100), "config.minScore"),
    (_config(maxScore=49), "config.maxScore"),
    (_config(maxScore=100), "config.maxScore"),
    (_config(minTopicOverlap=251), "config.minTopicOverlap"),
    *((_filter(key, 1), f"config.filters.{key}") for key in SECOND_FLAGS),
    *((_filter(key, ["one"]), f"config.filters.{key}") for key in TERMS),
    *((_filter(key, {"values": "one"}), f"config.filters.{key}") for key in TERMS),
    (_filter("role.seniority", {"operator": "contains"}), "config.filters.role.seniority"),
    (_filter("role.seniority", {"values": ["vp"], "operator": 1}), "config.filters.role.seniority"),
    (_filter("role.seniority", {"values": ["vp"], "limit": "1"}), "config.filters.role.seniority"),
    (_filter("role", {"seniority": "vp"}), "config.filters.role.seniority"),
    (_filter("role", {"isDecisionMaker": "yes"}), "config.filters.role.isDecisionMaker"),
    (_filter("jobTitle", {"includeMode": 1}), "config.filters.jobTitle.includeMode must be a text"),
    (_filter(RANGE, [1, 10]), f"config.filters.{RANGE} must be an object"),
]
BY_GENERATION = [
    *(("either", *row) for row in BAD),
    *(("first", *row) for row in BAD_FIRST),
    *(("second", *row) for row in BAD_SECOND),
]
GOOD: list[dict[str, Any]] = [
    {},
    {"name": "x" * 255},
    {"name": "Ünïcode ✓ \u0000"},
    {"audienceSize": 0},
    {"audienceSize": 2**53 - 1},
    _config(minScore=50, maxScore=99, minTopicOverlap=10),
    _config(sourceUrl="https://example.com/a?b=c"),
    {"config": {"topicIds": list(range(1, 11)), "filters": {}}},
]
GOOD_FIRST: list[dict[str, Any]] = [
    _config(minScore=1, maxScore=1),
    _config(minScore=100, maxScore=100),
    *(_filter(key, ["one", "two"]) for key in TEXTS),
    *(_config(filters={key: False}) for key in FLAGS),
    *(_filter(key, "x" * 200) for key in ["state", "gender", "jobTitle", "companyDomain", "companyName"]),
    _filter("isB2b", "n"),
]
GOOD_SECOND: list[dict[str, Any]] = [
    _config(minScore=None, maxScore=50, minTopicOverlap=250),
    {"config": {"topicIds": list(range(1, 251))}},
    *(_config(filters={key: False}) for key in SECOND_FLAGS),
    *(_filter(key, {"values": ["one"], "operator": "contains", "mode": "any"}) for key in TERMS),
    _config(filters=NESTED),
    _config(filters={**NESTED, "role.departments": {"values": ["sales"]}}),
    _filter(RANGE, {"min": 10, "max": 2.5}),
    _filter("company", {"employeeCount": {"whatever": [1]}}),
    _config(weight=2),
]
# What only the other generation knows, or none.
UNKNOWN_FIRST: dict[str, Any] = {
    "role.isCeo": True,
    "role": {"isCeo": True},
    "company.names": {"values": ["x"]},
    "senority": ["vp"],
}
UNKNOWN_SECOND: dict[str, Any] = {
    "seniority": ["vp"],
    "jobTitle": "cfo",
    "role": {"isCoo": True},
    "unheard.of": {"min": 1},
}


@pytest.mark.parametrize(
    ("generation", "body", "names"), BY_GENERATION, ids=[f"{row[0]} {row[1]}"[:80] for row in BY_GENERATION]
)
def test_a_bad_patch_is_refused_by_name(
    first: Api, second: Api, generation: str, body: object, names: str
) -> None:
    apis = {"first": [first], "second": [second], "either": [first, second]}
    for api in apis[generation]:
        before = api.get(f"/{MARKETING}").data
        response = api.call("PATCH", f"{AUDIENCES}/{MARKETING}", b"null" if body is None else body)

        assert response.error == (400, "VALIDATION_ERROR")
        assert response.message.startswith(names)
        assert api.get(f"/{MARKETING}").data == before


def test_creating_and_previewing_have_the_same_bounds(first: Api, second: Api) -> None:
    for api, rows in ((first, BAD + BAD_FIRST), (second, BAD + BAD_SECOND)):
        for body, names in rows:
            config = body.get("config") if isinstance(body, dict) else None
            if isinstance(body, dict) and isinstance(config, dict):
                assert api.post("", {"name": "x", **body}).message.startswith(names)
            if isinstance(config, dict) and "sourceUrl" not in config:
                message = api.post("/preview", config).message
                assert message.startswith(names.removeprefix("config."))


def test_each_problem_is_named_once_up_to_ten(first: Api) -> None:
    body = {"name": "", "config": {"minScore": 0, "filters": {"seniority": "vp"}}}
    several = first.patch(MARKETING, body).message
    flood = first.patch(MARKETING, {f"field{number}": 1 for number in range(1000)}).message

    assert [problem.split()[0] for problem in several.split("; ")] == [
        "name",
        "config.topicIds",
        "config.minScore",
        "config.filters.seniority",
    ]
    assert len(flood.split("; ")) == 10


def test_what_the_contract_allows_is_stored_as_sent(fresh: Api, fresh_second: Api) -> None:
    for api, bodies in ((fresh, GOOD + GOOD_FIRST), (fresh_second, GOOD + GOOD_SECOND)):
        for body in bodies:
            response = api.patch(MARKETING, body)

            assert response.data.items() >= body.items()
            assert api.get(f"/{MARKETING}").data.items() >= body.items()


@pytest.mark.parametrize("score", [0, 49])
def test_second_generation_clamps_a_low_score(fresh_second: Api, score: int) -> None:
    sent = {"config": {**TOPIC, "minScore": score}}
    made = fresh_second.post("", {"name": "Low", **sent}).data

    assert made["config"] == {**TOPIC, "minScore": 50}
    assert fresh_second.patch(MARKETING, sent).data["config"] == {**TOPIC, "minScore": 50}
    assert fresh_second.get(f"/{MARKETING}").data["config"] == {**TOPIC, "minScore": 50}


@pytest.mark.parametrize("mode", [None, "refuse", "strip", "store"])
@pytest.mark.parametrize(("generation", "unknown"), [(1, UNKNOWN_FIRST), (2, UNKNOWN_SECOND)])
def test_unknown_filters_are_treated_as_the_mode_says(
    database: Path, mode: Any, generation: Any, unknown: dict[str, Any]
) -> None:
    second: dict[str, Any] = {"contact": {"hasBusinessEmail": True}, "role.isVp": True}
    known = {1: {"state": "Texas"}, 2: second}[generation]
    with served(create_app(database, generation=generation, unknown_filters=mode)) as api:
        before = api.get(f"/{MARKETING}").data["config"]
        for key, value in unknown.items():
            sent = {**TOPIC, "filters": {**known, key: value}}
            expected: dict[str, Any] = {
                "refuse": before,
                "strip": {**TOPIC, "filters": known},
                "store": sent,
            }[mode or {1: "refuse", 2: "store"}[generation]]
            response = api.patch(MARKETING, {"config": sent})

            assert (response.status == 400) is (expected is before)
            assert api.get(f"/{MARKETING}").data["config"] == expected


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"name": "x"}, "config is required"),
        ({"config": TOPIC}, "name is required"),
        ({"name": "x", "config": {}}, "config.topicIds is required"),
        ({"name": "x", "config": TOPIC, "id": MARKETING}, "id is not a field"),
        ([], "The body must be an object"),
    ],
)
def test_a_bad_new_audience_is_refused_by_name(either: Api, body: object, names: str) -> None:
    response = either.post("", body)

    assert response.error == (400, "VALIDATION_ERROR")
    assert response.message.startswith(names)
    assert len(either.get().data) == 17


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, "topicIds is required"),
        ({**TOPIC, "minScore": -1}, "minScore must be"),
        ({**TOPIC, "maxScore": 101}, "maxScore must be"),
        ({**TOPIC, "filters": "all"}, "filters must be"),
        ([TOPIC], "The body must be an object"),
    ],
)
def test_a_bad_preview_is_refused_by_name(either: Api, body: object, names: str) -> None:
    response = either.post("/preview", body)

    assert response.error == (400, "VALIDATION_ERROR")
    assert response.message.startswith(names)


def test_preview_takes_only_a_configs_query(first: Api) -> None:
    response = first.post("/preview", {**TOPIC, "sourceUrl": "https://example.com"})

    assert response.message == "sourceUrl is not a field of this API."
