"""All audiences that change in one table, a line each: how many people, on one scale for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.page import bars
from reconciler.render.page.card import badges, name
from reconciler.render.page.markup import Markup, element, hidden

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.render.sentences import Kind
    from reconciler.render.view import Group, Row


def anchor(nth: int) -> str:
    """Return the id of the card of a group."""
    return f"a{nth + 1}"


def table(groups: Sequence[Group]) -> Markup:
    """Return the table; each line leads to its card."""
    reaches = [row.change.reach for group in groups for row in group.rows]
    most = max((max(one.before or 0, one.after or 0) for one in reaches if one is not None), default=0)
    has_people = any(reaches)
    titles = ("Audience", "People", "That is") if has_people else ("Audience", "That is")
    head = [element("th", title, scope="col") for title in titles]
    rows = [
        element("tr", *_line(row, anchor(nth), most or 1, has_people=has_people))
        for nth, group in enumerate(groups)
        for row in group.rows
    ]
    return element(
        "table", element("thead", element("tr", *head)), element("tbody", *rows), class_="overview"
    )


def _line(row: Row, anchor_: str, most: int, *, has_people: bool) -> Iterator[Markup]:
    link = element("a", name(row.change.name), href=f"#{anchor_}")
    numbers, said = _people(row, most)
    yield element("th", link, " ", *badges(row), scope="row")
    if has_people:
        yield element("td", *numbers, class_="count")
    yield element("td", said)


def _people(row: Row, most: int) -> tuple[Sequence[str], str]:
    """Return the numbers of people before and after, and what that is."""
    change, reach = row.change, row.change.reach
    if reach is None or reach.before is None or reach.after is None:
        return ["not known"], _KINDS[row.kind]
    said = bars.said(change, reach.before, reach.after)
    if reach.before == reach.after:
        return [bars.pair(reach, most), f"{reach.after:,}"], said
    arrow = element("span", "\N{RIGHTWARDS ARROW}", aria_hidden="true")
    return [bars.pair(reach, most), f"{reach.before:,} ", arrow, hidden("then"), f" {reach.after:,}"], said


_KINDS: Mapping[Kind, str] = {
    "starts": "start to be refreshed",
    "stops": "no longer refreshed",
    "more": "more people",
    "fewer": "fewer people",
    "other": "other people",
    "same": "the same people",
}
