"""A report on many organizations as a terminal shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.plan.organization import FleetReport
from reconciler.render import fleet, text
from reconciler.render.diagnostics import PLAIN, diagnostic_line
from reconciler.render.escape import log_line
from reconciler.render.medium import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan.organization import OrganizationResult
    from reconciler.render.diagnostics import Colour, Ink
    from reconciler.render.fleet import Group

_BAD = ("unknown", "in_part", "interrupted", "failed")
MAX_NAMED = 5  # organizations of which the same is said


def report(value: FleetReport, ink: Ink = PLAIN) -> str:
    """Show what needs attention in full, then every other organization by name, then the numbers."""
    lines = list(_live_and_wider(value, ink))
    for group in fleet.urgent(value):
        lines += [*_group(group, value, ink), ""]
    for said, found in fleet.quiet(value):
        names = ", ".join(one.organization for one in found)
        lines.append(log_line(f"{said.capitalize()} ({len(found)}): {names}"))
    if value.gone:
        lines.append(ink("yellow", gone(value)))
    if lines and lines[-1]:
        lines.append("")
    return "\n".join([*lines, f"{ink('bold', fleet.title(value))}: {fleet.counts(value)}."]) + "\n"


def result(value: OrganizationResult, ink: Ink = PLAIN) -> str:
    """Show how the apply of one organization ended, in full."""
    report_ = FleetReport("apply", (value,))
    lines = [*_live_and_wider(report_, ink), *_group(fleet.Group((value,)), report_, ink)]
    return "\n".join(lines) + "\n"


def gone(value: FleetReport) -> str:
    """Say what becomes of the organizations that have no folder any more."""
    names = ", ".join(value.gone)
    return f"No longer defined here ({len(value.gone)}): {names}. Their audiences keep running as they are."


def _live_and_wider(value: FleetReport, ink: Ink) -> Iterator[str]:
    found = fleet.live_and_wider(value)
    if found:
        yield ink("red", f"Live and wider than defined: {TERMINAL.names(found, text.MAX_WIDER)}.")
        yield text.pause_hint(len(found))
        yield ""


def _group(group: Group, value: FleetReport, ink: Ink) -> Iterator[str]:
    first = group.first
    names = [one.organization for one in group.results]
    more = len(names) - MAX_NAMED
    listed = ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
    colour: Colour = "red" if first.outcome in _BAD else "yellow"
    yield f"{ink('bold', listed)}: {ink(colour, fleet.headline(first, value.action))}"
    yield from (log_line(f'  "{line.name}": {line.text}') for line in first.lines)
    if others := fleet.more_audiences(first):
        yield f"  and {wording.count(others, 'more audience')}"
    for one in first.diagnostics:
        yield ink("red" if one.is_error else "yellow", f"  {diagnostic_line(one)}")
    if first.omitted:
        yield f"  and {wording.count(first.omitted, 'more problem')}"
