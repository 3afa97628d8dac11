from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import plan
from reconciler.errors import ApiUnreachable, Diagnostic, StalePlan
from reconciler.plan import ApplyResult, AudienceResult, Change, FieldChange, Plan
from reconciler.plan.model import Commit
from reconciler.render import markdown, markdown_notes, markdown_result, markdown_table, sentences, view
from reconciler.render.medium import MARKDOWN
from reconciler.render.values import Lexicon
from tests.doubles.oracles.markdown import rendered
from tests.doubles.oracles.runner_commands import commands
from tests.unit import reviews
from tests.unit.strategies import RULES, hostile, patient, unknown_values

DAY = "2026-11-20"


def described(*fields: FieldChange, **more: Any) -> str:
    return sentences.joined(sentences.consequences(change(*fields, **more), Lexicon(RULES), MARKDOWN))


def kind(one: Change) -> str:
    return sentences.kind(one, sentences.consequences(one, Lexicon(RULES), MARKDOWN))


def change(*fields: FieldChange, before: Any = None, patch: Any = None, **more: Any) -> Change:
    whole = {"id": "i", "name": "N", "file": "a.yaml", "line": 2, "phase": "change", **more}
    return Change(fields=fields, before=before or {}, patch=patch or {}, **whole)


def filters(**values: Any) -> dict[str, Any]:
    return {"config": {"filters": {"role.seniority": values}}}


class TestPlan:
    @pytest.mark.parametrize(
        "case", ["one_filter", "swap", "forty", "nothing", "missing", "partial_plan", "swept", "only_swept"]
    )
    def test_reads_as_kept(self, case: str) -> None:
        document = markdown.plan(getattr(reviews, case)(), RULES)
        assert document == reviews.expected(f"plan-{case.replace('_', '-')}.md", document)

    def test_a_saved_plan_reads_the_same(self) -> None:
        for case in (reviews.forty(), reviews.missing(), reviews.nothing()):
            saved = plan.from_document(json.loads(json.dumps(plan.to_document(case))))
            assert markdown.plan(saved, RULES) == markdown.plan(case, RULES)

    def test_audiences_that_start_or_stop_come_first(self) -> None:
        document = markdown.show(
            view.of(reviews.forty(), RULES, MARKDOWN),
            max_shown=7,
            max_exact=7,
            see_also="the job's summary",
        )
        whole = markdown.plan(reviews.forty(), RULES)
        assert document.splitlines()[0] == whole.splitlines()[0] == "### Plan: would be refused"
        for name in ("00", "01", "02", "26", "27", "28"):
            assert f"Audience {name}" in document.partition("**Not shown here")[0]
        assert "**Not shown here: 33 more audiences.** See the job's summary." in document
        assert document.count("  ~ Audience") == 7
        assert "40 would change" in document

    def test_of_many_audiences_none_need_be_shown(self) -> None:
        document = markdown.plan(reviews.one_filter(), RULES, max_shown=0)
        assert "**Not shown here: 1 more audience.**\n" in document
        assert "| Audience |" not in document

    def test_errored_plan_says_why(self) -> None:
        error = ApiUnreachable("the API cannot be reached", "Try again")
        assert markdown.plan(Plan("", diagnostics=error.diagnostics), RULES) == (
            "### Plan: would be refused\n\n"
            "> [!CAUTION]\n"
            "> **Would be refused**. Nothing has changed, and nothing can until this is fixed:\n>\n"
            "> - **Error:** the API cannot be reached. Try again.\n\n"
            "Nothing could be compared, so nobody can say what would change.\n"
        )

    def test_a_note_alone_is_folded(self) -> None:
        noted = Plan("o", 1, diagnostics=(Diagnostic("warning", "x", "a note"),))
        document = markdown.plan(noted, RULES)
        assert document.startswith("### Plan: nothing to change\n\n**No changes.")
        assert "a note" in document.partition("<details>")[2]
        assert "a note" not in document.partition("<details>")[0]

    def test_worst_problems_come_first_others_are_counted(self) -> None:
        found = [Diagnostic("warning", "x", f"odd {nth}") for nth in range(30)]
        lines = markdown_notes.notes([*found, Diagnostic("error", "x", "bad")]).splitlines()
        assert (lines[0], lines[1], lines[-1]) == (
            "- **Error:** bad.",
            "- **Warning:** odd 0.",
            "- and 11 more",
        )
        assert len(lines) == markdown_notes.MAX_NOTES + 1

    def test_cut_plan_lists_a_bounded_number_of_problems(self) -> None:
        errors = tuple(Diagnostic("warning", "x", f"odd {nth}") for nth in range(900))
        document = markdown.plan(Plan("o", 1, diagnostics=errors), RULES, max_shown=0)
        assert document.count("odd") == markdown_notes.MAX_NOTES
        assert markdown.plan(Plan("o", 1, diagnostics=errors), RULES).count("odd") == len(errors)


