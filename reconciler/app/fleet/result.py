"""How one organization's work ended: small, plain data, without a key and without people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from reconciler.plan.document import diagnostic_from_document, diagnostic_to_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors import Diagnostic
    from reconciler.model import Json

Action = Literal["validate", "plan", "apply", "drift"]
Outcome = Literal[
    "valid",
    "no-changes",
    "unchanged",
    "applied",
    "changes",
    "refused",
    "failed",
    "in-part",
    "unknown",
    "interrupted",
    "not-attempted",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
QUIET: frozenset[Outcome] = frozenset({"valid", "no-changes", "unchanged", "applied"})
MAX_DIAGNOSTICS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One audience that changes or was to: its name, and in words what happens to it or how that ended."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class OrganizationResult:
    """How the work on one organization ended.

    `outcome` after a plan is `no-changes`, `changes`, or `refused` where an apply would be; `changes` are the
    digests of what a plan would change, one for each PATCH, and `counts` are the plan's or result's summary.
    `is_written` says that the API may hold something new. `lines` name so many audiences and no more; of
    `diagnostics` there are the first ones alone, and `omitted` counts the others.
    """

    organization: str
    outcome: Outcome
    digest: str | None = None
    changes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    is_written: bool = False
    lines: tuple[Line, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    omitted: int = 0

    @property
    def needs_attention(self) -> bool:
        return self.outcome not in QUIET or any(one.is_error for one in self.diagnostics)


def to_document(result: OrganizationResult) -> dict[str, Json]:
    """Return the result as JSON data."""
    return {
        "organization": result.organization,
        "outcome": result.outcome,
        "digest": result.digest,
        "changes": [*result.changes],
        "counts": dict(result.counts),
        "written": result.is_written,
        "audiences": [{"name": one.name, "text": one.text} for one in result.lines],
        "diagnostics": [diagnostic_to_document(one) for one in result.diagnostics],
        "omitted_diagnostics": result.omitted,
    }


def from_document(document: Mapping[str, Any]) -> OrganizationResult:
    """Return the result that `to_document` made such data of."""
    return OrganizationResult(
        organization=document["organization"],
        outcome=document["outcome"],
        digest=document["digest"],
        changes=tuple(document["changes"]),
        counts=document["counts"],
        is_written=document["written"],
        lines=tuple(Line(one["name"], one["text"]) for one in document["audiences"]),
        diagnostics=tuple(map(diagnostic_from_document, document["diagnostics"])),
        omitted=document["omitted_diagnostics"],
    )
