"""What text and Markdown say of many organizations."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors import Diagnostic
from reconciler.plan.organization import (
    FleetReport,
    Line,
    OrganizationResult,
    report_from_document,
    report_to_document,
)
from reconciler.render import fleet_comment, fleet_markdown, fleet_text
from tests.doubles.oracles import markdown

NASTY = "*a* @b <i> [c](d) | `e`"
ERROR = Diagnostic("error", "api", "it is down", "Wait")
DOWN = ["c", "d", "e", "f", "g", "h", "i"]


def changing(name: str, count: int = 1, **fields: Any) -> OrganizationResult:
    counts = {"update": count, "managed": 9}
    return OrganizationResult(
        name, "changes", counts=counts, lines=(Line(NASTY, f"grows {NASTY}"),), **fields
    )


REPORT = FleetReport(
    "plan",
    (
        OrganizationResult("a", "no_changes"),
        changing("b", 3),
        *(OrganizationResult(name, "failed", diagnostics=(ERROR,), omitted=2) for name in DOWN),
        OrganizationResult(NASTY, "no_changes"),
    ),
    gone=("left",),
)


def test_text_says_the_same_once() -> None:
    assert fleet_text.report(REPORT) == (
        "c, d, e, f, g and 2 more: failed\n"
        "  Error: it is down. Wait.\n"
        "  and 2 more problems\n"
        "\n"
        "b: 3 of 9 audiences would change\n"
        f'  "{NASTY}": grows {NASTY}\n'
        "  and 2 more audiences\n"
        "\n"
        f"No changes (2): a, {NASTY}\n"
        "No longer defined here (1): left. Their audiences keep running as they are.\n"
        "\n"
        "Plan for 10 organizations: 7 failed, 1 with changes, 2 no changes.\n"
    )


def test_markdown_stays_one_page() -> None:
    page = fleet_markdown.report(REPORT, max_in_full=1, see_also="the summary")
    assert page.startswith("## Plan for 10 organizations\n\n**7 failed, 1 with changes, 2 no changes.**\n")
    assert "> No longer defined here (1): left." in page
    assert "### c, d, e, f, g, h, i: failed\n\n- **Error:** it is down. Wait.\n- and 2 more problems" in page
    rest = (
        "### Not in full here: 1 more organization\n\n- b: 3 of 9 audiences would change\n\nSee the summary."
    )
    assert rest in page
    assert "<details><summary>No changes: 2 organizations</summary>" in page


@pytest.mark.parametrize("is_in_full", [True, False])
def test_markdown_does_nothing_by_itself(is_in_full: bool) -> None:  # noqa: FBT001 - a parameter
    applied = OrganizationResult("z", "applied", lines=tuple(Line(NASTY, NASTY) for _ in range(150)))
    whole = FleetReport("apply", (*REPORT.results, applied), diagnostics=(ERROR,))
    shown = fleet_markdown.report(whole, max_in_full=9 if is_in_full else 0)
    assert markdown.rendered(shown).references == frozenset()
    assert "- and 50 more" in shown


def test_live_and_wider_comes_first() -> None:
    wide = OrganizationResult("b", "in_part", is_written=True, live_and_wider=("CFOs",))
    report = FleetReport("apply", (OrganizationResult("a", "applied"), wide))
    assert fleet_text.report(report).startswith('Live and wider than defined: "CFOs (b)".\nPause it now:')
    shown = fleet_comment.applied(report, run="https://github.com/r", max_in_full=9)
    assert "> **Live and wider than defined:** CFOs (b). **Pause it now:" in shown
    assert "**To take it back,**" in shown
    assert shown.endswith("[The run, with its log and summary](https://github.com/r)\n")


@pytest.mark.parametrize(
    ("action", "result", "said"),
    [
        ("drift", changing("b", 1), "b: 1 of 9 audiences differs from git"),
        ("drift", changing("b", 2), "b: 2 of 9 audiences differ from git"),
        ("apply", OrganizationResult("b", "refused", counts={"not_attempted": 2}), "b: refused"),
        (
            "apply",
            OrganizationResult("b", "in_part", counts={"applied": 3}, lines=(Line("A", "x"),)),
            "  and 2 more",
        ),
    ],
)
def test_headline_says_what_it_is(action: Any, result: OrganizationResult, said: str) -> None:
    assert said in fleet_text.report(FleetReport(action, (result,)))


def test_report_survives_its_json() -> None:
    wide = OrganizationResult(
        "x", "in_part", "sha256:0", ("d",), {"applied": 1}, is_written=True, live_and_wider=("A",)
    )
    report = FleetReport("apply", (*REPORT.results, wide), ("left",), (ERROR,))
    assert report_from_document(report_to_document(report, 4)) == report


def test_nothing_selected_is_said() -> None:
    empty = FleetReport("plan", ())
    assert fleet_text.report(empty) == "Plan for 0 organizations: no organization is selected.\n"
    assert "no audience changes" in fleet_comment.planned(empty, {})
    assert "no audience changes" not in fleet_comment.planned(FleetReport("validate", ()), {})
