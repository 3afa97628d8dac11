"""How many people, as bars. They are SVG, since a strict policy takes no style from an attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.page.markup import Markup, element, joined

if TYPE_CHECKING:
    from reconciler.plan import Change
    from reconciler.plan.model import Reach

MAX_PERCENT = 99  # a loss that leaves somebody is not all
SEVERAL = 1.95  # from here on it reads as times as many, below as percent


def difference(before: int, after: int) -> str:
    """Return in words how two numbers of people differ."""
    if before == after:
        return "as many as before"
    if not after:
        return "nobody is left"
    if not before:
        return "from nobody before"
    if after >= before * SEVERAL:
        return f"{after / before:,.1f} times as many"
    more = "more" if after > before else "fewer"
    percent = min(round(abs(after - before) * 100 / before), MAX_PERCENT)
    return f"{max(percent, 1)}% {more}" if percent else f"less than 1% {more}"


def said(change: Change, before: int, after: int) -> str:
    """Return what the change does to so many people: where their number stays, whether they are refreshed."""
    kept = {"activate": "start to be refreshed", "release": "no longer refreshed"}
    return kept.get(change.phase, difference(before, after)) if before == after else difference(before, after)


def people(change: Change, reach: Reach) -> Markup:
    """Return both numbers as bars, or one where it stays, or why they are not known."""
    if reach.before is None or reach.after is None:
        why = f": {reach.unknown}" if reach.unknown else ""
        return element("p", f"How many people this reaches is not known{why}.", class_="unknown")
    before, after = reach.before, reach.after
    most = max(before, after, 1)
    rows = [_row("Before", before, most, "was"), _row("After", after, most, tone(before, after))]
    if before == after:
        rows = [_row("People", after, most, "was")]
    words = element("b", said(change, before, after))
    return element(
        "div", *rows, element("p", words, f" · data of {reach.data_date}", class_="said"), class_="people"
    )


def pair(reach: Reach, most: int) -> Markup:
    """Return both bars without numbers, thin, where `most` people are the whole width."""
    before, after = reach.before or 0, reach.after or 0
    bars = [bar(before, most, "was", 5), bar(after, most, tone(before, after), 5)]
    return element("span", *bars, class_="pair")


def tone(before: int, after: int) -> str:
    """Return the class that colours a number after a change."""
    return "same" if before == after else "more" if after > before else "fewer"


def _row(name: str, number: int, most: int, kind: str) -> Markup:
    return element(
        "div",
        element("span", name, class_="key"),
        bar(number, most, kind, 14),
        element("span", f"{number:,}", class_="number"),
        class_="row",
    )


def bar(number: int, most: int, kind: str, height: int) -> Markup:
    """Return one bar, for the eyes alone, where `most` people are the whole width."""
    width = f"{max(number * 100 / most, 0.6):.1f}%" if number else "0"
    parts = [
        element("rect", width="100%", height=height, rx=3, class_="track"),
        element("rect", width=width, height=height, rx=3, class_=kind),
    ]
    return element("svg", joined(parts), class_="bar", height=height, aria_hidden="true", focusable="false")
