from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given

from reconciler import plan
from reconciler.errors import Diagnostic
from reconciler.plan import ApplyResult, Change, FieldChange, Plan
from reconciler.render import diagnostics, lookalikes, text
from tests.doubles.oracles.runner_commands import commands
from tests.unit import reviews
from tests.unit.strategies import RULES, hostile, patient

COLOURED = diagnostics.Ink(is_on=True)
_PAINT = re.compile(r"\x1b\[(?:1|2|31|32|33)m([^\x1b]*)\x1b\[0m")


def shown(*fields: FieldChange, unchanged: int = 0) -> str:
    """Return the lines of one change's fields."""
    change = Change("i", "N", "a.yaml", 2, "change", fields, {}, {}, unchanged)
    lines = text.exact([change], []).split("\n")
    return "\n".join(line.strip() for line in lines[2:])


@pytest.mark.parametrize(
    ("field", "note"),
    [
        (FieldChange("name", "Zo\u00eb", "Zoe\u0308"), "look alike: U+00EB became U+0065 U+0308"),
        (FieldChange("name", "A\u212bB", "A\u00c5B"), "look alike: U+212B became U+00C5"),
        (
            FieldChange("x", ["\ufb01"], ["fi"], ("fi", "b"), ("\ufb01", "c")),
            "look alike: U+FB01 became U+0066 U+0069",
        ),
        (FieldChange("name", "Zoe", "Zoë"), ""),
        (FieldChange("name", None, "Zoë"), ""),
        (FieldChange("config.minScore", 1, 2), ""),
    ],
)
def test_texts_that_look_alike_are_told_apart(field: FieldChange, note: str) -> None:
    assert shown(field).endswith(f"   ({note})") == bool(note)
    assert ("look alike" in shown(field)) == bool(note)


def test_looking_for_lookalikes_takes_linear_time() -> None:
    added, removed = (tuple(f"{side}{nth}" for nth in range(50_000)) for side in "ab")
    started = time.process_time()
    assert lookalikes.note(FieldChange("x", [], [], added, removed)) == ""
    assert len(lookalikes.note(FieldChange("x", "\ufb01" * 50_000, "fi" * 50_000))) < 150
    assert time.process_time() - started < 2


class TestPlan:
    @pytest.mark.parametrize(
        "case", ["one_filter", "swap", "forty", "nothing", "missing", "partial_plan", "swept"]
    )
    def test_reads_as_kept(self, case: str) -> None:
        document = text.plan(getattr(reviews, case)(), RULES)
        assert document == reviews.expected(f"plan-{case.replace('_', '-')}.txt", document)

    def test_no_changes_are_one_line(self) -> None:
        assert (
            text.plan(reviews.nothing(), RULES) == "No changes. The live audiences match the definitions.\n"
        )

    @pytest.mark.parametrize(
        ("field", "line"),
        [
            (
                FieldChange("config.filters.seniority", ["vp"], ["director"], ("director",), ("vp",)),
                "~ config.filters.seniority: + director, - vp",
            ),
            (FieldChange("status", "active", "paused"), "~ status: active -> paused"),
            (FieldChange("name", "a b", 'the "c"'), r'~ name: "a b" -> "the \"c\""'),
            (FieldChange("config.minScore", 70, 80), "~ config.minScore: 70 -> 80"),
            (FieldChange("config.minScore", None, 80), "+ config.minScore: 80"),
            (FieldChange("x", before=True, after=False), "~ x: true -> false"),
            (FieldChange("x", ["b", 1], None), "- x: b, 1"),
            (FieldChange("x", None, ["a"], ("a",), ()), "+ x: a"),
            (FieldChange("x", [], {"a": [1]}), '~ x: [] -> {"a": [1]}'),
            (FieldChange("x", ["a"], ["b"], ("b",)), "~ x: a -> b"),
            (FieldChange("x"), "+ x: null"),
            (
                FieldChange("config.topicIds", [1], [2, 3], (2, 3), (1,), {"1": "ROI", "2": "CRM, x"}),
                "~ config.topicIds: + 2 (CRM, x), + 3, - 1 (ROI)",
            ),
        ],
    )
    def test_a_field_is_one_line(self, field: FieldChange, line: str) -> None:
        assert shown(field) == line

    @pytest.mark.parametrize("member", ["a, - b", "+ b", "-b", ' "', "", " a", "a ,"])
    def test_ambiguous_member_is_quoted(self, member: str) -> None:
        quoted = json.dumps(member)
        assert shown(FieldChange("x", ["z"], [member], (member,), ("z",))) == f"~ x: + {quoted}, - z"

    @pytest.mark.parametrize(("count", "line"), [(1, "(1 unchanged field)"), (7, "(7 unchanged fields)")])
    def test_unchanged_fields_are_counted(self, count: int, line: str) -> None:
        assert shown(FieldChange("x", 1, 2), unchanged=count).endswith(f"\n{line}")

    def test_errored_plan_promises_nothing(self) -> None:
        failed = Plan("", diagnostics=(Diagnostic("error", "settings", "no key"),))
        assert text.plan(failed, RULES) == (
            "Plan: nothing to change, 0 unchanged.\nThis plan has errors and cannot be applied.\n"
        )

    def test_a_saved_plan_reads_the_same(self) -> None:
        for case in (reviews.forty(), reviews.missing()):
            saved = plan.from_document(json.loads(json.dumps(plan.to_document(case))))
            assert text.plan(saved, RULES, COLOURED) == text.plan(case, RULES, COLOURED)


