"""The durable apply of one organization as it is stored: words of ours, counts and digests, no audience."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from reconciler.plan.document import diagnostic_to_document
from reconciler.plan.model import FORMAT_VERSION
from reconciler.plan.organization import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors import Diagnostic
    from reconciler.model import Json

State = Literal["running", "waiting", "failed", "done"]
STATES: tuple[State, ...] = get_args(State)
_DONE = frozenset({"applied", "unchanged"})


@dataclass(frozen=True, slots=True)
class StoredResult:
    """How the apply of one organization ended.

    `counts` is the number of audiences by outcome, `wider` of those that are live and wider than defined,
    `reasons` are the codes of what kept it from its end, and `left` the digests of the changes that were
    reviewed and are not settled.
    """

    outcome: Outcome
    counts: Mapping[str, int] = field(default_factory=dict)
    is_written: bool = False
    wider: int = 0
    reasons: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        return self.outcome in _DONE and not self.wider


def result_to_document(result: StoredResult) -> dict[str, Json]:
    return {
        "outcome": result.outcome,
        "counts": dict(result.counts),
        "written": result.is_written,
        "wider": result.wider,
        "reasons": [*result.reasons],
        "left": [*result.left],
    }


def result_from_document(document: Mapping[str, Any]) -> StoredResult:
    """Return the result in a document; an outcome that only another version knows is unknown."""
    outcome = document["outcome"]
    return StoredResult(
        outcome if outcome in get_args(Outcome) else "unknown",
        document["counts"],
        document["written"],
        document["wider"],
        tuple(document["reasons"]),
        tuple(document["left"]),
    )


@dataclass(frozen=True, slots=True)
class DurableRun:
    """One run of an organization's digest. `number` counts its runs from 1: one that failed may run again.

    `result` is None until it ended, and where no worker brought it to an end. `worker` runs it or ran it
    last, `starts` is how often one began it. Times are in UTC, to RFC 3339.
    """

    id: str
    organization: str
    digest: str
    state: State
    number: int = 1
    result: StoredResult | None = None
    worker: str | None = None
    starts: int = 0
    created: str | None = None
    ended: str | None = None

    @property
    def is_over(self) -> bool:
        return self.state in {"done", "failed"}


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """What runs, waits, failed and is done: the last run of each organization, and all that are not over."""

    runs: tuple[DurableRun, ...] = ()
    workers: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def summary(self) -> Mapping[State, int]:
        states = [one.state for one in self.runs]
        return {state: states.count(state) for state in STATES}


def status_to_document(status: FleetStatus) -> dict[str, Json]:
    """Return the status as JSON data to `schemas/fleet-status.schema.json`."""
    return {
        "format_version": FORMAT_VERSION,
        "summary": dict(status.summary.items()),
        "workers": [*status.workers],
        "runs": [_run(one) for one in status.runs],
        "diagnostics": [diagnostic_to_document(one) for one in status.diagnostics],
    }


def _run(one: DurableRun) -> dict[str, Json]:
    result = one.result
    return {
        "organization": one.organization,
        "digest": one.digest,
        "state": one.state,
        "outcome": None if result is None else result.outcome,
        "counts": {} if result is None else dict(result.counts),
        "reasons": [] if result is None else [*result.reasons],
        "worker": one.worker,
        "starts": one.starts,
        "created": one.created,
        "ended": one.ended,
    }
