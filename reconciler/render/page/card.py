"""What happens to one audience, or to several of which each says the same: whom, how many, and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.render import diagnostics, sentences, text
from reconciler.render.escape import clip
from reconciler.render.page import bars, chips, funnel, ranges
from reconciler.render.page.markup import Markup, element, joined
from reconciler.render.page.medium import markup, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model import Rules
    from reconciler.plan import Change, FieldChange
    from reconciler.plan.model import Commit
    from reconciler.render.view import Group, Row

MAX_PROSE = 600  # characters of a definition's description
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}):[0-9.]{2,9}Z")


def card(group: Group, anchor: str, rules: Rules) -> Markup:
    """Return an article about the audiences of a group."""
    first, count = group.rows[0], len(group.rows)
    title = name(first.change.name) if count == 1 else f"The same in {count} audiences"
    heading = element("h3", title, id=f"{anchor}-name")
    about = _facts(first.change) if count == 1 else Markup()
    return element(
        "article",
        element("div", heading, element("p", *badges(first), class_="badges"), class_="title"),
        element(
            "div", element("div", *_what(group, anchor, rules)), about, class_="body" if count == 1 else None
        ),
        _exact(first.change.fields),
        id=anchor,
        class_="card",
        aria_labelledby=f"{anchor}-name",
    )


def name(text_: str) -> Markup:
    """Return a name that keeps the direction of its own script to itself."""
    return element("bdi", clip(text_) or "(no name)")


def badges(row: Row) -> Iterator[Markup]:
    """Yield in a word each what a reader looks for first."""
    if row.kind == "starts":
        yield element("span", "Starts", class_="badge starts")
    if row.kind == "stops":
        is_pause = row.change.patch.get("status") == "paused"
        yield element("span", "Pauses" if is_pause else "Stops", class_="badge stops")
    if row.change.is_protected:
        yield element("span", "Protected", class_="badge bad")
    if row.has_drift:
        yield element("span", "Drift", class_="badge drift")


def _what(group: Group, anchor: str, rules: Rules) -> Iterator[Markup]:
    first = group.rows[0]
    change = first.change
    asked = [one for one in first.consequences if one.cause != "drift"]
    drift = [one for one in first.consequences if one.cause == "drift"]
    pictures = ranges.pictures(change, rules)
    if change.is_protected:
        yield element("p", "It is protected, so this is refused.", class_="sentence")
    if asked:
        yield element("p", sentence(sentences.joined(asked)), class_="sentence")
    if len(group.rows) > 1:
        yield _members(group.rows)
    if change.reach is not None and len(group.rows) == 1:
        yield bars.people(change, change.reach)
        yield funnel.drawn(change.reach.funnel, rules, anchor)
    if asked:
        yield chips.fields([one for one in change.fields if one.cause != "drift"], rules, pictures)
    if drift:
        yield element(
            "div",
            element("h4", "Changed outside git, and put back"),
            element("p", sentence(sentences.joined(drift))),
            chips.fields([one for one in change.fields if one.cause == "drift"], rules, pictures),
            element("p", _KEEP),
            class_="drifted",
        )


def _members(rows: Sequence[Row]) -> Markup:
    """Return the names of several audiences, those of one owner together."""
    owned: dict[str, list[Markup]] = {}
    for row in rows:
        owned.setdefault(row.change.owner, []).append(element("li", name(row.change.name)))
    lines = [
        element(
            "div",
            element("dt", "Owner ", element("bdi", clip(owner))) if owner else element("dt", "No owner"),
            element("dd", element("ul", *names)),
        )
        for owner, names in owned.items()
    ]
    return element("dl", *lines, class_="owned")


def _facts(change: Change) -> Markup:
    facts = [
        ("Why", clip(" ".join(change.description.split()), MAX_PROSE)),
        ("Owner", clip(change.owner)),
        ("File", f"{change.file}:{change.line}"),
        ("Last commit", _commit(change.commit)),
        ("Last edited live", _time(change.updated_at)),
    ]
    rows = [
        element("div", element("dt", key), element("dd", element("bdi", value)))
        for key, value in facts
        if value
    ]
    return element("dl", *rows, class_="facts")


def _commit(commit: Commit | None) -> str:
    return f"{clip(commit.author)}, {commit.date} ({commit.sha[:8]})" if commit else ""


def _time(text_: str) -> str:
    """Return an ISO 8601 time to the minute, anything else as it is."""
    found = _TIME.fullmatch(text_)
    return f"{found[1]} {found[2]} UTC" if found else clip(text_)


def _exact(fields: Sequence[FieldChange]) -> Markup:
    shown = joined(text.field_lines(fields, diagnostics.PLAIN), by="\n")
    return element("details", element("summary", "The exact change"), element("pre", shown), class_="exact")


_KEEP = markup(
    "Not asked for here: somebody changed it live, or an earlier merge was not applied. To keep what is "
    "live, run `reconciler adopt`."
)