class TestResult:
    @pytest.mark.parametrize("case", ["applied", "in_part", "refused", "interrupted", "wider"])
    def test_reads_as_kept(self, case: str) -> None:
        document = markdown_result.result(getattr(reviews, case)())
        assert document == reviews.expected(f"result-{case.replace('_', '-')}.md", document)

    def test_nothing_to_do_is_one_line(self) -> None:
        assert markdown_result.result(ApplyResult()) == "**Nothing had to change.**\n"

    def test_one_is_not_many(self) -> None:
        one = ApplyResult(results=(AudienceResult("i", "N", "applied", is_written=True),))
        assert markdown_result.result(one).startswith("**1 audience changed as planned.**")

    def test_nothing_written_is_said_first(self) -> None:
        results = (AudienceResult("i", "N", "conflict"),)
        assert markdown_result.result(ApplyResult(results=results)).startswith(
            "**Nothing was changed.** Run the plan"
        )

    def test_stopped_before_anything_is_said(self) -> None:
        assert markdown_result.result(ApplyResult(interrupted=True)) == "**Nothing was changed.**\n"

    def test_a_refusal_is_named_in_plain_words(self) -> None:
        stale = StalePlan("this is not the reviewed plan any more", "Review the plan above")
        assert markdown_result.result(ApplyResult(diagnostics=stale.diagnostics)) == (
            "**Nothing was changed.** This is why:\n\n"
            "- **Out of date:** this is not the reviewed plan any more. Review the plan above.\n"
        )

    def test_applied_and_wider_is_not_as_planned(self) -> None:
        one = AudienceResult("i", "@N", "applied", "", 1, is_written=True, is_live_and_wider=True)
        document = markdown_result.result(ApplyResult(results=(one,) * 21))
        assert document.startswith("> [!CAUTION]\n> **Live and wider than defined:** `@N`")
        assert ", and 1 more. **Pause them now: " in document
        assert "**0 of 21 audiences are as planned, 21 are not.**" in document

    def test_audiences_not_as_planned_come_first(self) -> None:
        document = markdown_result.result(reviews.in_part(), max_shown=1, see_also="the job's summary")
        assert document.count("CFOs") == 1
        assert "Spring webinar" not in document
        assert "**Not shown here: 8 more audiences.** See the job's summary." in document


class TestSentences:
    """What happens to an audience; more of them are in `expected/plan-forty.md`."""

    @pytest.mark.parametrize(
        ("before", "after", "phase", "said"),
        [
            ("active", "paused", "release", "**pauses**, and its people are no longer refreshed"),
            (
                "active",
                "draft",
                "release",
                "**stops**: becomes a draft, and its people are no longer refreshed",
            ),
            ("draft", "active", "activate", "**starts**: becomes active, and its people are refreshed daily"),
            ("draft", "paused", "change", "becomes paused, was draft"),
            (None, "draft", "change", "becomes a draft"),
        ],
    )
    def test_status_is_described_by_its_effect(self, before: Any, after: Any, phase: Any, said: str) -> None:
        assert described(FieldChange("status", before, after), phase=phase) == said

    @pytest.mark.parametrize(
        ("path", "before", "after", "said"),
        [
            ("config.minScore", 80, 60, "also takes people who score 60 to 79"),
            (
                "config.minScore",
                None,
                80,
                "minimum intent score is now 80, was not set",
            ),
            (
                "config.maxScore",
                90,
                None,
                "maximum intent score is no longer set, was 90",
            ),
            ("config.maxScore", "90", 100, 'maximum intent score is now 100, was "90"'),
            ("config.sourceUrl", "about", None, 'source page is no longer set, was "about"'),
            ("config.filters.state", None, "Ohio", "now only people who live in Ohio, instead of any state"),
            (
                "config.filters.state",
                "Ohio",
                None,
                "now any state, instead of only people who live in Ohio",
            ),
            (
                "config.filters.hasPhone",
                None,
                True,
                "now only people with a phone number",
            ),
            (
                "config.filters.hasPhone",
                True,
                None,
                "no longer only people with a phone number",
            ),
            (
                "config.filters.hasPhone",
                None,
                False,
                (
                    'the filter "people with a phone number" is now "no", was not set; '
                    'the API does not document whom "no" selects'
                ),
            ),
            ("config.filters.role.seniority", {}, None, '"job levels" was there and empty'),
            (
                "config.new",
                1,
                2,
                "`config.new` changes, which this version has no words for",
            ),
        ],
    )
    def test_value_is_described_by_its_effect(self, path: str, before: Any, after: Any, said: str) -> None:
        assert described(FieldChange(path, before, after)) == said

    @pytest.mark.parametrize(
        ("old", "new", "effect"),
        [
            ({}, {}, "more"),
            ({"operator": "contains"}, {"operator": "contains", "mode": "any"}, "more"),
            ({"mode": "all"}, {"mode": "all"}, "other"),
            ({}, {"operator": "excludes"}, "other"),
            ({"mode": "all"}, {}, "other"),
        ],
    )
    def test_more_values_reach_more_only_where_inclusive(
        self, old: dict[str, str], new: dict[str, str], effect: str
    ) -> None:
        field = FieldChange("config.filters.role.seniority.values", ["vp"], ["cxo", "vp"], ("cxo",), ())
        one = change(field, before=filters(values=["vp"], **old), patch=filters(values=["cxo", "vp"], **new))
        assert kind(one) == effect

    def test_removed_filter_omits_how_it_compared(self) -> None:
        fields = (
            FieldChange("config.filters.role.seniority.values", ["vp"], None, (), ("vp",)),
            FieldChange("config.filters.role.seniority.mode", "any", None),
        )
        assert described(*fields, before=filters(values=["vp"], mode="any"), patch={"config": {}}) == (
            'now all job levels, instead of only vice presidents (mode "any")'
        )

    def test_change_without_words_is_not_silent(self) -> None:
        field = FieldChange("config.filters.role.seniority.mode", "any", None)
        said = described(field, before=filters(mode="any"), patch={"config": {}})
        assert said == 'the filter "job levels" changes in a detail'

    def test_texts_that_look_alike_are_told_apart(self) -> None:
        said = described(FieldChange("name", "Zo\u00eb", "Zoe\u0308"))
        assert said == 'is renamed, was "Zo\u00eb" (look alike: U+00EB became U+0065 U+0308)'

    def test_protection_comes_first(self) -> None:
        one = change(FieldChange("name", "A", "B"), is_protected=True)
        assert "| **is protected**, so this is refused<br>is renamed, was" in (
            markdown_table.of_changes([one], RULES)
        )

    def test_effects_in_both_directions_are_neither(self) -> None:
        fields = (FieldChange("config.minScore", 80, 70), FieldChange("config.maxScore", 100, 90))
        assert kind(change(*fields)) == "other"
        assert kind(change(FieldChange("name", "A", "B"))) == "same"

    def test_long_lists_and_values_are_cut(self) -> None:
        some = tuple(f"{nth}{'x' * 300}" for nth in range(30))
        said = described(FieldChange("config.filters.seniority", ["vp"], [*some, "vp"], some, ()))
        assert said.endswith("…, and 22 more")
        assert len(said) < 2000

    def test_no_field_is_named_as_the_files_do(self) -> None:
        table, _, folded = markdown.plan(reviews.forty(), RULES).partition("<details>")
        for path in RULES:
            if any(char.isupper() or char == "." for char in path[-1]):
                assert path[-1] not in table
        assert "minScore" in folded


