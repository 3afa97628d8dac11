"""Every body that the contract forbids is refused by name, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.sandbox.calls import AUDIENCES, MARKETING

if TYPE_CHECKING:
    from tests.unit.sandbox.calls import Api

TOPIC = {"topicIds": [117805]}
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


def _config(**fields: object) -> dict[str, Any]:
    return {"config": {**TOPIC, **fields}}


def _filter(key: str, value: object) -> dict[str, Any]:
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
    ({"config": {"topicIds": list(range(1, 12))}}, "config.topicIds must be"),
    ({"config": {"topicIds": ["117805"]}}, "config.topicIds must be"),
    ({"config": {"topicIds": [True]}}, "config.topicIds must be"),
    ({"config": {"topicIds": [117805.0]}}, "config.topicIds must be"),
    ({"config": {"topicIds": 117805}}, "config.topicIds must be"),
    (_config(minScore=0), "config.minScore"),
    (_config(minScore=101), "config.minScore"),
    (_config(minScore=70.0), "config.minScore"),
    (_config(minScore=True), "config.minScore"),
    (_config(minScore="70"), "config.minScore"),
    (_config(minScore=None), "config.minScore"),
    (_config(maxScore=0), "config.maxScore"),
    (_config(maxScore=101), "config.maxScore"),
    (_config(minTopicOverlap=0), "config.minTopicOverlap"),
    (_config(minTopicOverlap=11), "config.minTopicOverlap"),
    (_config(sourceUrl="no uri"), "config.sourceUrl"),
    (_config(sourceUrl=1), "config.sourceUrl"),
    (_config(filters=[]), "config.filters must be an object"),
    *((_filter(key, "one"), f"config.filters.{key}") for key in TEXTS),
    *((_filter(key, [1]), f"config.filters.{key}") for key in TEXTS),
    *((_filter(key, "true"), f"config.filters.{key}") for key in FLAGS),
    *(
        (_filter(key, 1), f"config.filters.{key}")
        for key in ["contact.hasBusinessEmail", "role.isDecisionMaker"]
    ),
    (_filter("state", ["Texas"]), "config.filters.state"),
    (_filter("gender", 1), "config.filters.gender"),
    (_filter("isB2b", "yes"), "config.filters.isB2b"),
    (_config(filters={"isB2b": True}), "config.filters.isB2b"),
    (_filter("jobTitle", "x" * 201), "config.filters.jobTitle"),
    (_filter("companyDomain", "x" * 256), "config.filters.companyDomain"),
    (_filter("companyName", "x" * 256), "config.filters.companyName"),
    *((_filter(key, ["one"]), f"config.filters.{key}") for key in TERMS),
    *((_filter(key, {"values": "one"}), f"config.filters.{key}") for key in TERMS),
    (_filter("role.seniority", {"operator": "contains"}), "config.filters.role.seniority"),
    (_filter("role.seniority", {"values": ["vp"], "operator": 1}), "config.filters.role.seniority"),
    (_filter("role.seniority", {"values": ["vp"], "limit": "1"}), "config.filters.role.seniority"),
]
GOOD: list[dict[str, Any]] = [
    {},
    {"name": "x" * 255},
    {"name": "Ünïcode ✓ \u0000"},
    {"audienceSize": 0},
    {"audienceSize": 2**53 - 1},
    _config(minScore=1, maxScore=1, minTopicOverlap=10),
    _config(sourceUrl="https://example.com/a?b=c"),
    {"config": {"topicIds": list(range(1, 11)), "filters": {}}},
    *(_filter(key, ["one", "two"]) for key in TEXTS),
    *(_config(filters={key: False}) for key in [*FLAGS, "contact.hasBusinessEmail", "role.isDecisionMaker"]),
    *(_filter(key, {"values": ["one"], "operator": "contains", "mode": "any"}) for key in TERMS),
    *(_filter(key, "x" * 200) for key in ["state", "gender", "jobTitle", "companyDomain", "companyName"]),
    _filter("isB2b", "n"),
]


@pytest.mark.parametrize(("body", "names"), BAD, ids=[str(body)[:70] for body, _ in BAD])
def test_a_bad_patch_is_refused_by_name(either: Api, body: object, names: str) -> None:
    before = either.get(f"/{MARKETING}").data
    response = either.call("PATCH", f"{AUDIENCES}/{MARKETING}", b"null" if body is None else body)

    assert response.error == (400, "VALIDATION_ERROR")
    assert response.message.startswith(names)
    assert either.get(f"/{MARKETING}").data == before


def test_each_problem_is_named_once_up_to_ten(either: Api) -> None:
    body = {"name": "", "config": {"minScore": 0, "filters": {"seniority": "vp"}}}
    several = either.patch(MARKETING, body).message
    flood = either.patch(MARKETING, {f"field{number}": 1 for number in range(1000)}).message

    assert [problem.split()[0] for problem in several.split("; ")] == [
        "name",
        "config.topicIds",
        "config.minScore",
        "config.filters.seniority",
    ]
    assert len(flood.split("; ")) == 10


def test_what_the_contract_allows_is_stored_as_sent(fresh: Api, fresh_second: Api) -> None:
    for api in (fresh, fresh_second):
        for body in GOOD:
            response = api.patch(MARKETING, body)

            assert response.data.items() >= body.items()
            assert api.get(f"/{MARKETING}").data.items() >= body.items()


@pytest.mark.parametrize(
    "body",
    [
        _config(weight=2),
        _filter("senority", ["vp"]),
        _filter("unheard.of", {"values": ["x"]}),
        _filter("unheard.of", {"min": 10, "max": 2.5}),
    ],
    ids=["config", "filter", "dotted filter", "number range"],
)
def test_only_second_generation_stores_unknown_config_keys(
    fresh: Api, fresh_second: Api, body: dict[str, Any]
) -> None:
    refused = fresh.patch(MARKETING, body)

    assert refused.error == (400, "VALIDATION_ERROR")
    assert refused.message.endswith(" is not a field of this API.")
    assert fresh_second.patch(MARKETING, body).data["config"] == body["config"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"name": "x"}, "config is required"),
        ({"config": TOPIC}, "name is required"),
        ({"name": "x", "config": {}}, "config.topicIds is required"),
        ({"name": "x", "config": TOPIC, "audienceSize": 1}, "audienceSize is not a field"),
        ([], "The body must be an object"),
    ],
)
def test_a_bad_new_audience_is_refused_by_name(either: Api, body: object, names: str) -> None:
    response = either.post("", body)

    assert response.error == (400, "VALIDATION_ERROR")
    assert response.message.startswith(names)
    assert len(either.get().data) == 16


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, "topicIds is required"),
        ({**TOPIC, "minScore": 0}, "minScore must be"),
        ({**TOPIC, "filters": {"isB2b": "x"}}, "filters.isB2b must be"),
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
