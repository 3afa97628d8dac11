"""What a change lifts of the guards that stood before it: limits, and the protection of audiences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model import Definition, Policy
    from reconciler.plan.limits import Limits

LIFTED = "guard-lifted"
ADDED = "policy-added"
_FROM_THE_NEXT = "It still counts for this change, and no longer for the next one"
_TO_COME = "It does not count for this change, and does from the next one on"


def lifted(
    base: Mapping[str, Definition],
    definitions: Sequence[Definition],
    limits_before: Limits | None,
    limits: Limits,
) -> Iterator[Diagnostic]:
    """Yield a warning for each guard that stood before and is loosened or gone; `base` is by id.

    `limits_before` is None where the settings could not be used before, so that those of the change count.
    """
    if limits_before is None:
        summary = "reconciler.toml could not be used before this change"
        yield Diagnostic("warning", LIFTED, summary, "So the limits that it has now count")
    else:
        yield from map(_lifted, _loosened(limits_before, limits))
        yield from _policies(limits_before, limits)
    now = {one.id: one for one in definitions}
    for before in base.values():
        after = now.get(before.id)
        if before.is_protected and after is None:
            yield _lifted(f'the protection of "{before.name}" goes with its file', before.file)
        elif before.is_protected and after is not None and not after.is_protected:
            yield _lifted(f'the protection of "{after.name}" is taken out', after.file, after.line)


def is_protected(definition: Definition, base: Mapping[str, Definition] | None) -> bool:
    """Return whether protection counts: as it stood before, or by the file itself where there was none."""
    return (base or {}).get(definition.id, definition).is_protected


def _loosened(before: Limits, after: Limits) -> Iterator[str]:
    """Yield each limit that lets more pass, or may do so: a number and a share cannot be compared."""
    share, now = before.max_changes, after.max_changes
    if now.number > share.number or now.is_percent != share.is_percent:
        yield _becomes("max_changes", share, now)
    if after.floor > before.floor:
        yield _becomes("max_changes_floor", before.floor, after.floor)
    if after.max_growth > before.max_growth:
        yield _becomes("max_growth", f"{before.max_growth:g}x", f"{after.max_growth:g}x")
    if after.min_people < before.min_people:
        yield _becomes("min_people", before.min_people, after.min_people)
    if before.deny_reach and not after.deny_reach:
        yield _becomes("deny_reach", "true", "false")
    slots = before.active_slots
    if slots is not None and (after.active_slots is None or after.active_slots > slots):
        yield _becomes("active_slots", slots, after.active_slots)


def _policies(before: Limits, after: Limits) -> Iterator[Diagnostic]:
    """Yield each policy that is gone, new or another one, which may let more pass."""
    now = {rule.policy.id: rule.policy for rule in after.policies}
    stood = {rule.policy.id: rule.policy for rule in before.policies}
    for key, one in stood.items():
        if key not in now:
            yield _lifted(f"the policy {key} ({one.sentence}) is removed", one.file, one.line)
        else:
            yield from (
                _lifted(f"{what} of the policy {key} ({one.sentence})", now[key].file, now[key].line)
                for what in _changed(one, now[key])
            )
    for key, one in now.items():
        if key not in stood:
            summary = f"the policy {key} is new: {one.sentence}"
            yield Diagnostic("warning", ADDED, summary, _TO_COME, one.file, one.line)


def _changed(before: Policy, after: Policy) -> Iterator[str]:
    if (before.when, before.require) != (after.when, after.require):
        yield "this changes the condition"
    if (before.severity, after.severity) == ("deny", "warn"):
        yield "this makes a warning"
    if (before.not_known, after.not_known) == ("deny", "warn"):
        yield "this no longer refuses what is not known"
    if new := sorted(set(after.owners) - set(before.owners)):
        yield f"this adds {', '.join(new)} to the owners"


def _becomes(key: str, before: object, after: object) -> str:
    return f"{key} in reconciler.toml goes from {before} to {'no limit' if after is None else after}"


def _lifted(summary: str, file: str | None = None, line: int | None = None) -> Diagnostic:
    return Diagnostic("warning", LIFTED, summary, _FROM_THE_NEXT, file, line)
