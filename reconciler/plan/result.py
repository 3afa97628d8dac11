"""What an apply did to each audience, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from reconciler.plan.document import diagnostic_from_document, diagnostic_to_document, require_plain
from reconciler.plan.model import FORMAT_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors import Diagnostic
    from reconciler.model import Json

Outcome = Literal["applied", "unchanged", "failed", "conflict", "blocked", "unknown", "not_attempted"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class AudienceResult:
    """How one planned change ended, and why; `attempts` counts the PATCH calls that were sent.

    `is_written` says that the API may hold something new, whatever the outcome, and `is_live_and_wider` that
    the audience is active and reaches more people than it was to, since it holds less after a write. `before`
    are the writable fields as they were planned upon, and `patch` what was to be written: enough for the way
    back, and None where an older version saved the result.
    """

    id: str
    name: str
    outcome: Outcome
    detail: str = ""
    attempts: int = 0
    is_written: bool = False
    is_live_and_wider: bool = False
    before: Mapping[str, Json] | None = None
    patch: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The outcome of every change of a plan, in the plan's order."""

    digest: str | None = None
    results: tuple[AudienceResult, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    interrupted: bool = False

    @property
    def errored(self) -> bool:
        return not self.is_converged

    @property
    def is_converged(self) -> bool:
        """Whether every audience now is as defined."""
        return not (
            self.interrupted
            or any(diagnostic.is_error for diagnostic in self.diagnostics)
            or any(result.outcome not in {"applied", "unchanged"} for result in self.results)
            or self.live_and_wider
        )

    @property
    def live_and_wider(self) -> tuple[AudienceResult, ...]:
        """The audiences that reach more people than they were to, whatever else happened."""
        return tuple(result for result in self.results if result.is_live_and_wider)

    @property
    def summary(self) -> Mapping[Outcome, int]:
        outcomes = [result.outcome for result in self.results]
        return {outcome: outcomes.count(outcome) for outcome in OUTCOMES}

    @property
    def is_written(self) -> bool:
        return any(result.is_written for result in self.results)


def result_to_document(result: ApplyResult) -> dict[str, Json]:
    """Return the result as JSON data to `schemas/apply-result.schema.json`."""
    return {
        "format_version": FORMAT_VERSION,
        "errored": result.errored,
        "interrupted": result.interrupted,
        "digest": result.digest,
        "summary": dict(result.summary.items()),
        "results": [_audience(one) for one in result.results],
        "diagnostics": [diagnostic_to_document(diagnostic) for diagnostic in result.diagnostics],
    }


def _audience(one: AudienceResult) -> dict[str, Json]:
    sides = {"patch": one.patch, "before": one.before}
    return {
        "id": one.id,
        "name": one.name,
        "outcome": one.outcome,
        "detail": one.detail,
        "attempts": one.attempts,
        "written": one.is_written,
        "live_and_wider": one.is_live_and_wider,
        **{key: dict(side) for key, side in sides.items() if side is not None},
    }


def result_from_document(document: Mapping[str, Any]) -> ApplyResult:
    """Return the result in a document that has been checked against its schema.

    Raises FileError where a value is one that JSON cannot express or nests too deep.
    """
    require_plain(document["results"], "result")
    return ApplyResult(
        digest=document["digest"],
        results=tuple(map(_audience_from_document, document["results"])),
        diagnostics=tuple(diagnostic_from_document(diagnostic) for diagnostic in document["diagnostics"]),
        interrupted=document["interrupted"],
    )


def _audience_from_document(one: Mapping[str, Any]) -> AudienceResult:
    return AudienceResult(
        id=one["id"],
        name=one["name"],
        outcome=one["outcome"],
        detail=one["detail"],
        attempts=one["attempts"],
        is_written=one["written"],
        is_live_and_wider=one.get("live_and_wider", False),
        before=one.get("before"),
        patch=one.get("patch"),
    )
