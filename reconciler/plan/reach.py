"""What is worth a second look at how many people a change reaches, and what is refused for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.errors import Diagnostic, ReachDenied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan.limits import Limits
    from reconciler.plan.model import Change, Plan

BUDGET = 100  # requests to the API, by default
WARNING = "reach"
NOT_KNOWN = "reach-not-known"
_ACTIVE = "active"


def warnings(plan: Plan, limits: Limits) -> Iterator[Diagnostic]:
    """Yield a warning for each change that reaches too many or too few people, and for what nobody knows."""
    unknown: dict[str, list[Change]] = {}
    for change in plan.audience_changes:
        if change.reach is None:
            continue
        if change.reach.unknown:
            unknown.setdefault(change.reach.unknown, []).append(change)
        summary = _excess(change, limits) or _dearth(change, limits)
        if summary:
            code = ReachDenied.code if limits.deny_reach else WARNING
            yield Diagnostic("warning", code, summary, _LOOK, change.file, change.line)
    for reason, changes in sorted(unknown.items()):
        audiences = wording.count(len(changes), "audience")
        code = ReachDenied.code if limits.deny_reach else NOT_KNOWN
        summary = f"how many people {audiences} would reach is not known: {reason}"
        yield Diagnostic("warning", code, summary, _HOLDS)


def _excess(change: Change, limits: Limits) -> str:
    before, after = (change.reach.before, change.reach.after) if change.reach else (None, None)
    if before is None or after is None or after <= before * limits.max_growth:
        return ""
    times = f"over {limits.max_growth:g} times as many"
    return f'"{change.name}" would reach {after:,} people in place of {before:,}: {times}'


def _dearth(change: Change, limits: Limits) -> str:
    after = change.reach.after if change.reach else None
    status = change.patch.get("status", change.before.get("status"))
    if after is None or after >= limits.min_people or status != _ACTIVE:
        return ""
    return f'"{change.name}" would be active and reach {after:,} people'


_LOOK = "Look at its scores, topics and filters. The limits are max_growth and min_people in reconciler.toml"
_HOLDS = "All else in the plan holds"
