"""What a plan's view says: sentences about people, the order of rows, the numbers, the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import Diagnostic
from reconciler.plan import Change, FieldChange, Plan
from reconciler.plan.model import Cause, Missing, Reach
from reconciler.plan.reach import WARNING
from reconciler.render import sentences, totals, view
from reconciler.render.medium import TERMINAL
from reconciler.render.values import Lexicon
from tests.unit import reviews
from tests.unit.strategies import RULES

LOW, HIGH, OVERLAP, TOPICS = (
    f"config.{key}" for key in ("minScore", "maxScore", "minTopicOverlap", "topicIds")
)


def change(*fields: FieldChange, name: str = "N", reach: Reach | None = None, **more: Any) -> Change:
    return Change(name, name, "a.yaml", 2, "change", fields, {}, more.pop("before", {}), reach=reach, **more)


def said(*fields: FieldChange, **more: Any) -> tuple[str, str]:
    """Return what a change does in words, and its kind."""
    one = change(*fields, **more)
    found = sentences.consequences(one, Lexicon(RULES), TERMINAL)
    return sentences.joined(found), sentences.kind(one, found)


@pytest.mark.parametrize(
    ("before", "after", "words", "kind"),
    [
        ((70, 100), (60, 100), "also takes people who score 60 to 69", "more"),
        ((60, 100), (60, 90), "drops people who score 91 to 100", "fewer"),
        ((60, 100), (61, 100), "drops people who score 60", "fewer"),
        (
            (70, 90),
            (60, 80),
            "also takes people who score 60 to 69; drops people who score 81 to 90",
            "other",
        ),
        (
            (95, 100),
            (62, 90),
            "everyone there today leaves: people who score 62 to 90 instead of 95 to 100",
            "other",
        ),
        ((None, 60), (None, 80), "also takes people who score 61 to 80", "more"),
        ((70, None), (60, None), "also takes people who score 60 to 69", "more"),
        ((None, 60), (70, 60), "minimum intent score is now 70, was not set", "same"),
        (
            (70, None),
            (60, 99),
            "the minimum intent score falls from 70 to 60; maximum intent score is",
            "more",
        ),
        ((80, 70), (60, 70), "the minimum intent score falls from 80 to 60", "more"),
    ],
)
def test_range_says_whom_it_takes_and_drops(
    before: tuple[int | None, int | None], after: tuple[int | None, int | None], words: str, kind: str
) -> None:
    sides = zip((LOW, HIGH), before, after, strict=True)
    fields = [FieldChange(path, was, now) for path, was, now in sides if was != now]
    live = dict(zip(("minScore", "maxScore"), before, strict=True))
    text, effect = said(*fields, before={"config": {key: one for key, one in live.items() if one}})

    assert text.startswith(words)
    assert effect == kind


@pytest.mark.parametrize(
    ("overlap", "words", "kind"),
    [
        (None, "also takes people who research CRM; drops people who research topic 2 alone", "other"),
        (1, "also takes people who research CRM; drops people who research topic 2 alone", "other"),
        (2, "topics now also include CRM, no longer include topic 2", "other"),
    ],
)
def test_one_topic_more_needs_the_overlap(overlap: int | None, words: str, kind: str) -> None:
    field = FieldChange(TOPICS, [2, 3], [1, 3], (1,), (2,), {"1": "CRM"})
    live = {"config": {"minTopicOverlap": overlap} if overlap else {}}

    assert said(field, before=live) == (words, kind)


@pytest.mark.parametrize(
    ("before", "after", "words", "kind"),
    [
        (1, 2, "now only people who research at least 2 of its topics, instead of 1", "fewer"),
        (3, 2, "also takes people who research at least 2 of its topics, instead of 3", "more"),
    ],
)
def test_overlap_says_how_many_topics(before: int, after: int, words: str, kind: str) -> None:
    assert said(FieldChange(OVERLAP, before, after)) == (words, kind)


def test_drift_in_one_end_marks_the_whole_range() -> None:
    fields = (FieldChange(LOW, 70, 60, cause="change"), FieldChange(HIGH, 90, 80, cause="drift"))
    (one,) = sentences.consequences(change(*fields), Lexicon(RULES), TERMINAL)

    assert one.cause == "both"
    assert (one.live, one.defined) == (
        "minimum intent score 70, maximum intent score 90",
        "minimum intent score 60, maximum intent score 80",
    )


def named(*reaches: tuple[str, Reach | None]) -> list[str]:
    rename = FieldChange(HIGH, 80, 90)
    changes = [change(rename, name=name, reach=reach) for name, reach in reaches]
    return [row.change.name for row in view.rows(changes, RULES, TERMINAL)]


def test_largest_effect_on_people_comes_first() -> None:
    assert named(
        ("same", Reach(5, 5, "d")),
        ("few", Reach(10, 11, "d")),
        ("many", Reach(9, 900, "d")),
        ("unknown", None),
    ) == ["many", "few", "unknown", "same"]


@pytest.mark.parametrize(
    ("before", "after", "heading"),
    [
        (10, 0, "Would reach nobody"),
        (10, 30, "At least three times as many people"),
        (10, 29, None),
        (10, 5, "Half of the people or fewer"),
        (10, 6, None),
        (0, 9, None),
        (None, None, None),
    ],
)
def test_odd_numbers_of_people_need_a_look(
    before: int | None, after: int | None, heading: str | None
) -> None:
    one = change(FieldChange(HIGH, 80, 90), reach=Reach(before, after, "d"))
    found = view.of(Plan("o", 1, (one,)), RULES, TERMINAL).verdict

    assert [reason.heading for reason in found.looks] == ([heading] if heading else [])
    assert found.word == ("look twice" if heading else "ready")


def test_long_list_is_counted_and_cut() -> None:
    active = {"before": {"status": "active"}}
    some = [
        change(FieldChange(HIGH, 80, 90), name=f"N{nth}", reach=Reach(9, 0, "d"), **active)
        for nth in range(30)
    ]
    found = view.of(Plan("o", 30, tuple(some)), RULES, TERMINAL).verdict

    assert [reason.heading for reason in found.looks] == [
        "Would reach nobody (30)",
        "Active while it changes (30)",
    ]
    assert all("and 22 more." in reason.text for reason in found.looks)


def test_pause_of_an_empty_audience_is_plain() -> None:
    pause = replace(
        change(FieldChange("status", "active", "paused"), reach=Reach(0, 0, "d")), phase="release"
    )
    assert view.of(Plan("o", 1, (pause,)), RULES, TERMINAL).verdict.word == "ready"


@pytest.mark.parametrize(
    ("moves", "causes", "said"),
    [
        ([(80, 90)], ["change"], "It would match more people. None of this is drift."),
        ([(80, 90), (80, 95)], [None, None], "Both would match more people."),
        ([(80, 90)] * 3, ["change", "change", "both"], "All 3 would match more people."),
        ([(80, 90), (90, 80)], ["change", "drift"], "Of these 2, 1 would match more people and 1 would"),
    ],
)
def test_breakdown_says_whether_any_is_drift(
    moves: list[tuple[int, int]], causes: list[Cause | None], said: str
) -> None:
    some = [
        change(FieldChange(HIGH, *move, cause=cause), name=f"N{nth}")
        for nth, (move, cause) in enumerate(zip(moves, causes, strict=True))
    ]
    shown = totals.breakdown(view.of(Plan("o", 3, tuple(some)), RULES, TERMINAL))

    assert shown.startswith(said)
    assert ("drift" in shown) == (set(causes) == {"change"})


def test_limit_of_its_own_is_said_once() -> None:
    one = change(FieldChange(HIGH, 80, 90), reach=Reach(10, 40, "d"))
    limits = [Diagnostic("warning", WARNING, text, "", "a.yaml", line) for text, line in [("A", 2), ("B", 9)]]
    found = view.of(Plan("o", 1, (one,), diagnostics=tuple(limits)), RULES, TERMINAL).verdict

    assert [(reason.heading, reason.text) for reason in found.looks] == [
        ("At least three times as many people", '"N" (10 before, 40 then).'),
        ("People", "B. (a.yaml:9)"),
    ]


def test_headline_adds_up_on_both_levels() -> None:
    for plan in (reviews.forty(), reviews.missing(), reviews.swept(), reviews.nothing()):
        seen = view.of(plan, RULES, TERMINAL)
        numbers = [int(word) for word in totals.headline(seen).replace(",", " ").split() if word.isdigit()]
        assert numbers[0] == sum(numbers[1:]) == plan.managed
        assert sum(seen.counts.values()) == len(seen.rows)
    empty = Plan("o", missing=(Missing("i", "a.yaml", 1),))
    assert totals.headline(view.of(empty, RULES, TERMINAL)) == "No audience is defined here."


@pytest.mark.parametrize(
    ("limit", "end"),
    [
        (None, "9 would then be in use, and `active_slots` in `reconciler.toml` does not say of how many."),
        (9, "9 of 9 would then be in use."),
        (8, "that takes 9, and there are 8."),
    ],
)
def test_ledger_says_whether_slots_are_enough(limit: int | None, end: str) -> None:
    start = replace(change(FieldChange("status", "paused", "active"), name="A"), phase="activate")
    plan = Plan("o", 1, (start,), active=8, active_slots=limit)

    assert totals.slots(view.of(plan, RULES, TERMINAL), TERMINAL).endswith(f'1 would start ("A"): {end}')