class TestResult:
    @pytest.mark.parametrize("case", ["applied", "in_part", "refused", "interrupted", "wider"])
    def test_reads_as_kept(self, case: str) -> None:
        document = text.result(getattr(reviews, case)())
        assert document == reviews.expected(f"result-{case.replace('_', '-')}.txt", document)

    def test_nothing_to_do_is_one_line(self) -> None:
        assert text.result(ApplyResult()) == "Apply complete: nothing to do.\n"

    def test_many_that_are_wider_are_counted(self) -> None:
        one = reviews.wider().results[1]
        document = text.result(ApplyResult(results=(one,) * (text.MAX_WIDER + 2)))
        assert document.startswith('Live and wider than defined: "CFOs [west]", ')
        assert document.splitlines()[0].endswith(", and 2 more.")
        assert document.splitlines()[1].startswith("Pause them now: ")

    def test_partial_outcomes_still_count_them_all(self) -> None:
        value = reviews.in_part()
        document = text.result(value, shown=value.results[:1])
        assert document.startswith(
            "  applied  Spring webinar\n\nApply ended in part: 1 applied, 1 unchanged,"
        )


class TestDiagnostics:
    @pytest.mark.parametrize(
        ("diagnostic", "line"),
        [
            (
                Diagnostic("error", "x", 'unknown key "a"', 'Did you mean "b"?', "a.yaml", 3, 5, "config"),
                'a.yaml:3:5: config: unknown key "a". Did you mean "b"?',
            ),
            (Diagnostic("warning", "x", "odd", "Look", "a.yaml", 3), "a.yaml:3: Warning: odd. Look."),
            (Diagnostic("error", "x", "no key"), "Error: no key."),
            (Diagnostic("warning", "x", "really?", path="p"), "Warning: p: really?"),
        ],
    )
    def test_are_one_line_each(self, diagnostic: Diagnostic, line: str) -> None:
        assert diagnostics.diagnostics([diagnostic, diagnostic]) == f"{line}\n{line}\n"

    def test_errors_are_red_and_warnings_yellow(self) -> None:
        found = [Diagnostic("error", "x", "a"), Diagnostic("warning", "x", "b")]
        assert (
            diagnostics.diagnostics(found, COLOURED)
            == "\x1b[31mError: a.\x1b[0m\n\x1b[33mWarning: b.\x1b[0m\n"
        )

    @pytest.mark.parametrize(
        ("definitions", "errors", "line"),
        [(1, 0, "1 definition, all valid."), (0, 1, "1 problem to fix."), (3, 2, "2 problems to fix.")],
    )
    def test_a_validation_is_counted(self, definitions: int, errors: int, line: str) -> None:
        found = [Diagnostic("error", "x", "y")] * errors + [Diagnostic("warning", "x", "y")]
        assert diagnostics.validation_summary(definitions, found) == f"{line}\n"


class TestColour:
    def test_colour_appears_only_when_on(self) -> None:
        for value in (reviews.forty(), reviews.missing(), reviews.partial_plan()):
            assert "\x1b" in text.plan(value, RULES, COLOURED)
            assert _PAINT.sub(r"\1", text.plan(value, RULES, COLOURED)) == text.plan(value, RULES)
        for result in (reviews.applied(), reviews.in_part(), reviews.refused()):
            assert _PAINT.sub(r"\1", text.result(result, COLOURED)) == text.result(result)

    @patient
    @given(hostile)
    def test_outside_text_adds_no_colour_or_command(self, outside: str) -> None:
        value, result = reviews.outside(outside)
        for ink in (diagnostics.PLAIN, COLOURED):
            for document in (
                text.plan(value, RULES, ink),
                text.result(result, ink),
                diagnostics.diagnostics(value.diagnostics, ink),
            ):
                assert commands(document) == []
                bare = _PAINT.sub(r"\1", document) if ink is COLOURED else document
                assert all(char.isprintable() or char in "\n\u3000" for char in bare), bare

    @patient
    @given(hostile)
    def test_text_from_outside_adds_no_line(self, outside: str) -> None:
        value, result = reviews.outside(outside)
        same, same_result = reviews.outside("word")
        assert text.plan(value, RULES).count("\n") == text.plan(same, RULES).count("\n")
        assert text.result(result).count("\n") == text.result(same_result).count("\n")
