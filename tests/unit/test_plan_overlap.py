"""Audiences that would be the same people twice, or differ in one filter or topic only."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Definition
from reconciler.plan import overlap
from reconciler.plan.overlap import NEARLY, SAME, SPLIT, Planned
from tests.unit.strategies import RULES, normal

BASE: dict[str, Any] = {"topicIds": [1, 2], "minScore": 70}
NAMES = {"config.topicIds": {"1": "CRM Software", "3": "Marketing ROI"}}
INDUSTRIES = {"company.industries": {"values": ["software"], "operator": "any"}}


def config(topics: tuple[int, ...] = (1, 2), filters: Any = None, **more: Any) -> dict[str, Any]:
    return {**BASE, "topicIds": [*topics], **({} if filters is None else {"filters": filters}), **more}


def audience(nth: int, wanted: Any, status: str = "active", *, is_changed: bool = False) -> Planned:
    fields = normal({"name": f"A{nth}", "status": status, **({} if wanted is None else {"config": wanted})})
    definition = Definition(f"{nth}", f"A{nth}", f"audiences.d/{nth:04}.yaml", 2, 5, fields)
    return Planned(definition, fields, NAMES, is_changed)


def found(*configs: Any, changed: int | None = None) -> list[tuple[str, str]]:
    planned = [audience(nth, one, is_changed=nth == changed) for nth, one in enumerate(configs)]
    return [(one.code, one.summary) for one in overlap.warnings(planned, RULES)]


@pytest.mark.parametrize(
    ("one", "other", "code", "said"),
    [
        (config(), config((2, 1)), SAME, "twice, which costs 1 active slot for nobody new"),
        (config(), config(sourceUrl="https://example.com"), SAME, "twice"),
        (config(filters={"state": ""}), config(), SAME, "twice"),
        (config(), config(minScore=60), None, ""),
        (config(), config(xNew=1), None, ""),
        (config(xNew=1), config(xNew=True), None, ""),
        (config(), None, None, ""),
        (config(), config((1, 3)), NEARLY, '(topic 2 in the first; "Marketing ROI" in the second)'),
        (config((1,)), config((1, 3)), NEARLY, 'one topic only (none in the first; "Marketing ROI" in the'),
        (config((1,)), config((2,)), None, ""),
        (config((1, 2, 3)), config((1, 4, 5)), None, ""),
        (
            config(filters={"seniority": ["vp", "director"]}),
            config(filters={"seniority": ["vp", "c_suite"]}),
            NEARLY,
            "(directors, vice presidents in the first; C-suite executives, vice presidents in the second)",
        ),
        (
            config(),
            config(filters={"hasPhone": True}),
            NEARLY,
            "(not set in the first; yes in the second): one audience for both would take 1 active slot fewer",
        ),
        (
            config(filters={"hasPhone": True}),
            config(filters={"hasPhone": False}),
            NEARLY,
            "yes in the first; no",
        ),
        (
            config(filters={"state": "Ohio"}),
            config(filters={"state": "Iowa"}),
            SPLIT,
            "Ohio in the first; Iowa",
        ),
        (
            config(filters={"seniority": ["vp"]}),
            config(filters={"seniority": ["cxo"]}),
            SPLIT,
            "vice presidents in the first; chief",
        ),
        (
            config(filters=INDUSTRIES),
            config(filters={"company.industries": {"values": ["banking"], "operator": "any"}}),
            SPLIT,
            '"industries" (any, software in the first; any, banking in the second)',
        ),
        (
            config(filters={"jobTitle.exclude": {"values": ["intern"]}}),
            config(filters={"jobTitle.exclude": {"values": ["student"]}}),
            NEARLY,
            "intern in the first; student in the second",
        ),
        (
            config(filters={"x.new": {"a": 1}}),
            config(filters={"x.new": {"a": [2]}}),
            NEARLY,
            '"x.new" (1 in the',
        ),
        (config(filters={"state": "a"}), config(filters={"gender": "f"}), None, ""),
        (config(filters={"state": "a", "gender": "f"}), config(), None, ""),
        (
            config(filters={"state": "a" * 90}),
            config(),
            NEARLY,
            f"{'a' * 59}\N{HORIZONTAL ELLIPSIS} in the first",
        ),
    ],
)
def test_two_audiences_overlap(one: Any, other: Any, code: str | None, said: str) -> None:
    shown = found(one, other)

    assert [found_ for found_, _ in shown] == ([] if code is None else [code])
    for _, summary in shown:
        assert summary.startswith('"A0" (audiences.d/0000.yaml:2) and "A1" (audiences.d/0001.yaml:2) would ')
        assert said in summary


def test_one_that_changes_stands_first() -> None:
    planned = [audience(nth, config(), is_changed=nth == 2) for nth in range(3)]
    (one,) = overlap.warnings(planned, RULES)

    assert (one.file, one.line, one.column, one.path) == ("audiences.d/0002.yaml", 2, 5, "config")
    names = (
        '"A2" (audiences.d/0002.yaml:2), "A0" (audiences.d/0000.yaml:2) and "A1" (audiences.d/0001.yaml:2)'
    )
    assert one.summary.startswith(names)
    assert "3 times, which costs 2 active slots" in one.summary


@pytest.mark.parametrize("status", ["paused", "draft"])
def test_only_what_would_be_active_counts(status: str) -> None:
    assert not [*overlap.warnings([audience(0, config()), audience(1, config(), status)], RULES)]


def test_large_family_is_one_warning() -> None:
    levels = [config(filters={"seniority": ["vp", f"level {nth}"]}) for nth in range(500)]
    ((code, summary),) = found(*levels)

    assert code == NEARLY
    assert '"A4" (audiences.d/0004.yaml:2) and 495 more would all be active' in summary
    assert "in the fifth): one audience for all would take 499 active slots fewer" in summary


def test_split_into_three_is_meant() -> None:
    levels = [config(filters={"seniority": [f"level {nth}"]}) for nth in range(3)]
    assert [len(found(*levels[:count])) for count in (2, 3)] == [1, 0]


def test_equal_ones_count_once_in_a_family() -> None:
    assert [code for code, _ in found(config(), config(), config((1, 2, 3)))] == [SAME, NEARLY]


def test_warnings_are_bounded_and_counted() -> None:
    pairs = [config((2 * nth + 10, 2 * nth + 11), minScore=60) for nth in range(60) for _ in range(2)]
    shown = found(*pairs, changed=119)

    assert len(shown) == overlap.MAX_WARNINGS + 1
    assert shown[0][1].startswith('"A119" (audiences.d/0119.yaml:2) and "A118" ')
    assert shown[-1][1] == "10 more overlaps among audiences are not listed here"


parts = st.fixed_dictionaries(
    {"topicIds": st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True)},
    optional={
        "minScore": st.sampled_from([60, 70]),
        "filters": st.dictionaries(
            st.sampled_from(["seniority", "department"]),
            st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2, unique=True),
        ),
    },
)


@given(st.lists(parts, min_size=2, max_size=5))
def test_every_pair_is_found_and_no_other(configs: list[dict[str, Any]]) -> None:
    """What the index finds is what a comparison of each with each finds."""
    firsts = {repr(_plain(one)): nth for nth, one in reversed([*enumerate(configs)])}.values()
    expected = {
        (kind, pair)
        for pair in combinations(sorted(firsts), 2)
        for kind in _kinds(*(configs[nth] for nth in pair))
    }
    shown = {
        ("filter" if "one filter only" in said else "topic", pair)
        for code, said in found(*configs)
        if code != SAME
        for pair in combinations(sorted(map(int, re.findall(r'"A(\d)"', said))), 2)
    }
    assert shown == expected


def _plain(one: dict[str, Any]) -> list[Any]:
    filters = {key: sorted(values) for key, values in sorted(one.get("filters", {}).items())}
    return [sorted(one["topicIds"]), one.get("minScore"), filters]


def _kinds(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return in what alone two differ: in one filter, or in one topic where they share another."""
    (left, low, wanted), (right, high, others) = _plain(one), _plain(other)
    keys = [key for key in {*wanted, *others} if wanted.get(key) != others.get(key)]
    most = max(len({*left} - {*right}), len({*right} - {*left}))
    is_topic = not keys and most == 1 and bool({*left} & {*right})
    is_filter = len(keys) == 1 and left == right
    return ["topic"] * is_topic + ["filter"] * is_filter if low == high else []
