"""How many people a change reaches, in words that terminals and GitHub share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.escape import log_line

if TYPE_CHECKING:
    from reconciler.plan import Change


def people(change: Change) -> str:
    """Return the numbers before and after with their day, or that they are not known; empty if not asked."""
    reach = change.reach
    if reach is None:
        return ""
    if reach.before is None or reach.after is None:
        return "not known"
    numbers = f"{reach.before:,}" if reach.before == reach.after else f"{reach.before:,} -> {reach.after:,}"
    return f"{numbers} (data of {log_line(reach.data_date)})"