class TestOutside:
    """Text from files, dashboards and servers is shown and does nothing."""

    @patient
    @given(st.sampled_from(sorted(RULES)), st.data())
    def test_any_change_of_a_saved_plan_is_shown(self, path: tuple[str, ...], data: st.DataObject) -> None:
        values: Any = st.none() | unknown_values
        lists: Any = st.none() | st.lists(unknown_values, max_size=2).map(tuple)
        field = FieldChange(
            ".".join(path),
            data.draw(values),
            data.draw(values),
            data.draw(lists),
            data.draw(lists),
            {"1": "ROI"},
        )
        one = change(field, before={"config": data.draw(values)}, patch={"config": data.draw(values)})
        odd = replace(one, phase=data.draw(st.sampled_from(["release", "change", "activate"])))
        document = markdown.plan(Plan("o", 1, (odd,)), RULES)
        assert "| N |  |" not in document

    @patient
    @given(hostile)
    def test_changes_neither_structure_nor_adds_anything_that_acts(self, outside: str) -> None:
        for document, wanted in zip(documents(outside), harmless_shapes(), strict=True):
            seen = rendered(document)
            assert tag_free(seen.shape) == wanted
            assert seen.references == frozenset()
            assert commands(document) == []

    def test_sentence_stays_readable_around_escaped_words(self) -> None:
        found = Diagnostic("error", "x", 'unknown "a_b" (or <b>) in "X - Y", e.g. [z](y)', "See www.x.test!")
        assert markdown_notes.notes([found]) == (
            '- **Error:** unknown "a_b" (or `<b>`) in "X `-` Y", `e.g`. `[z](y`). See `www.x.test`!'
        )


def documents(outside: str) -> list[str]:
    """Return the documents there are, with one text wherever text comes from outside."""
    plan, result = reviews.outside(outside)
    return [
        markdown.plan(plan, RULES),
        markdown.plan(plan, RULES, max_shown=1),
        markdown_result.result(result),
    ]


@cache
def harmless_shapes() -> list[tuple[str, ...]]:
    return [tag_free(rendered(document).shape) for document in documents("word")]


def tag_free(shape: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in shape if not part.startswith(("softbreak",)))


@pytest.mark.parametrize(("second", "count"), [("Ana", 1), ("Bo", 2)])
def test_commit_that_many_share_is_said_once(second: str, count: int) -> None:
    steps = [
        change(
            FieldChange("status", "active", "paused"),
            id=author,
            name=author,
            commit=Commit("a" * 40, author, DAY),
        )
        for author in ("Ana", second)
    ]
    row = markdown_table.of_changes(steps, RULES).splitlines()[-1]
    shared = "of all: last commit `aaaaaaaa` by Ana on 2026-11-20"

    assert (row.count("last commit"), shared in row) == (count, count == 1)
    assert "by Bo on" in row.partition("**The same in 2:**")[2] or count == 1
