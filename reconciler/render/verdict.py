"""Whether a plan can be merged: ready, worth a second look, or refused; each with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reconciler import wording
from reconciler.errors import REFUSALS, PolicyDenied
from reconciler.plan import finding, guards, objections, overlap, reach
from reconciler.render import handovers, policies
from reconciler.render.diagnostics import message, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.plan import Change, Plan
    from reconciler.render.medium import Medium
    from reconciler.render.view import Row

Word = Literal["nothing to change", "ready", "look twice", "would be refused"]
MANY_TIMES = 3  # as many people as before, or more


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, written for its medium: a heading, what is so, and under it items of the same kind."""

    heading: str
    text: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands in the way, and what deserves a second look whether anything does or not."""

    word: Word
    refusals: tuple[Reason, ...] = ()
    looks: tuple[Reason, ...] = ()
    notes: tuple[Diagnostic, ...] = ()  # what is left to say, and no reason for either


def of(
    plan: Plan,
    rows: Sequence[Row],
    medium: Medium,
    notes: Sequence[Diagnostic],
    hints: Mapping[str, str],
) -> Verdict:
    """Return the verdict on a plan; the parameters are as in `view.of`."""
    refusing = [*(one for one in plan.diagnostics if one.is_error), *objections(plan)]
    others = [_refusal(one, medium, hints) for one in refusing if one.code != PolicyDenied.code]
    denied = [Reason(*parts) for parts in policies.reasons(plan.policies, "denied", medium)]
    refusals = (*others, *denied)
    overlaps = _new_overlaps(plan, rows)
    looks = (*_looks(plan, rows, overlaps, medium), *(_note(one, medium) for one in notes))
    shown = {guards.LIFTED, guards.ADDED, reach.WARNING, *finding.LOOKS}
    said = [*refusing, *overlaps]
    rest = tuple(one for one in plan.diagnostics if one not in said and one.code not in shown)
    word: Word = "would be refused" if refusals else "look twice" if looks else "ready"
    if word == "ready" and not plan.changes:
        word = "nothing to change"
    return Verdict(word, refusals, looks, rest)


def _refusal(diagnostic: Diagnostic, medium: Medium, hints: Mapping[str, str]) -> Reason:
    refusal = REFUSALS.get(diagnostic.code)
    heading = refusal.heading if refusal else "Error"
    where = place(diagnostic, medium)
    hint = hints.get(diagnostic.code)
    if hint is None:
        return Reason(heading, f"{medium.prose(message(diagnostic))}{where}")
    return Reason(heading, f"{medium.prose(sentence(diagnostic.summary))} {hint}{where}")


def place(diagnostic: Diagnostic, medium: Medium) -> str:
    """Return the file and line of a diagnostic in parentheses, empty without."""
    parts = [str(part) for part in (diagnostic.file, diagnostic.line) if part is not None]
    return f" ({medium.quote(':'.join(parts))})" if parts else ""


def _note(diagnostic: Diagnostic, medium: Medium) -> Reason:
    return Reason("Warning", f"{medium.prose(message(diagnostic))}{place(diagnostic, medium)}")


def _looks(
    plan: Plan, rows: Sequence[Row], overlaps: Sequence[Diagnostic], medium: Medium
) -> Iterator[Reason]:
    yield from _lifted(plan, medium)
    yield from _policies(plan, medium)
    yield from (Reason(heading, said) for heading, said in handovers.let_go(plan, medium.name))
    yield from _people(plan, rows, medium)
    for one in overlaps:
        yield Reason("Overlap", medium.prose(message(one)))
    yield from _drift(rows, medium)
    yield from _active(rows, medium)


def _new_overlaps(plan: Plan, rows: Sequence[Row]) -> Sequence[Diagnostic]:
    """Return the overlaps of audiences that change, which come first in them, where people are the same."""
    places = {(row.change.file, row.change.line) for row in rows if row.kind != "same"}
    return [
        one
        for one in plan.diagnostics
        if one.code in {overlap.SAME, overlap.NEARLY} and (one.file, one.line) in places
    ]


def _lifted(plan: Plan, medium: Medium) -> Iterator[Reason]:
    """Yield which guards the change lifts: nobody must merge that without having seen it."""
    found = [one for one in plan.diagnostics if one.code == guards.LIFTED]
    if found:
        those = "a guard" if len(found) == 1 else f"{len(found)} guards"
        items = tuple(f"{medium.prose(message(one))}{place(one, medium)}" for one in found)
        yield Reason(f"This also lifts {those}", "", items)


def _policies(plan: Plan, medium: Medium) -> Iterator[Reason]:
    """Yield exceptions to policies, what these warn of, what nobody can tell, and which are new."""
    for outcome in ("overridden", "not_known", "warned"):
        yield from (Reason(*parts) for parts in policies.reasons(plan.policies, outcome, medium))
    for one in plan.diagnostics:
        if one.code == guards.ADDED:
            yield Reason("Policy", f"{medium.prose(message(one))}{place(one, medium)}")


def _people(plan: Plan, rows: Sequence[Row], medium: Medium) -> Iterator[Reason]:
    """Yield who would reach nobody, many more people, or lose half."""
    seen: set[str] = set()
    kept = [row.change for row in rows if row.kind != "stops"]
    for heading, rule in _FLAGS.items():
        found = [change for change in kept if change.id not in seen and _is_flagged(change, rule)]
        seen.update(change.id for change in found)
        if found:
            shown = ", ".join(_numbers(one, medium) for one in found[:_MOST])
            yield Reason(_counted(heading, found), f"{shown}{_more(found)}.")
    places = {(row.change.file, row.change.line) for row in rows if row.change.id in seen}
    for one in plan.diagnostics:
        if one.code == reach.WARNING and (one.file, one.line) not in places:
            yield Reason("People", f"{medium.prose(message(one))}{place(one, medium)}")


def _is_flagged(change: Change, rule: str) -> bool:
    before, after = (change.reach.before, change.reach.after) if change.reach else (None, None)
    if before is None or after is None:
        return False
    if rule == "zero":
        return after == 0
    if rule == "times":
        return before > 0 and after >= before * MANY_TIMES
    return after * 2 <= before


def _numbers(change: Change, medium: Medium) -> str:
    before, after = (change.reach.before, change.reach.after) if change.reach else (None, None)
    return f"{medium.name(change.name)} ({before:,} before, {after:,} then)"


def _counted(heading: str, found: Sequence[object]) -> str:
    return f"{heading} ({len(found)})" if len(found) > 1 else heading


def _more(found: Sequence[object]) -> str:
    return f", and {len(found) - _MOST} more" if len(found) > _MOST else ""


def _drift(rows: Sequence[Row], medium: Medium) -> Iterator[Reason]:
    found = [row for row in rows if row.has_drift]
    if found:
        audiences = wording.count(len(found), "audience")
        nothing = "" if any(row.is_asked for row in rows) else f"{NOTHING_ASKED} "
        names = medium.names([row.change.name for row in found])
        yield Reason(
            f"Drift in {audiences}, which would be swept along", f"{nothing}{_UNDO} {names}. {_KEEP}"
        )


def _active(rows: Sequence[Row], medium: Medium) -> Iterator[Reason]:
    found = [row.change.name for row in rows if row.is_active_meanwhile and row.kind != "same"]
    if found:
        yield Reason(_counted("Active while it changes", found), f"{medium.names(found, _MOST)}. {_COUNTS}")


_MOST = 8  # of one reason; the rows have them all, the largest effect first
_FLAGS = {
    "Would reach nobody": "zero",
    "At least three times as many people": "times",
    "Half of the people or fewer": "half",
}
NOTHING_ASKED = "The change itself asks for nothing that is not live already."
_UNDO = "Somebody edited these directly, or an earlier merge was not applied; merging would undo that edit:"
_KEEP = (
    "What should stay as it is live belongs into its file, before the merge (`reconciler adopt` writes it)."
)
_COUNTS = "Who is in it changes with the vendor's next run."
