"""Plans, results and errors as what there is to report of one organization."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.app.fleet.keys import VARIABLE
from reconciler.errors import ApiRejected, Interrupted, Refused
from reconciler.plan import objections
from reconciler.plan.organization import MAX_DIAGNOSTICS, Line, OrganizationResult
from reconciler.render import sentences, view
from reconciler.render.medium import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.app.apply_session import ApplySession
    from reconciler.definitions import Checked
    from reconciler.errors import Diagnostic, ReconcilerError
    from reconciler.plan import ApplyResult, Plan
    from reconciler.plan.organization import Outcome

MAX_LINES = 50  # audiences
_LET_GO = "has no definition any more, and stays as it is live: nobody manages it"


def of_error(organization: str, error: ReconcilerError) -> OrganizationResult:
    """Return the result of work that ended before anything was written."""
    outcome: Outcome = (
        "interrupted"
        if isinstance(error, Interrupted)
        else "refused"
        if isinstance(error, Refused)
        else "failed"
    )
    return _result(organization, outcome, error.diagnostics)


def of_validation(organization: str, checked: Checked) -> OrganizationResult:
    outcome: Outcome = "failed" if checked.has_errors else "valid"
    return _result(organization, outcome, checked.diagnostics, counts={"definitions": checked.count})


def of_plan(organization: str, plan: Plan, *, is_drift: bool) -> OrganizationResult:
    """Return the result of a plan; drift is never refused, since nothing is going to be applied."""
    outcome: Outcome = "changes" if plan.changes else "no_changes"
    if plan.errored:
        outcome = "failed"
    elif not is_drift and objections(plan):
        outcome = "refused"
    rows = view.rows(plan.audience_changes[:MAX_LINES], schema.rules(), TERMINAL)
    return _result(
        organization,
        outcome,
        plan.diagnostics,
        digest=plan.digest,
        changes=tuple(map(plan.digest_of, plan.changes)),
        counts=plan.summary,
        lines=(
            *(Line(row.change.name, sentences.joined(row.consequences)) for row in rows),
            *(Line(one.name, _LET_GO) for one in plan.ownership.no_longer_managed[:MAX_LINES]),
        ),
    )


def of_apply(
    organization: str, result: ApplyResult, error: ReconcilerError | None, session: ApplySession
) -> OrganizationResult:
    """Return the result of an apply, however far it came."""
    return _result(
        organization,
        _outcome(result, error),
        [*(session.plan.diagnostics if session.plan and error is None else ()), *result.diagnostics],
        digest=result.digest,
        counts=dict(result.summary.items()),
        is_written=result.is_written,
        live_and_wider=tuple(one.name for one in result.live_and_wider),
        lines=tuple(
            Line(one.name, ": ".join(filter(None, (one.outcome.replace("_", " "), one.detail))))
            for one in result.results[:MAX_LINES]
        ),
    )


def _outcome(result: ApplyResult, error: ReconcilerError | None) -> Outcome:
    """Return the outcome that has the exit code of a single apply."""
    outcomes = {one.outcome for one in result.results}
    if result.interrupted:
        return "interrupted"
    if "unknown" in outcomes:
        return "unknown"
    if result.is_converged:
        return "applied" if result.is_written else "unchanged"
    if result.is_written:
        return "in_part"
    is_conflict = "conflict" in outcomes and outcomes <= {"conflict", "unchanged", "not_attempted"}
    return "refused" if isinstance(error, Refused) or (error is None and is_conflict) else "failed"


def _result(
    organization: str,
    outcome: Outcome,
    diagnostics: Sequence[Diagnostic],
    *,
    digest: str | None = None,
    changes: tuple[str, ...] = (),
    counts: Mapping[str, int] | None = None,
    is_written: bool = False,
    live_and_wider: tuple[str, ...] = (),
    lines: tuple[Line, ...] = (),
) -> OrganizationResult:
    told = (_of_its_key(one, organization) for one in diagnostics)
    errors_first = sorted(told, key=lambda one: not one.is_error)
    return OrganizationResult(
        organization,
        outcome,
        digest,
        changes,
        dict(counts or {}),
        is_written,
        live_and_wider,
        lines,
        tuple(errors_first[:MAX_DIAGNOSTICS]),
        max(len(errors_first) - MAX_DIAGNOSTICS, 0),
    )


def _of_its_key(one: Diagnostic, organization: str) -> Diagnostic:
    """Return a diagnostic whose hint is about this organization's key, wherever that came from."""
    if one.code != ApiRejected.code:
        return one
    return replace(one, detail=one.detail.replace(VARIABLE, f"the key of {organization}"))
