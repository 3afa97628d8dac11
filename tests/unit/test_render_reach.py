"""Which filter takes away most people, in words that each medium takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plan.model import Reach, Step
from reconciler.render import markdown, page, text
from reconciler.render.medium import MARKDOWN, TERMINAL
from reconciler.render.reach import largest_cut_words, numbers
from tests.unit import reviews
from tests.unit.strategies import RULES

STATE, PHONE = "config.filters.state", "config.filters.hasPhone"


@pytest.mark.parametrize(
    ("funnel", "said"),
    [
        ([], ""),
        ([("config", 900), (STATE, 451)], ""),
        ([("config", 900), (STATE, 450)], '900 without filters; most are taken away by "state" (50%)'),
        ([("config", 900), (STATE, 300), (PHONE, 90)], 'by "people with a phone number" (70%)'),
        ([("config", 9000), (STATE, 1)], "(99%)"),
        ([("config", 9000), (STATE, 0), (PHONE, 0)], 'by "state" (all)'),
        ([("config", 0), (STATE, 0)], ""),
        ([("config", 9), (STATE, 10)], ""),
        ([("config", 9), ("config.filters.x <b>", 1)], "by `config.filters.x <b>` (89%)"),
    ],
)
def test_largest_cut_is_named(funnel: list[tuple[str, int]], said: str) -> None:
    change = replace(
        reviews.one_filter().changes[0], reach=Reach(1, 1, funnel=tuple(Step(*one) for one in funnel))
    )
    shown = largest_cut_words(change, RULES, MARKDOWN)

    assert said in shown
    assert bool(said) == bool(shown)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (100_000, 1, ", -99%"),
        (100_000, 100_001, ", less than 1% more"),
        (100_001, 100_000, ", less than 1% fewer"),
        (100, 150, ", +50%"),
        (100, 0, "-> 0"),
    ],
)
def test_share_is_never_more_than_true(before: int, after: int, said: str) -> None:
    assert numbers(replace(reviews.one_filter().changes[0], reach=Reach(before, after, "d"))).endswith(said)


def test_hostile_filter_stays_text() -> None:
    hostile = "config.filters.</details> @team\x1b[1m\n::error::x"
    plan = reviews.one_filter()
    reach = Reach(9, 1, "2026-11-26", funnel=(Step("config", 9), Step(hostile, 1)))
    plan = replace(plan, changes=tuple(replace(one, reach=reach) for one in plan.changes))

    assert "\x1b" not in text.plan(plan, RULES)
    assert "\n::error" not in text.plan(plan, RULES)
    assert "<sub>9 without filters; most are taken away by `config.filters.</details> @team" in markdown.plan(
        plan, RULES
    )
    assert "</details> @team" not in page.plan(plan, RULES)
    assert largest_cut_words(plan.changes[0], RULES, TERMINAL).startswith("9 without filters")
