"""How many people a change reaches, in words that terminals and GitHub share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import dotted
from reconciler.plan.funnel import largest_cut
from reconciler.render.escape import log_line

if TYPE_CHECKING:
    from reconciler.model import Rules
    from reconciler.plan import Change
    from reconciler.render.medium import Medium

MIN_PERCENT = 0.005
MAX_LOSS = 0.99
MIN_CUT = 0.5  # the share of people from which on it is worth a word which filter takes them away


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


def largest_cut_words(change: Change, rules: Rules, medium: Medium) -> str:
    """Return which filter takes away most people, where they are many; empty where nobody knows."""
    funnel = change.reach.funnel if change.reach else ()
    path, share = largest_cut(funnel) or ("", 0.0)
    if share < MIN_CUT:
        return ""
    label = filter_label(path, rules)
    shown = medium.quote(label) if label == path else f'"{label}"'
    return f"{funnel[0].people:,} without filters; most are taken away by {shown} ({_percent(share)})"


def filter_label(path: str, rules: Rules) -> str:
    """Return a filter by its plain name or, where the schema has none, by its path."""
    return next((rule.label for known, rule in rules.items() if dotted(known) == path), path)


def _percent(share: float) -> str:
    """Return a share in percent; one that leaves somebody is never all of them."""
    return f"{min(round(share * 100), 99)}%" if share < 1 else "all"


def _times(before: int, after: int) -> str:
    if not before or not after:
        return ""
    if after >= 2 * before:
        return f", {after / before:.1f} times as many".replace(".0 ", " ")
    return f", {percent_moved(before, after)}"


def percent_moved(before: int, after: int) -> str:
    """Return by how many percent a number moves; one that is not 0 afterwards never loses all."""
    share = (after - before) / before
    if abs(share) < MIN_PERCENT:
        return "less than 1% more" if share > 0 else "less than 1% fewer"
    return f"{max(share, -MAX_LOSS):+.0%}"
