"""What GitHub shows: whole documents for the five cases that a marketer meets, cuts, and outside text."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given

from reconciler.errors import (
    Diagnostic,
    LimitExceeded,
    NotApproved,
    ProtectedAudience,
    SlotsExceeded,
    StalePlan,
)
from reconciler.plan import Change, FieldChange, Plan
from reconciler.render import comment
from reconciler.render.origin import Place
from tests.doubles.oracles.markdown import Rendered, rendered
from tests.unit import reviews
from tests.unit.reviews import BASE
from tests.unit.strategies import RULES, hostile, patient
from tests.unit.test_render_markdown import tag_free

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.plan.model import Cause

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

FILES = "https://github.com/acme/audiences/blob/0123abc"
RUN = "https://github.com/acme/audiences/actions/runs/81"
STALE = StalePlan(
    "what this merge would do now is not what was reviewed",
    "Usually somebody edited an audience in the dashboard after the review, or another pull request was "
    "applied first",
).diagnostics


def caused(plan: Plan, cause: Cause = "change") -> Plan:
    """Return a plan in which every field has a cause."""
    return replace(
        plan,
        changes=tuple(
            replace(change, fields=tuple(replace(field, cause=cause) for field in change.fields))
            for change in plan.changes
        ),
    )


def forty() -> Plan:
    """Plan forty changes, of which a fifth is drift and some were changed on both sides."""
    kinds: list[Cause] = ["change", "drift", "change", "both", "change"]
    plan = caused(reviews.forty())
    ids = [one.id for one in plan.audience_changes]
    changes = [
        caused(replace(plan, changes=(one,)), kinds[ids.index(one.id) % 5]).changes[0] for one in plan.changes
    ]
    return replace(plan, changes=tuple(changes))


def refused() -> str:
    organization = reviews.Organization()
    organization.add(
        "CFOs at fintech companies",
        {"config": {**BASE, "minScore": 85}},
        {"config": {**BASE, "minScore": 60}},
    )
    organization.add("Founders", {"status": "active"}, {"status": "paused", "name": "Founders (ask Ana)"})
    changes = organization.plan().changes
    rest = [comment.nothing_left(["Spring webinar"])]
    return comment.refused(STALE, changes, RULES, remarks=rest, run=RUN)


CASES: dict[str, Callable[[], str]] = {
    "one-filter": lambda: comment.planned(caused(reviews.one_filter()), RULES),
    "swap": lambda: comment.planned(caused(reviews.swap()), RULES),
    "forty-with-drift": lambda: comment.planned(forty(), RULES),
    "nothing": lambda: comment.planned(reviews.nothing(), RULES),
    "refused": refused,
    "applied": lambda: comment.applied(reviews.applied(), has_begun=True, run=RUN),
    "failed": lambda: comment.applied(reviews.in_part(), has_begun=True, run=RUN),
    "drift": lambda: comment.drifted(reviews.swap(), RULES),
}


@pytest.mark.parametrize("case", CASES)
def test_a_comment_reads_as_kept(case: str) -> None:
    shown = CASES[case]()

    assert shown == reviews.expected(f"comment-{case}.md", shown)


class TestPlanned:
    def test_promises_only_what_an_apply_would_do(self) -> None:
        promise = "Merging applies exactly this"
        assert promise in comment.planned(reviews.swap(), RULES)
        for plan in (reviews.forty(), reviews.nothing(), reviews.missing()):
            assert promise not in comment.planned(plan, RULES)

    def test_notes_what_it_could_not_find_out(self) -> None:
        note = Diagnostic(
            "warning", "file", "nobody can tell here which of this is drift", "Fetch the history"
        )
        shown = comment.planned(reviews.swap(), RULES, [note])

        assert "**Warning:** nobody can tell here which of this is drift. Fetch the history." in shown


class TestRefused:
    def test_says_how_to_go_on(self) -> None:
        for error, onward in (
            (StalePlan("x"), "open another pull request for these files"),
            (NotApproved("x"), "open another pull request for these files"),
            (ProtectedAudience("x"), "fix this in another pull request"),
            (LimitExceeded("x"), "`max_changes` in `reconciler.toml`. To go on, fix this"),
        ):
            shown = comment.refused(error.diagnostics, (), RULES)
            assert onward in shown
            assert "http" not in shown
            assert "would" not in shown.partition("To go on")[0]

    def test_full_slots_do_not_blame_max_changes(self) -> None:
        shown = comment.refused(SlotsExceeded("x").diagnostics, (), RULES)

        assert "**No room:** x." in shown
        assert "max_changes" not in shown

    def test_counts_what_it_does_not_show(self) -> None:
        changes = reviews.forty().audience_changes
        shown = comment.refused(STALE, changes, RULES, max_shown=3)

        assert "**Not shown here: 37 more.** The run's log names them." in shown
        assert shown.count("Audience 0") + shown.count("Audience 2") == 3
        assert "What would happen now" not in comment.refused(STALE, changes, RULES, max_shown=0)

    @pytest.mark.parametrize(
        ("names", "said"),
        [
            ([], ""),
            (["A"], "Of what was reviewed, nothing is left to do for: A."),
            ([f"A{nth}" for nth in range(31)], "A19, and 11 more."),
        ],
    )
    def test_names_what_is_done_already(self, names: list[str], said: str) -> None:
        assert comment.nothing_left(names).endswith(said)


class TestApplied:
    def test_says_whether_the_review_still_stands(self) -> None:
        assert "still stands" in comment.applied(reviews.refused(), has_begun=False)
        assert "run the newest job" in comment.applied(reviews.interrupted(), has_begun=True)
        for shown in (comment.applied(reviews.applied(), has_begun=over) for over in (True, False)):
            assert "still stands" not in shown
            assert "newest job" not in shown

    def test_part_that_was_refused_is_shown_apart(self) -> None:
        many = reviews.forty().audience_changes
        shown = comment.applied(
            reviews.applied(), has_begun=True, refused=comment.left_out(STALE, many, RULES), run=RUN
        )

        assert shown.startswith("### Audiences: applied in part\n")
        assert "**Not shown here: 20 more.**" in shown
        assert "Not shown" not in comment.left_out(STALE, many[:20], RULES)

    def test_live_and_wider_comes_before_all_else(self) -> None:
        shown = comment.applied(reviews.wider(), has_begun=True, max_shown=0)

        assert shown.startswith(
            "### Audiences: failed\n\n> [!CAUTION]\n> **Live and wider than defined:** `CFOs [west]`. **Pause"
        )

    def test_failed_outcomes_come_first_of_many(self) -> None:
        shown = comment.applied(
            reviews.in_part(), has_begun=True, max_shown=2, see_also=comment.summary_link(RUN)
        )

        assert "| CFOs | **not changed**" in shown
        assert f"**Not shown here: 7 more audiences.** See [the job's summary]({RUN})." in shown
        assert comment.summary_link("") == "the job's summary"


def test_one_definition_is_one() -> None:
    assert "**1 definition, all valid.**" in comment.validated(1)
    assert "**2 definitions, all valid.**" in comment.validated(2)


def long_plan(count: int, name: str) -> Plan:
    fields = [(FieldChange("config.sourceUrl", None, f"https://x.test/{nth}"),) for nth in range(count)]
    changes = tuple(
        Change(reviews.identity(nth), f"{name} {nth}", "a.yaml", 1, "change", fields[nth], {}, {})
        for nth in range(count)
    )
    return Plan("https://api.example.com", count, changes)


class TestFitted:
    @pytest.mark.parametrize(
        ("max_bytes", "size"),
        [
            (comment.MAX_COMMENT, 300),
            (40_000, 300),
            pytest.param(150_000, 1000, marks=pytest.mark.slow),
        ],
    )
    def test_as_many_whole_audiences_as_possible_are_kept(self, max_bytes: int, size: int) -> None:
        plan = long_plan(size, f"Audience \N{SNOWMAN}{100 * ' and more'}")
        render = partial(comment.planned, plan, RULES, see_also="see_also")
        shown = comment.fit(render, size, max_bytes)
        count = size - int(re.search(r"Not shown here: (\d+) more", shown)[1])  # type: ignore[index]

        assert max_bytes - 2000 < len(shown.encode()) <= max_bytes
        assert shown == render(max_shown=count, max_exact=0)
        assert 0 < count < size
        assert f"Not shown here: {size - count} more audiences.** See see_also." in shown
        assert f"**Of {size} audiences, {size} would change.**" in shown

    def test_what_fits_is_left_whole(self) -> None:
        render = partial(comment.planned, reviews.forty(), RULES)

        assert comment.fit(render, 40, 65_000) == render()

    def test_long_text_without_audiences_is_cut_between_lines(self) -> None:
        odd = "\N{CROSS MARK}" * 900
        found = tuple(Diagnostic("error", "x", f"{odd} {nth}", odd, f"{nth}.yaml", 1) for nth in range(30))
        plan = replace(reviews.forty(), diagnostics=found)
        render = partial(comment.planned, plan, RULES)
        shown = comment.fit(render, 40, 65_000)

        assert len(shown.encode()) <= 65_000
        assert shown.startswith(render(max_shown=0)[:200])
        assert shown.endswith("\n\n**The rest does not fit here.**\n")
        assert "<details>" not in shown
        lines = render(max_shown=0).splitlines()
        assert all(line in lines for line in shown.splitlines()[:-1])

    def test_cut_text_closes_all_it_opens(self) -> None:
        warnings = tuple(Diagnostic("warning", "x", "y" * 900, f"{nth}") for nth in range(30))
        plan = replace(reviews.swap(), diagnostics=warnings)
        render = partial(comment.planned, plan, RULES)
        shown = comment.fit(render, 2, 8_000)

        assert "<details>" not in shown
        assert shown.endswith("**The rest does not fit here.**\n")


def everything(outside: str) -> list[Rendered]:
    """Return every document there is, with one text wherever text comes from outside."""
    plan, result = reviews.outside(outside)
    notes = [Diagnostic("warning", "x", outside or "x", outside, outside, 1)]
    return [
        rendered(document)
        for document in (
            comment.planned(caused(plan), RULES, notes, place=Place(FILES, 40 * "0", "now", outside)),
            comment.planned(caused(plan, "drift"), RULES, max_shown=1, see_also=comment.summary_link(RUN)),
            comment.planned(caused(plan, "both"), RULES),
            comment.drifted(plan, RULES),
            comment.applied(result, has_begun=True, refused=comment.left_out(notes, plan.changes, RULES)),
            comment.refused(notes, plan.changes, RULES, remarks=[comment.nothing_left([outside, outside])]),
        )
    ]


@cache
def calm() -> list[Rendered]:
    return everything("calm")


@patient
@example("--> <!-- reconciler:plan {} -->\n")
@example("</details>")
@given(hostile)
def test_outside_text_changes_no_structure_and_does_nothing(outside: str) -> None:
    for found, expected in zip(everything(outside), calm(), strict=True):
        assert tag_free(found.shape) == tag_free(expected.shape)
        assert found.references == expected.references
