"""What the API says that it would store, held against what a definition asks for."""

from __future__ import annotations

from typing import Any, cast

import pytest

from reconciler import schema
from reconciler.model import Definition, Fields, Verdict, normalise
from reconciler.plan.evaluation import problems

RULES = schema.rules()
FILTERS = ("config", "filters")
PLACES = {
    ("config",): (4, 3),
    ("config", "topicIds"): (4, 13),
    ("config", "minScore"): (5, 13),
    FILTERS: (7, 5),
    (*FILTERS, "role.seniority"): (7, 21),
}
ASKED: dict[str, Any] = {
    "topicIds": [1, 2],
    "minScore": 30,
    "filters": {"role.seniority": {"values": ["vp", "VP"]}},
}
KEYS = frozenset({"role.seniority"})


def fields(config: dict[str, Any]) -> Fields:
    return cast("Fields", normalise({"config": config}, RULES))


def found(stored: dict[str, Any] | None, applied: frozenset[str] = KEYS, refusal: str = "") -> list[str]:
    """Return the problems of ASKED, as `line:column: path: code: summary`."""
    asked = fields(ASKED)
    definition = Definition("x", "A", "audiences.d/a.yaml", 1, 5, asked, places=PLACES)
    verdict = Verdict(refusal, None if stored is None else fields(stored), applied)
    return [
        f"{one.line}:{one.column}: {one.path}: {one.code}: {one.summary}"
        for one in problems(definition, asked, verdict, RULES)
    ]


@pytest.mark.parametrize(
    "stored",
    [
        ASKED,
        {**ASKED, "topicIds": [2, 1], "maxScore": 99, "minTopicOverlap": 1, "sourceUrl": None, "new": 1},
        {**ASKED, "filters": {**ASKED["filters"], "company.names": {"values": []}, "contact.x": None}},
    ],
)
def test_what_is_stored_as_sent_is_fine(stored: dict[str, Any]) -> None:
    assert found(stored) == []


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        ({"minScore": 50}, "5:13: config.minScore: stored-otherwise: 30 would be stored as 50"),
        ({"minScore": None}, "5:13: config.minScore: stored-otherwise: 30 would not be stored"),
        (
            {"topicIds": [1, 3]},
            "4:13: config.topicIds: stored-otherwise: would be stored without 2 and with 3",
        ),
        (
            {"filters": {"role.seniority": {"values": ["vp"]}}},
            '7:21: config.filters.role.seniority.values: stored-otherwise: would be stored without "VP"',
        ),
        (
            {"filters": {}},
            '7:21: config.filters.role.seniority.values: stored-otherwise: "VP", "vp" would not be stored',
        ),
        (
            {"filters": {**ASKED["filters"], "contact.hasBusinessEmail": True}},
            "7:5: config.filters.contact.hasBusinessEmail: stored-otherwise: the API would add true",
        ),
        (
            {"filters": {**ASKED["filters"], "new.b": True, "new.a": 1}},
            '7:5: config.filters: stored-otherwise: the API would add "new.a", "new.b"',
        ),
    ],
)
def test_what_is_stored_otherwise_is_an_error(stored: dict[str, Any], problem: str) -> None:
    assert found({**ASKED, **stored}) == [problem]


def test_everything_wrong_with_a_filter_is_said() -> None:
    stored = {
        **ASKED,
        "filters": {"role.seniority": {**ASKED["filters"]["role.seniority"], "operator": "in"}},
    }
    assert [one.split(": ")[2] for one in found(stored, frozenset())] == [
        "stored-otherwise",
        "filter-not-applied",
    ]


def test_filter_that_is_not_applied_is_an_error() -> None:
    assert found(ASKED, frozenset()) == [
        "7:21: config.filters.role.seniority: filter-not-applied: the API would not apply this filter"
    ]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [("", "the API refuses this config"), ("no topic 2", "the API refuses this config: no topic 2")],
)
def test_refusal_is_an_error_at_the_config(refusal: str, said: str) -> None:
    assert found(None, refusal=refusal) == [f"4:3: config: refused-config: {said}"]


@pytest.mark.parametrize(
    ("stored", "hint"),
    [
        ({"minScore": 50}, "Write 50 if that is meant"),
        (
            {"filters": {**ASKED["filters"], "new": True}},
            "This version does not know it. If it is meant, set it in the dashboard",
        ),
        ({"filters": {**ASKED["filters"], "role.isCeo": True}}, "Write it in the file too if it is meant"),
    ],
)
def test_hint_names_what_would_be_stored(stored: dict[str, Any], hint: str) -> None:
    asked = fields(ASKED)
    definition = Definition("x", "A", "a.yaml", 1, 5, asked, places={})
    (one,) = problems(definition, asked, Verdict("", fields({**ASKED, **stored}), KEYS), RULES)
    assert (one.line, one.column, one.detail) == (1, 5, hint)
