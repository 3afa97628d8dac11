"""What the workers of a database do, as a terminal shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.render.diagnostics import PLAIN
from reconciler.render.escape import log_line
from reconciler.render.fleet import word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan.durable_run import DurableRun, FleetStatus, State
    from reconciler.render.diagnostics import Colour, Ink

MAX_LISTED = 40  # of one state
_COLOURS: dict[State, Colour] = {"running": "yellow", "waiting": "yellow", "failed": "red", "done": "green"}
_SHORT = 19  # sha256: and twelve more


def status(value: FleetStatus, ink: Ink = PLAIN) -> str:
    """Show the numbers, then each run by state: what runs, waits, failed and is done."""
    summary = ", ".join(f"{count} {state}" for state, count in value.summary.items() if count)
    lines = [f"{ink('bold', summary or 'Nothing was asked for')}. {_workers(value)}"]
    width = max((len(one.organization) for one in value.runs), default=0)
    for state, count in value.summary.items():
        shown = [one for one in value.runs if one.state == state][:MAX_LISTED]
        lines += ["", *(log_line(_line(one, width, ink)) for one in shown)] if shown else []
        lines += [f"and {count - MAX_LISTED} more {state}"] if count > MAX_LISTED else []
    return "\n".join(lines) + "\n"


def _workers(value: FleetStatus) -> str:
    if not value.workers:
        waits = any(not one.is_over for one in value.runs)
        return "No worker is there." + (" Start `reconciler fleet worker`." if waits else "")
    return f"{wording.count(len(value.workers), 'worker').capitalize()}: {', '.join(value.workers)}."


def _line(one: DurableRun, width: int, ink: Ink) -> str:
    state = ink(_COLOURS[one.state], one.state.ljust(7))
    return f"{state}  {one.organization.ljust(width)}  {one.digest[:_SHORT]}  {'; '.join(_said(one))}"


def _said(one: DurableRun) -> Iterator[str]:
    """Yield what there is to say of a run."""
    if one.state == "running":
        yield f"since {one.created} by {one.worker}" + (f", start {one.starts}" if one.starts > 1 else "")
    elif one.state == "waiting":
        yield f"since {one.created}"
    elif one.result is None:
        yield f"no worker brought it to an end in {wording.count(one.starts, 'start')}"
    else:
        counts = ", ".join(
            f"{count} {name.replace('_', ' ')}" for name, count in one.result.counts.items() if count
        )
        yield word(one.result.outcome, "apply") + (f" ({counts})" if counts else "")
        yield from one.result.reasons
        if one.result.wider:
            yield f"{one.result.wider} live and wider than defined"
        yield f"{one.ended} by {one.worker}"
