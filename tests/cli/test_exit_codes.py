"""The truth table of an apply that began: its outcomes, whether anything was written, and the exit code."""

from __future__ import annotations

from typing import cast

import pytest

from reconciler.cli import exit_codes
from reconciler.errors import (
    ApiUnreachable,
    DefinitionError,
    Diagnostic,
    FileError,
    Interrupted,
    ReconcilerError,
    StalePlan,
)
from reconciler.plan import ApplyResult, AudienceResult, Outcome
from reconciler.plan.organization import Action, FleetReport, OrganizationResult


def result(*outcomes: str, is_interrupted: bool = False) -> ApplyResult:
    """Make a result from outcomes; one with a `+` left something written."""
    results = [
        AudienceResult("1", "A", cast("Outcome", one.strip("+")), is_written=one == "applied" or "+" in one)
        for one in outcomes
    ]
    return ApplyResult(results=tuple(results), interrupted=is_interrupted)


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        (["applied"], 0),
        (["unchanged"], 0),
        (["applied", "unchanged"], 0),
        # Nothing was written.
        (["failed"], 1),
        (["not_attempted"], 1),
        (["blocked"], 1),
        (["unchanged", "failed"], 1),
        (["conflict", "failed"], 1),
        (["conflict", "blocked"], 1),
        (["conflict"], 3),
        (["conflict", "unchanged"], 3),
        (["conflict", "not_attempted"], 3),
        # Something was.
        (["applied", "failed"], 4),
        (["applied", "conflict"], 4),
        (["applied", "blocked"], 4),
        (["applied", "not_attempted"], 4),
        (["failed+"], 4),
        (["conflict+"], 4),
        # Nobody knows.
        (["unknown+"], 5),
        (["applied", "unknown+"], 5),
        (["unknown+", "conflict", "failed"], 5),
    ],
)
def test_outcomes_have_their_code(outcomes: list[str], code: int) -> None:
    assert exit_codes.of_result(result(*outcomes)) == code
    assert exit_codes.of_result(result(*outcomes, is_interrupted=True)) == 130


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ReconcilerError("it is wrong"), 1),
        (DefinitionError([]), 1),
        (ApiUnreachable("no answer"), 1),
        (StalePlan("it moved"), 3),
        (Interrupted("interrupted"), 130),
    ],
)
def test_errors_have_their_code(error: ReconcilerError, code: int) -> None:
    assert exit_codes.of_error(error) == code


@pytest.mark.parametrize(
    ("code", "is_written", "expected"),
    [(0, False, 1), (2, False, 1), (1, False, 1), (3, False, 3), (0, True, 0), (4, True, 4), (5, True, 5)],
)
def test_lost_output_never_means_that_nothing_was_written(
    code: int, expected: int, *, is_written: bool
) -> None:
    assert exit_codes.of_undelivered(code, FileError("full"), is_written=is_written) == expected
    assert exit_codes.of_undelivered(code, Interrupted("interrupted"), is_written=is_written) == 130


@pytest.mark.parametrize(
    ("code", "is_written", "expected"),
    [(0, False, 1), (3, False, 3), (0, True, 5), (4, True, 5), (5, True, 5), (130, True, 130)],
)
def test_lost_document_leaves_writes_unknown(code: int, expected: int, *, is_written: bool) -> None:
    lost = FileError("full")
    assert exit_codes.of_undelivered(code, lost, is_written=is_written, is_document=True) == expected


@pytest.mark.parametrize(
    ("action", "outcomes", "code"),
    [
        ("plan", [], 0),
        ("validate", ["valid"], 0),
        ("validate", ["valid", "failed"], 1),
        ("plan", ["no_changes", "changes", "refused"], 0),
        ("drift", ["no_changes", "changes"], 0),
        ("plan", ["changes", "failed"], 1),
        ("apply", ["unchanged", "refused"], 3),
        ("apply", ["refused", "failed"], 1),
        # Somewhere something was written, and 1 and 3 would deny it.
        ("apply", ["applied", "unchanged"], 0),
        ("apply", ["applied", "refused"], 4),
        ("apply", ["applied", "failed"], 4),
        ("apply", ["in_part", "failed"], 4),
        ("apply", ["in_part", "unknown"], 5),
        ("apply", ["unknown", "interrupted"], 130),
        ("plan", ["no_changes", "not_attempted"], 130),
    ],
)
def test_report_has_code_of_its_worst(action: Action, outcomes: list[str], code: int) -> None:
    results = [
        OrganizationResult(str(number), one, is_written=one in {"applied", "in_part"})  # type: ignore[arg-type] # as text
        for number, one in enumerate(outcomes)
    ]
    assert exit_codes.of_report(FleetReport(action, tuple(results))) == code


def test_changes_have_a_code_where_asked_for() -> None:
    report = FleetReport("drift", (OrganizationResult("a", "changes"), OrganizationResult("b", "no_changes")))
    assert exit_codes.of_report(report, is_detailed=True) == 2
    assert exit_codes.of_report(FleetReport("plan", (), (), (Diagnostic("error", "x", "x"),))) == 1
