"""A plan as a page: the verdict, what changes for whom, and what is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.render import handovers, totals, view
from reconciler.render.origin import organization
from reconciler.render.page import frame, overview, slots
from reconciler.render.page.banner import banner, diagnostics, reasons
from reconciler.render.page.card import card
from reconciler.render.page.markup import Markup, element
from reconciler.render.page.medium import HTML, markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import Plan
    from reconciler.render.verdict import Word
    from reconciler.render.view import View

_KINDS: dict[Word, str] = {"look twice": "look", "would be refused": "bad"}


def plan(
    value: Plan,
    rules: Rules,
    *,
    notes: Sequence[Diagnostic] = (),
    hints: Mapping[str, str] | None = None,
) -> str:
    """Show a plan to somebody who never saw the tool, the largest effect on people first.

    `notes` and `hints` are as in `view.of`.
    """
    seen = view.of(value, rules, HTML, notes=notes, hints=hints)
    title, headline = seen.verdict.word.capitalize(), _headline(seen)
    first = banner(
        _KINDS.get(seen.verdict.word, "good"),
        title,
        [headline, totals.breakdown(seen)],
        reasons(_REFUSED, seen.verdict.refusals),
        reasons("Look twice at this:", seen.verdict.looks),
    )
    facts = [
        ("Digest", value.digest or ""),
        ("Compared with", organization(value.origin, str)),
        ("People in the data of", _days(seen)),
    ]
    return frame.page(f"{title}: {headline}", first, _sections(seen, rules), facts)


def _headline(seen: View) -> str:
    value = seen.plan
    if not value.origin:
        return "Nothing could be compared, so nobody can say what would change."
    if value.changes or value.errored:
        return totals.headline(seen)
    return f"{wording.count(value.managed, 'audience')} compared: the live audiences match the definitions."


def _days(seen: View) -> str:
    reaches = [row.change.reach for row in seen.rows]
    return ", ".join(sorted({reach.data_date for reach in reaches if reach is not None} - {""}))


def _sections(seen: View, rules: Rules) -> Iterator[Markup]:
    value = seen.plan
    if value.targets:
        names = markup(HTML.names(value.targets))
        yield element("p", "This is a part of the plan, only of: ", names, ".", class_="partial")
    groups = view.groups(seen.rows)
    if len(seen.rows) > 1:
        yield frame.section("At a glance", overview.table(groups))
    yield from slots.ledger(seen)
    if groups:
        cards = [card(group, overview.anchor(nth), rules) for nth, group in enumerate(groups)]
        yield frame.section("What would change", *cards)
    for heading, said in handovers.taken(value, HTML.name):
        yield frame.section(heading, element("p", markup(said)))
    left = [
        element("div", element("dt", heading), element("dd", markup(f"{names}.")))
        for heading, names in totals.left_alone(value, HTML)
    ]
    if left:
        yield frame.section("What is left alone", element("dl", *left))
    if seen.verdict.notes:
        yield frame.section("Also good to know", diagnostics(seen.verdict.notes), class_="notes")
    if value.changes:
        steps = [element("li", step) for step in _NEXT]
        yield frame.section("What an apply does", element("ul", *steps), class_="notes")


_REFUSED = "An apply is refused, and changes nothing, until each of these is solved:"
_NEXT = (
    "Nothing has changed yet: this page only shows a plan.",
    "An apply pauses first, then changes, then starts, and reads back each audience that it wrote.",
    "An audience that somebody changes meanwhile is left alone, and the report says so.",
    "Who is in an audience follows with the vendor's next run, daily as a rule.",
)
