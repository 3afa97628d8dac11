"""The exit codes of docs/contract.md, and which outcome has which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Interrupted, ReconcilerError, Refused

if TYPE_CHECKING:
    from reconciler.plan import ApplyResult

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


def of_undelivered(code: int, error: ReconcilerError, *, is_written: bool, is_document: bool = False) -> int:
    """Return the code of a command that ended with `code`, but whose output could not be delivered.

    Where a program waited for that document, it knows of nothing that was written how it ended.
    """
    if isinstance(error, Interrupted):
        return INTERRUPTED
    if is_written and is_document:
        return code if code == INTERRUPTED else UNKNOWN
    return ERROR if code in {DONE, CHANGES} and not is_written else code
