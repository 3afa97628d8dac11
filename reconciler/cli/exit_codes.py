"""The exit codes of docs/contract.md, and which outcome has which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Interrupted, ReconcilerError, Refused

if TYPE_CHECKING:
    from reconciler.plan import ApplyResult
    from reconciler.plan.organization import FleetReport, OrganizationResult

DONE, ERROR, CHANGES, REFUSED, IN_PART, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def of_error(error: ReconcilerError) -> int:
    """Return the code of an error that came before anything was written."""
    if isinstance(error, Refused):
        return REFUSED
    return INTERRUPTED if isinstance(error, Interrupted) else ERROR


def of_result(result: ApplyResult) -> int:
    """Return the code of an apply that began."""
    outcomes = {one.outcome for one in result.results}
    if result.interrupted:
        return INTERRUPTED
    if "unknown" in outcomes:
        return UNKNOWN
    if result.is_converged:
        return DONE
    if result.is_written:
        return IN_PART
    return (
        REFUSED
        if outcomes <= {"conflict", "unchanged", "not_attempted"} and "conflict" in outcomes
        else ERROR
    )


def of_report(report: FleetReport, *, is_detailed: bool = False) -> int:
    """Return the worst code of a report's organizations.

    Where one of several was written to, no code may say that nothing was.
    """
    codes = {_of_organization(one, report.action, is_detailed=is_detailed) for one in report.results}
    codes |= {ERROR for one in report.diagnostics if one.is_error}
    worst = next(code for code in _BADNESS if code in codes | {DONE})
    return IN_PART if worst in {ERROR, REFUSED} and report.is_written else worst


def _of_organization(result: OrganizationResult, action: str, *, is_detailed: bool) -> int:
    """Return the code that the single command ends with."""
    if result.outcome in {"changes", "refused"} and action != "apply":
        return CHANGES if is_detailed else DONE
    return _CODES.get(result.outcome, DONE)


_BADNESS = (INTERRUPTED, UNKNOWN, IN_PART, ERROR, REFUSED, CHANGES, DONE)
_CODES = {
    "refused": REFUSED,
    "failed": ERROR,
    "in_part": IN_PART,
    "unknown": UNKNOWN,
    "interrupted": INTERRUPTED,
    "not_attempted": INTERRUPTED,
}


def of_undelivered(code: int, error: ReconcilerError, *, is_written: bool, is_document: bool = False) -> int:
    """Return the code of a command that ended with `code`, but whose output could not be delivered.

    Where a program waited for that document, it knows of nothing that was written how it ended.
    """
    if isinstance(error, Interrupted):
        return INTERRUPTED
    if is_written and is_document:
        return code if code == INTERRUPTED else UNKNOWN
    return ERROR if code in {DONE, CHANGES} and not is_written else code
