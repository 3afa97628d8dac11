"""How the work on one organization ended, and on many: small, plain data, without a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from reconciler.plan.document import diagnostic_from_document, diagnostic_to_document
from reconciler.plan.model import FORMAT_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors import Diagnostic
    from reconciler.model import Json

Action = Literal["validate", "plan", "apply", "drift"]
Outcome = Literal[
    "valid",
    "no_changes",
    "unchanged",
    "applied",
    "changes",
    "refused",
    "failed",
    "in_part",
    "unknown",
    "interrupted",
    "not_attempted",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
QUIET: frozenset[Outcome] = frozenset({"valid", "no_changes", "unchanged", "applied"})
MAX_DIAGNOSTICS = 20
FOLDER = "orgs"


@dataclass(frozen=True, slots=True)
class Line:
    """One audience that changes or was to: its name, and in words what happens to it or how that ended."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class OrganizationResult:
    """How the work on one organization ended.

    `outcome` after a plan is `no_changes`, `changes`, or `refused` where an apply would be; `changes` are the
    digests of what a plan would change, one for each PATCH, and `counts` are the plan's or result's summary.
    `is_written` says that the API may hold something new, and `live_and_wider` names active audiences that
    reach more people than they were to. `lines` name so many audiences and no more. `diagnostics` are
    the first ones alone, and `omitted` counts the others.
    """

    organization: str
    outcome: Outcome
    digest: str | None = None
    changes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    is_written: bool = False
    live_and_wider: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    omitted: int = 0

    @property
    def needs_attention(self) -> bool:
        """Whether there is more to say than that it is as it should be.

        A guard that is lifted is, and so is an audience that a plan without changes lets go.
        """
        is_letting_go = self.outcome == "no_changes" and bool(self.lines)
        return self.outcome not in QUIET or bool(self.diagnostics) or is_letting_go


def to_document(result: OrganizationResult) -> dict[str, Json]:
    """Return the result as JSON data."""
    return {
        "name": result.organization,
        "outcome": result.outcome,
        "digest": result.digest,
        "changes": [*result.changes],
        "counts": dict(result.counts),
        "written": result.is_written,
        "live_and_wider": [*result.live_and_wider],
        "audiences": [{"name": one.name, "text": one.text} for one in result.lines],
        "diagnostics": [diagnostic_to_document(one) for one in result.diagnostics],
        "omitted_diagnostics": result.omitted,
    }


def from_document(document: Mapping[str, Any]) -> OrganizationResult:
    """Return the result that `to_document` made such data of."""
    return OrganizationResult(
        organization=document["name"],
        outcome=document["outcome"],
        digest=document["digest"],
        changes=tuple(document["changes"]),
        counts=document["counts"],
        is_written=document["written"],
        live_and_wider=tuple(document["live_and_wider"]),
        lines=tuple(Line(one["name"], one["text"]) for one in document["audiences"]),
        diagnostics=tuple(map(diagnostic_from_document, document["diagnostics"])),
        omitted=document["omitted_diagnostics"],
    )


@dataclass(frozen=True, slots=True)
class FleetReport:
    """How the work on many organizations ended, one result for each that was selected, sorted by name.

    `gone` are organizations that were there at the commit that was compared with, and have no folder now.
    """

    action: Action
    results: tuple[OrganizationResult, ...]
    gone: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def summary(self) -> Mapping[Outcome, int]:
        """How many organizations ended in which way, for every way."""
        outcomes = [one.outcome for one in self.results]
        return {outcome: outcomes.count(outcome) for outcome in OUTCOMES}

    @property
    def is_written(self) -> bool:
        return any(one.is_written for one in self.results)


def report_to_document(report: FleetReport, code: int) -> dict[str, Json]:
    """Return the report as JSON data to `schemas/fleet-report.schema.json`; `code` is the exit code."""
    return {
        "format_version": FORMAT_VERSION,
        "action": report.action,
        "exit_code": code,
        "summary": {"organizations": len(report.results), **dict(report.summary.items())},
        "organizations": [{**to_document(one), "path": path_of(one.organization)} for one in report.results],
        "gone": [*report.gone],
        "diagnostics": [diagnostic_to_document(one) for one in report.diagnostics],
    }


def report_from_document(document: Mapping[str, Any]) -> FleetReport:
    """Return the report in a document that has been checked against its schema."""
    return FleetReport(
        document["action"],
        tuple(map(from_document, document["organizations"])),
        tuple(document["gone"]),
        tuple(map(diagnostic_from_document, document["diagnostics"])),
    )


def key_name_of(organization: str) -> str:
    """Return the name of the variable with an organization's key."""
    return f"LEADPIPE_API_KEY__{organization.upper().replace('-', '_')}"


def path_of(organization: str) -> str:
    """Return an organization's folder."""
    return f"{FOLDER}/{organization}"
