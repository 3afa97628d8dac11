"""What a plan must not do, however right it looks: too much at once, a protected audience, too few slots."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.errors import (
    REFUSALS,
    Diagnostic,
    LimitExceeded,
    PolicyDenied,
    ProtectedAudience,
    ReachDenied,
    Refused,
    SlotsExceeded,
)
from reconciler.plan import finding, reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan.model import Plan
    from reconciler.plan.policy import Rule

_MAX_CHANGES = re.compile(r"([0-9]{1,6})(%?)", re.ASCII)
_TOO_MANY = 1_000_000
GUARDS = frozenset(
    {
        LimitExceeded.code,
        ProtectedAudience.code,
        SlotsExceeded.code,
        ReachDenied.code,
        reach.WARNING,
        reach.NOT_KNOWN,
        *finding.CODES,
    }
)


@dataclass(frozen=True, slots=True)
class MaxChanges:
    """A number of audiences, or a share of the managed ones in percent."""

    number: int
    is_percent: bool = False

    @classmethod
    def parse(cls, value: object) -> MaxChanges | None:
        """Return the limit that a value such as 5, `5` or `30%` means, None for any other."""
        # A number of thousands of digits has no text.
        text = f"{value:d}" if type(value) is int and abs(value) < _TOO_MANY else value
        found = _MAX_CHANGES.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return None
        return cls(int(found[1]), is_percent=bool(found[2]))

    def of(self, managed: int) -> int:
        return managed * self.number // 100 if self.is_percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.is_percent else str(self.number)


@dataclass(frozen=True, slots=True)
class Limits:
    """`floor` is always allowed; `active_slots` is None where the organization's number is not set.

    An audience that grows over `max_growth` times, or is active with fewer than `min_people`, is a warning;
    with `deny_reach` it is refused, as is what nobody could count. `policies` are rules of the organization's
    own; `policy.judge` holds a plan to them.
    """

    max_changes: MaxChanges = MaxChanges(30, is_percent=True)
    floor: int = 3
    active_slots: int | None = None
    max_growth: float = 3.0
    min_people: int = 1
    deny_reach: bool = False
    policies: tuple[Rule, ...] = ()

    @property
    def needs_reach(self) -> bool:
        """Whether something is refused for how many people a change reaches."""
        return self.deny_reach or any(rule.can_deny_for_reach for rule in self.policies)

    def allowed_changes(self, managed: int) -> int:
        return max(self.floor, self.max_changes.of(managed))


def warnings(plan: Plan, limits: Limits) -> Iterator[Diagnostic]:
    """Yield a warning for each guard that an apply of this plan would be refused for."""
    allowed = limits.allowed_changes(plan.managed)
    count = plan.summary["update"]
    if count > allowed:
        yield Diagnostic(
            "warning",
            LimitExceeded.code,
            f"{count} of {plan.managed} audiences would change at once; the limit is {allowed}",
            f"Make it in smaller steps or, if it is meant, apply with --max-changes {count}",
        )
    yield from _protected(plan)
    yield from _slots(plan, limits.active_slots)
    yield from reach.warnings(plan, limits)


def _protected(plan: Plan) -> Iterator[Diagnostic]:
    for change in plan.audience_changes:
        if change.is_protected:
            yield Diagnostic(
                "warning",
                ProtectedAudience.code,
                f'"{change.name}" is protected and would change',
                "Undo the change, or take the protection out of the file in a change of its own",
                change.file,
                change.line,
            )


def _slots(plan: Plan, slots: int | None) -> Iterator[Diagnostic]:
    if slots is None:
        return
    free = max(slots - plan.active + plan.summary["pause"], 0)
    starts = plan.summary["activate"]
    if starts > free:
        audiences = wording.count(starts, "audience")
        yield Diagnostic(
            "warning",
            SlotsExceeded.code,
            f"{audiences} would start, and only {free} of the {slots} active slots will be free",
            "Pause others in the same change, or correct the number of slots in reconciler.toml",
        )


def objections(plan: Plan) -> tuple[Diagnostic, ...]:
    """Return the warnings for which an apply of this plan is refused."""
    return tuple(diagnostic for diagnostic in plan.diagnostics if diagnostic.code in REFUSALS)


def refusal(plan: Plan) -> Refused | None:
    """Return why this plan must not be applied, as its own warnings say."""
    found = objections(plan)
    for objection in found:
        if objection.code == PolicyDenied.code:
            alike = [one for one in found if one.code == objection.code]
            return PolicyDenied(objection.summary, objection.detail, alike)
        return REFUSALS[objection.code](objection.summary, objection.detail)
    return None
