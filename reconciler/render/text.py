"""Plans, results and diagnostics as a terminal shows them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.model import Json, canonical
from reconciler.plan import overlap
from reconciler.render import handovers, lookalikes, reach, sentences, totals, view
from reconciler.render.diagnostics import PLAIN, coloured, message
from reconciler.render.escape import log_line
from reconciler.render.medium import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import ListedAudience, Rules
    from reconciler.plan import ApplyResult, AudienceResult, Change, FieldChange, Outcome, Plan
    from reconciler.render.diagnostics import Colour, Ink
    from reconciler.render.verdict import Reason
    from reconciler.render.view import Row, View

_BARE = re.compile(r"[\w@./:+-]+")
MAX_UNMANAGED = 5  # audiences that the summary names
MAX_WIDER = 20  # audiences that the first line of a result names


def plan(value: Plan, rules: Rules, ink: Ink = PLAIN) -> str:
    """Show a plan: why to look twice, what changes in words and in fields, then a count of it all."""
    seen = view.of(value, rules, TERMINAL)
    lines = []
    if value.targets:
        targets = ", ".join(value.targets)
        lines += [log_line(f"This plan is partial: only what --target {targets} names."), ""]
    lines += _verdict(seen, ink)
    said = {row.change.id: _said(row) for row in seen.rows}
    lines += _changes(value.audience_changes, ink, said)
    lines += _spaced([one for one in seen.verdict.notes if one.code not in overlap.CODES], ink)
    for heading, sentence in handovers.taken(value, log_line):
        lines += [f"{ink('yellow', heading)}. {sentence}", ""]
    lines += _summary(seen, ink)
    return "\n".join(lines) + "\n"


def exact(changes: Sequence[Change], notes: Sequence[Diagnostic]) -> str:
    """Show the fields of changes, and what else there is to say of them."""
    return "\n".join([*_changes(changes, PLAIN, {}), *_spaced(notes, PLAIN)]).strip("\n")


def _verdict(seen: View, ink: Ink) -> Iterator[str]:
    """Yield why the plan would be refused, and what deserves a second look."""
    refusals = () if seen.plan.errored else seen.verdict.refusals
    blocks: tuple[tuple[str, Colour, Sequence[Reason]], ...] = (
        ("Would be refused:", "red", refusals),
        ("Look twice:", "yellow", seen.verdict.looks),
    )
    for heading, colour, reasons in blocks:
        if reasons:
            yield ink(colour, heading)
            for reason in reasons:
                yield log_line(f"  {reason.heading}: {reason.text}".rstrip())
                yield from (log_line(f"    {item}") for item in reason.items)
            yield ""


def _spaced(diagnostics: Sequence[Diagnostic], ink: Ink) -> Iterator[str]:
    for diagnostic in diagnostics:
        yield from (_note(diagnostic, ink), "")


def _note(one: Diagnostic, ink: Ink) -> str:
    # The names of what overlaps have their places with them.
    return ink("yellow", f"Overlap: {message(one)}") if one.code in overlap.CODES else coloured(one, ink)


def _said(row: Row) -> Sequence[str]:
    """Return what happens to whom, in lines."""
    people = reach.people(row.change)
    return [
        sentences.joined(row.consequences),
        *([f"people: {people}"] if people else []),
        *([f"        {row.cut}"] if row.cut else []),
    ]


def _changes(changes: Sequence[Change], ink: Ink, said: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for change in changes:
        note = f"{_phase(change)}{' (protected)' if change.is_protected else ''}"
        yield f"  {ink('yellow', '~')} {ink('bold', change.name)}{ink('yellow', note) if note else ''}"
        yield ink("dim", f"    {change.file}:{change.line}")
        yield from (log_line(f"    {line}") for line in said.get(change.id, ()))
        yield from field_lines(change.fields, ink)
        if change.unchanged:
            yield ink("dim", f"      ({wording.count(change.unchanged, 'unchanged field')})")
        yield ""


def _phase(change: Change) -> str:
    # Its config goes first, in a PATCH of its own: nobody is live with what was not verified.
    is_second = change.phase == "activate" and "config" in change.patch
    return " (becomes active, once its config is verified)" if is_second else _PHASES[change.phase]


def field_lines(fields: Sequence[FieldChange], ink: Ink) -> Iterator[str]:
    """Yield what the author asked for first, and apart from it the drift that would be undone."""
    for field in fields:
        if field.cause != "drift":
            yield f"      {_field(field, ink)}{_notes(field, ink)}"
    drift = [field for field in fields if field.cause == "drift"]
    if drift:
        yield ink("yellow", "    drift, changed outside git and put back:")
        yield from (f"      {_field(field, ink)}{_notes(field, ink)}" for field in drift)


def _notes(field: FieldChange, ink: Ink) -> str:
    notes = ["also changed outside git"] if field.cause == "both" else []
    notes += [note] if (note := lookalikes.note(field)) else []
    said = ink("yellow", f"   ({'; '.join(notes)})") if notes else ""
    return said + (
        ink("dim", f"   (from {places})") if (places := " and ".join(map(str, field.origins))) else ""
    )


def _field(field: FieldChange, ink: Ink) -> str:
    if field.before is None:
        return f"{ink('green', '+')} {log_line(field.path)}: {ink('green', _value(field, field.after))}"
    if field.after is None:
        return f"{ink('red', '-')} {log_line(field.path)}: {ink('red', _value(field, field.before))}"
    sign = ink("yellow", "~")
    if field.added is None or field.removed is None:
        before, after = _value(field, field.before), _value(field, field.after)
        return f"{sign} {log_line(field.path)}: {ink('red', before)} -> {ink('green', after)}"
    members = [ink("green", f"+ {_member(field, item)}") for item in field.added]
    members += [ink("red", f"- {_member(field, item)}") for item in field.removed]
    return f"{sign} {log_line(field.path)}: {', '.join(members)}"


def _value(field: FieldChange, value: Json) -> str:
    if isinstance(value, list) and value:
        return ", ".join(_member(field, item) for item in value)
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return canonical(value)


def _member(field: FieldChange, item: Json) -> str:
    name = field.names.get(str(item))
    if name is not None:
        return f"{item} ({name})"
    if isinstance(item, str):
        is_clear = item and item.strip() == item and not set(item) & set(',"') and item[0] not in "+-"
        return item if is_clear else json.dumps(item, ensure_ascii=False)
    return canonical(item)


def _summary(seen: View, ink: Ink) -> Iterator[str]:
    value = seen.plan
    yield from _outlook(seen, ink)
    overlaps = [one for one in seen.verdict.notes if one.code in overlap.CODES]
    yield from (_note(one, ink) for one in overlaps)
    if value.missing:
        yield ink("red", f"{wording.count(len(value.missing), 'definition')} without a live audience.")
    if value.unreadable:
        yield ink(
            "red", f"{wording.count(len(value.unreadable), 'definition')} whose live audience cannot be read."
        )
    if value.errored:
        yield ink("red", "This plan has errors and cannot be applied.")
    if value.unmanaged:
        yield ink("dim", _unmanaged(value.unmanaged))
    if value.changes and seen.digest is not None:
        yield ink("dim", f"Digest: {seen.digest}")


def _outlook(seen: View, ink: Ink) -> Iterator[str]:
    value, unchanged = seen.plan, seen.plan.summary["unchanged"]
    if value.changes:
        yield ink("bold", f"Plan: {value.summary['update']} to change, {unchanged} unchanged.")
        yield totals.breakdown(seen)
        if ledger := totals.slots(seen, TERMINAL):
            yield log_line(f"Active slots: {ledger}")
    elif value.errored:
        yield ink("bold", f"Plan: nothing to change, {unchanged} unchanged.")
    elif value.targets:
        yield ink("green", "No changes. The targeted live audiences match their definitions.")
    else:
        yield ink("green", "No changes. The live audiences match the definitions.")


def _unmanaged(audiences: Sequence[ListedAudience]) -> str:
    names = [f'"{audience.name}"' for audience in audiences[:MAX_UNMANAGED]]
    more = len(audiences) - len(names)
    listed = ", ".join(names) + (f" and {more} more" if more else "")
    return f"{wording.count(len(audiences), 'live audience')} without a definition, left alone: {listed}."


def result(value: ApplyResult, ink: Ink = PLAIN, *, shown: Sequence[AudienceResult] | None = None) -> str:
    """Show how changes ended, all or the part to be shown, then count it all and say what to do next.

    What is live and wider than defined comes before all else: it may be reaching people now. Why it ended so
    is for `diagnostics`, as the errors of a plan are.
    """
    results = value.results if shown is None else shown
    width = max((len(_OUTCOMES[one.outcome]) for one in results), default=0)
    lines = list(_live_and_wider(value.live_and_wider, ink))
    lines += [_outcome(one, width, ink) for one in results]
    lines += [""] if results else []
    counted = ", ".join(f"{count} {_OUTCOMES[outcome]}" for outcome, count in value.summary.items() if count)
    if value.is_converged:
        lines.append(ink("green", f"Apply complete: {counted or 'nothing to do'}."))
    else:
        lines.append(ink("red", f"Apply {_conclusion(value)}: {counted or 'nothing was sent'}."))
        lines.append("Run `reconciler plan` to see what is left.")
    return "\n".join(lines) + "\n"


def _live_and_wider(found: Sequence[AudienceResult], ink: Ink) -> Iterator[str]:
    if found:
        names = [f'"{one.name}"' for one in found[:MAX_WIDER]]
        more = [f"and {len(found) - MAX_WIDER} more"] if len(found) > MAX_WIDER else []
        yield ink("red", f"Live and wider than defined: {', '.join([*names, *more])}.")
        yield pause_hint(len(found))
        yield ""


def pause_hint(count: int) -> str:
    """Return how to stop so many audiences from reaching people whom nobody meant."""
    them, file = ("it", "its file") if count == 1 else ("them", "their files")
    return f"Pause {them} now: in the dashboard, or with `status: paused` in {file} and an apply."


def _outcome(one: AudienceResult, width: int, ink: Ink) -> str:
    colour: Colour = "green" if one.outcome in {"applied", "unchanged"} else "red"
    note = ink("red", " (live and wider than defined)") if one.is_live_and_wider else ""
    detail = log_line(f": {one.detail}" if one.detail else "")
    return f"  {ink(colour, _OUTCOMES[one.outcome].ljust(width))}  {ink('bold', one.name)}{note}{detail}"


def _conclusion(value: ApplyResult) -> str:
    if value.interrupted:
        return "was interrupted"
    return "ended in part" if value.is_written else "changed nothing"


_PHASES = {"release": " (stops being active)", "change": "", "activate": " (becomes active)"}
_OUTCOMES: dict[Outcome, str] = {
    "applied": "applied",
    "unchanged": "unchanged",
    "failed": "failed",
    "conflict": "conflict",
    "blocked": "blocked",
    "unknown": "unknown",
    "not_attempted": "not attempted",
}
