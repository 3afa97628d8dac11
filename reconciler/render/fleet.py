"""What there is to say of many organizations, in text and Markdown alike: the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.plan.organization import Action, FleetReport, OrganizationResult, Outcome

_URGENCY: tuple[Outcome, ...] = (
    "unknown",
    "in_part",
    "interrupted",
    "failed",
    "refused",
    "not_attempted",
    "changes",
    "applied",
    "unchanged",
    "no_changes",
    "valid",
)
_WORDS: Mapping[Outcome, str] = {
    "unknown": "unknown",
    "in_part": "applied in part",
    "interrupted": "interrupted",
    "failed": "failed",
    "refused": "refused",
    "not_attempted": "not attempted",
    "changes": "with changes",
    "applied": "applied",
    "unchanged": "as defined already",
    "no_changes": "no changes",
    "valid": "valid",
}
_TITLES: Mapping[Action, str] = {
    "validate": "Validation of",
    "plan": "Plan for",
    "apply": "Apply to",
    "drift": "Drift in",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Organizations of which there is the same to say."""

    results: tuple[OrganizationResult, ...]

    @property
    def first(self) -> OrganizationResult:
        return self.results[0]


def word(outcome: Outcome, action: Action) -> str:
    """Return an outcome in words."""
    if action == "plan" and outcome == "refused":
        return "would be refused"
    return "with drift" if action == "drift" and outcome == "changes" else _WORDS[outcome]


def title(report: FleetReport) -> str:
    return f"{_TITLES[report.action]} {wording.count(len(report.results), 'organization')}"


def counts(report: FleetReport) -> str:
    """Return how many organizations ended in which way, the worst first; the numbers add up."""
    summary = report.summary
    shown = [f"{summary[outcome]} {word(outcome, report.action)}" for outcome in _URGENCY if summary[outcome]]
    return ", ".join(shown) or "no organization is selected"


def urgent(report: FleetReport) -> tuple[Group, ...]:
    """Return what needs attention, the worst first; what is the same in several is there once."""
    same: dict[object, list[OrganizationResult]] = {}
    for one in sorted(report.results, key=lambda one: _URGENCY.index(one.outcome)):
        if one.needs_attention:
            key = (one.outcome, one.lines, one.diagnostics, one.omitted, headline(one, report.action))
            same.setdefault(key, []).append(one)
    return tuple(Group(tuple(members)) for members in same.values())


def quiet(report: FleetReport) -> Iterator[tuple[str, tuple[OrganizationResult, ...]]]:
    """Yield the others, by how they ended."""
    for outcome in _URGENCY:
        found = tuple(one for one in report.results if one.outcome == outcome and not one.needs_attention)
        if found:
            yield word(outcome, report.action), found


def headline(result: OrganizationResult, action: Action) -> str:
    """Return how the work on an organization ended, in numbers where there are some."""
    said, changed = word(result.outcome, action), result.counts.get("update")
    if result.outcome not in {"changes", "refused"} or action == "apply" or changed is None:
        return said
    audiences = f"{changed} of {wording.count(result.counts['managed'], 'audience')}"
    if action == "drift":
        return f"{audiences} {'differs' if changed == 1 else 'differ'} from git"
    return f"{audiences} would change" + (f", and {said}" if result.outcome == "refused" else "")


def live_and_wider(report: FleetReport) -> list[str]:
    """Return the audiences that reach more people than they were to, each with its organization."""
    return [f"{name} ({one.organization})" for one in report.results for name in one.live_and_wider]


def more_audiences(result: OrganizationResult) -> int:
    """Return how many audiences a result counts and does not name."""
    if "update" in result.counts:
        return max(result.counts["update"] - len(result.lines), 0)
    return max(sum(result.counts.values()) - len(result.lines), 0) if result.lines else 0
