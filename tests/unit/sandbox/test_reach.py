"""The size of an audience: deterministic, and never smaller for a wider config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox import reach
from tests.unit.sandbox.calls import MARKETING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sandbox.calls import Api

TOPICS = [102391, 117801, 117805, 117890, 130442, 999999]
WORDS = ["director", "vp", "manager", "Somebody Else", "software development", "Texas"]
TERMS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)
FIRST = st.fixed_dictionaries(
    {},
    optional={
        "seniority": TERMS,
        "companyIndustry": TERMS,
        "state": st.sampled_from(WORDS),
        "isB2b": st.sampled_from(["y", "n"]),
        "hasPhone": st.booleans(),
        "unheardOf": st.sampled_from([["x"], {"min": 10}]),
    },
)
SECOND = st.fixed_dictionaries(
    {},
    optional={
        "role.seniority": st.fixed_dictionaries({"values": TERMS}),
        "role.isCeo": st.booleans(),
        "company.employeeCount": st.just({"min": 10}),
        "jobTitle": st.fixed_dictionaries({"exclude": TERMS, "excludeMode": st.just("any")}),
        "unheard.of": st.sampled_from([{"values": ["x"]}, {"min": 10}]),
    },
)


def _configs(filters: st.SearchStrategy[dict[str, Any]], scores: tuple[int, int]) -> Any:
    return st.fixed_dictionaries(
        {"topicIds": st.lists(st.sampled_from(TOPICS), min_size=1, max_size=6)},
        optional={
            "minScore": st.integers(*scores),
            "maxScore": st.integers(*scores),
            "minTopicOverlap": st.integers(1, 10),
            "filters": filters,
        },
    )


CONFIGS = st.one_of(
    st.tuples(st.just(1), _configs(FIRST, (1, 100))), st.tuples(st.just(2), _configs(SECOND, (50, 99)))
)
Config = dict[str, Any]
# The fields of a person in a preview, as the vendor's client types them; it types the first ones as null.
ALWAYS_NULL = {
    "headline",
    "incomeRange",
    "netWorth",
    "companyDomain",
    "companyRevenue",
    "companyLinkedinUrl",
    "companyNaics",
    "companySic",
}
NUMBERS = {"intentScore", "topicId", "topicOverlap"}
TEXTS_OR_NULL = {
    "topicName",
    "email",
    "firstName",
    "lastName",
    "ageRange",
    "gender",
    "linkedinUrl",
    "isB2b",
    "isB2c",
    "city",
    "state",
    "jobTitle",
    "seniority",
    "department",
    "company",
    "companyIndustry",
    "companySize",
    "companyRevenueRange",
    "directNumbers",
    "businessEmail",
}


def _fewer_filters(config: Config) -> Config:
    return {**config, "filters": dict(list(config.get("filters", {}).items())[1:])}


def _more_values(config: Config) -> Config:
    filters = config.get("filters", {})
    if "seniority" not in filters:
        return config
    return {**config, "filters": {**filters, "seniority": [*filters["seniority"], "c_suite"]}}


WIDER: dict[str, Callable[[Config], Config]] = {
    "another topic": lambda config: {**config, "topicIds": [*config["topicIds"], 117918]},
    "a lower score": lambda config: {**config, "minScore": max(1, config.get("minScore", 50) - 7)},
    "a higher score": lambda config: {**config, "maxScore": min(100, config.get("maxScore", 100) + 7)},
    "less overlap": lambda config: {
        **config,
        "minTopicOverlap": max(1, config.get("minTopicOverlap", 1) - 1),
    },
    "a filter fewer": _fewer_filters,
    "a value more": _more_values,
}


@given(CONFIGS)
def test_a_wider_config_never_reaches_fewer(case: tuple[Any, Config]) -> None:
    generation, config = case
    size = reach.people(config, generation)

    assert size >= 0
    for name, widen in WIDER.items():
        assert reach.people(widen(config), generation) >= size, name


@given(CONFIGS)
def test_equivalent_configs_have_the_same_size(case: tuple[Any, Config]) -> None:
    generation, config = case
    spelled = {
        **reach.DEFAULTS[generation],
        **dict(reversed(config.items())),
        "topicIds": config["topicIds"][::-1] * 2,
    }

    assert reach.people(spelled, generation) == reach.people(config, generation)


@pytest.mark.parametrize("value", [5, {"values": 5}, {"values": [5]}, {}, None])
def test_value_of_another_kind_limits_nothing(value: object) -> None:
    config = {"topicIds": [117805], "filters": {"seniority": value}}

    assert reach.people(config, 1) == reach.people({"topicIds": [117805]}, 1)


@pytest.mark.parametrize(
    ("generation", "narrower", "wider"),
    [
        ("either", {"minScore": 71}, {"minScore": 70}),
        ("either", {"minTopicOverlap": 2}, {}),
        ("first", {"filters": {"seniority": ["vp"]}}, {"filters": {"seniority": ["vp", "director"]}}),
        ("first", {"filters": {"seniority": ["vp"]}}, {"filters": {}}),
        ("first", {"filters": {"hasPhone": True}}, {"filters": {"hasPhone": False}}),
        ("first", {"filters": {"state": "Texas"}}, {"filters": {"state": "California"}}),
        ("first", {"filters": {"seniority": ["vp"]}}, {"filters": {"seniority": []}}),
        ("second", {"filters": {"role": {"isCeo": True}}}, {"filters": {"role.isVp": True}}),
        ("second", {"filters": {"company.employeeCount": {"min": 10}}}, {"filters": {}}),
        (
            "second",
            {"filters": {"jobTitle.exclude": {"values": ["intern", "student"]}}},
            {"filters": {"jobTitle": {"exclude": ["intern"], "excludeMode": "any"}}},
        ),
    ],
)
def test_narrower_config_has_smaller_preview_count(
    first: Api, second: Api, generation: str, narrower: Config, wider: Config
) -> None:
    for api in {"first": [first], "second": [second], "either": [first, second]}[generation]:
        sizes = [
            api.post("/preview", {"topicIds": [117805, 117890], **config}).data["totalCount"]
            for config in (narrower, wider)
        ]

        assert sizes[0] < sizes[1]


@pytest.mark.parametrize("nobody", [{"minScore": 80, "maxScore": 79}, {"minTopicOverlap": 3}])
def test_a_config_that_nobody_can_match_reaches_nobody(either: Api, nobody: Config) -> None:
    data = either.post("/preview", {"topicIds": [117805, 117890], **nobody}).data

    assert (data["totalCount"], data["sample"]) == (0, [])


def test_preview_count_equals_saved_audience_size(first: Api, second: Api) -> None:
    for api, size in ((first, 1851), (second, 1791)):
        saved = api.get(f"/{MARKETING}").data

        assert api.post("/preview", saved["config"]).data["totalCount"] == saved["audienceSize"] == size


def test_a_preview_shows_masked_people(either: Api) -> None:
    data = either.post("/preview", {"topicIds": [117805, 999999], "minScore": 90}).data

    assert len(data["sample"]) == 5
    for person in data["sample"]:
        assert person["masked"] is True
        assert person["email"].startswith("***@")
        assert person["email"].endswith(".example")
        assert person["lastName"] == "***"
        assert 90 <= person["intentScore"] <= 100
    assert [person["topicName"] for person in data["sample"][:2]] == ["Marketing ROI", None]


def test_masked_person_has_all_fields_of_vendor_client(either: Api) -> None:
    sample = either.post("/preview", {"topicIds": [117805, 999999, 117805], "minTopicOverlap": 2}).data[
        "sample"
    ]

    assert len(sample) == 5
    for person in sample:
        rest = {"matchedTopicIds", "emailHashes", "masked"}
        assert set(person) == ALWAYS_NULL | NUMBERS | TEXTS_OR_NULL | rest
        assert {person[key] for key in ALWAYS_NULL} == {None}
        assert {type(person[key]) for key in NUMBERS} == {int}
        assert {type(person[key]) for key in TEXTS_OR_NULL} == {str, type(None)}
        assert person["emailHashes"] == {"sha256": None, "sha1": None, "md5": None}
        assert (person["matchedTopicIds"], person["topicOverlap"]) == ([117805, 999999], 2)
        assert person["topicId"] in person["matchedTopicIds"]


def test_each_generation_has_its_own_preview(first: Api, second: Api) -> None:
    body = {"topicIds": [117805], "filters": {"hasPhone": True, "seniority": ["vp"]}}
    nested = {"topicIds": [117805], "minScore": 10, "filters": {"role": {"isVp": True}, "role.isCeo": True}}
    plain, full = first.post("/preview", body), second.post("/preview", nested)
    shape = {"totalCount", "sample", "dataDate"}

    assert set(plain.body) == {"data"}
    assert set(plain.data) == shape | {"previewKey"}
    assert set(full.data) == shape | {"configHash", "strategy", "breakdowns", "appliedFilters"}
    assert full.data["appliedFilters"] == ["role.isCeo", "role.isVp"]
    assert full.data["configHash"] == second.post("/preview", {**nested, "minScore": 50}).data["configHash"]
    assert {"value": "c_suite", "label": "C suite"}.items() <= full.data["breakdowns"]["seniorities"][
        4
    ].items()
    assert sum(each["count"] for each in full.data["breakdowns"]["industries"]) <= full.data["totalCount"]
    assert first.post("/preview", body).raw == plain.raw
