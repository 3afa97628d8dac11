"""The organization's active slots, drawn: what stays in use, what would start, what is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render import totals
from reconciler.render.page.markup import Markup, element
from reconciler.render.page.medium import HTML, markup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.render.view import View

MAX_DRAWN = 60


def ledger(seen: View) -> Iterator[Markup]:
    """Yield a section about slots where the plan starts or stops anything."""
    said = totals.slots(seen, HTML)
    if said:
        yield element("section", element("h2", "Active slots"), *_drawn(seen), element("p", markup(said)))


def _drawn(seen: View) -> Iterator[Markup]:
    limit, counts = seen.plan.active_slots, seen.counts
    wanted = counts.get("starts", 0)
    kept = max(seen.plan.active - counts.get("stops", 0), 0)
    if limit is None or max(limit, kept + wanted) > MAX_DRAWN:
        return
    over = min(max(kept + wanted - limit, 0), wanted)
    kinds = ["kept"] * kept + ["starts"] * (wanted - over)
    kinds += ["free"] * (limit - len(kinds)) + ["over"] * over
    drawn = (element("i", class_=f"slot {kind}") for kind in kinds)
    yield element("div", *drawn, class_="slots", aria_hidden="true")
