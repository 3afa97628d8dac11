"""The verdict of a page, with its reasons: the first thing that it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import REFUSALS
from reconciler.plan import overlap
from reconciler.render.diagnostics import message
from reconciler.render.page.markup import Markup, element
from reconciler.render.page.medium import HTML, markup
from reconciler.render.verdict import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.render.verdict import Reason


def banner(kind: str, title: str, lines: Sequence[str], *blocks: Markup) -> Markup:
    """Return the page's first heading; `kind` is a class of the style: good, look or bad."""
    first, *others = lines
    return element(
        "div",
        element("h1", title),
        element("p", first, class_="headline"),
        *(element("p", line) for line in others if line),
        *blocks,
        class_=f"verdict {kind}",
    )


def reasons(title: str, found: Sequence[Reason]) -> Markup:
    """Return reasons under what they are for, nothing without any."""
    if not found:
        return Markup()
    return element("p", title) + element("ul", *map(_reason, found))


def _reason(one: Reason) -> Markup:
    items = element("ul", *(element("li", markup(item)) for item in one.items)) if one.items else Markup()
    return element("li", element("b", f"{one.heading}:"), " ", markup(one.text), items)


def diagnostics(found: Sequence[Diagnostic]) -> Markup:
    """Return diagnostics as a list, nothing without any."""
    return element("ul", *map(_diagnostic, found)) if found else Markup()


def _diagnostic(one: Diagnostic) -> Markup:
    if one.code in overlap.CODES:  # the names have their places with them
        return element("li", element("b", "Overlap:"), f" {message(one)}")
    refusal = REFUSALS.get(one.code)
    heading = refusal.heading if refusal else "Error" if one.is_error else "Warning"
    return element("li", element("b", f"{heading}:"), f" {message(one)}", markup(place(one, HTML)))
