"""How many people a change reaches, in words that terminals and GitHub share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.escape import log_line

if TYPE_CHECKING:
    from reconciler.plan import Change


def people(change: Change) -> str:
    """Return the numbers before and after with their day, or that they are not known; empty if not asked."""
    found, reach = numbers(change), change.reach
    return f"{found} (data of {log_line(reach.data_date)})" if reach and reach.data_date else found


def numbers(change: Change) -> str:
    """Return the numbers before and after, or that they are not known; empty if not asked."""
    reach = change.reach
    if reach is None:
        return ""
    if reach.before is None or reach.after is None:
        return "not known"
    if reach.before == reach.after:
        return f"{reach.before:,}"
    return f"{reach.before:,} -> {reach.after:,}{_times(reach.before, reach.after)}"


def _times(before: int, after: int) -> str:
    if not before or not after:
        return ""
    if after >= 2 * before:
        return f", {after / before:.1f} times as many".replace(".0 ", " ")
    return f", {(after - before) / before:+.0%}"
