"""The result of an apply as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render import text
from reconciler.render.escape import clip
from reconciler.render.page import frame
from reconciler.render.page.banner import banner, diagnostics
from reconciler.render.page.card import MAX_PROSE, name
from reconciler.render.page.markup import Markup, element, joined
from reconciler.render.page.medium import markup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan import ApplyResult, AudienceResult, Outcome


def result(value: ApplyResult) -> str:
    """Show how an apply ended, what needs somebody first."""
    kind, title, says = _verdict(value)
    headline = _headline(value)
    first = banner(kind, title, [headline, says], diagnostics(value.diagnostics))
    return frame.page(
        f"{title}: {headline}", first, _sections(value), [("Digest of the plan", value.digest or "")]
    )


def _verdict(value: ApplyResult) -> tuple[str, str, str]:
    """Return the banner's class, its title, and what to do."""
    if value.live_and_wider:
        return "bad", "Live and wider than defined", markup(text.pause_hint(len(value.live_and_wider)))
    if value.is_converged:
        says = "Each audience was read back and is as its file says." if value.summary["applied"] else ""
        return "good", "Applied", says
    kind, title = ("look", "Applied in part") if value.is_written else ("bad", "Nothing was changed")
    return kind, title, "Run the plan again to see what is left to do."


def _headline(value: ApplyResult) -> str:
    counted = [f"{count} {_OUTCOMES[key][0]}" for key, count in value.summary.items() if count]
    stopped = "Stopped before the end: " if value.interrupted else ""
    return f"{stopped}{', '.join(counted) or 'nothing had to change'}."


def _sections(value: ApplyResult) -> Iterator[Markup]:
    if not value.results:
        return
    head = [element("th", title, scope="col") for title in ("Audience", "How it ended", "Why")]
    rows = [_row(one) for one in sorted(value.results, key=_urgency)]
    table = element(
        "table", element("thead", element("tr", *head)), element("tbody", *rows), class_="outcomes"
    )
    yield frame.section("How it ended", table)


def _urgency(one: AudienceResult) -> tuple[bool, bool]:
    return not one.is_live_and_wider, one.outcome in {"applied", "unchanged"}


def _row(one: AudienceResult) -> Markup:
    said, kind = _OUTCOMES[one.outcome]
    badge = element("span", said.capitalize(), class_=f"badge {kind}")
    wider = element("span", "Live and wider", class_="badge bad") if one.is_live_and_wider else Markup()
    return element(
        "tr",
        element("th", name(one.name), scope="row"),
        element("td", joined([badge, wider], by=" ")),
        element("td", clip(one.detail, MAX_PROSE)),
    )


_OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "applied": ("changed as planned", "starts"),
    "unchanged": ("already as planned", "stops"),
    "failed": ("failed", "bad"),
    "conflict": ("left alone", "bad"),
    "blocked": ("without a free slot", "bad"),
    "unknown": ("unknown", "bad"),
    "not_attempted": ("not tried", "stops"),
}
