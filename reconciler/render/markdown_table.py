"""What happens to whom, as a table of Markdown: a row for each audience, or for several that are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render import reach, view
from reconciler.render.escape import clip
from reconciler.render.medium import MARKDOWN
from reconciler.render.origin import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Rules
    from reconciler.plan import Change
    from reconciler.plan.model import Commit
    from reconciler.render.origin import Place
    from reconciler.render.sentences import Consequence
    from reconciler.render.view import Group, Row

MAX_DESCRIPTION = 120
SHORT = 8  # characters of a commit's id
_DATE = 10  # characters of a time that are its day


def of_changes(
    changes: Sequence[Change], rules: Rules, place: Place = NOWHERE, *, max_shown: int | None = None
) -> str:
    """Return the table of changes, at most so many, the largest effect first; empty without any."""
    return of_rows(view.rows(changes, rules, MARKDOWN)[:max_shown], place)


def of_rows(rows: Sequence[Row], place: Place = NOWHERE) -> str:
    """Return the table of some rows; empty without any."""
    if not rows:
        return ""
    has_people = any(row.change.reach is not None for row in rows)
    head = ("Audience", "What would happen", *(["People"] if has_people else []))
    cells = [_cells(group, place, has_people=has_people) for group in view.groups(rows)]
    return table(head, cells)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _cells(group: Group, place: Place, *, has_people: bool) -> Sequence[str]:
    rows = group.rows
    first = rows[0]
    what = _what(first)
    if len(rows) == 1:
        about = _about(first.change, place)
        audience = f"{_link(first, place)}<br><sub>{about}</sub>" if about else _link(first, place)
        cut = f"<br><sub>{first.cut}</sub>" if first.cut else ""
        return (audience, what, *([f"{_people(first)}{cut}"] if has_people else []))
    notes = [(_people(row), _owner(row.change), _committed(row.change.commit, place)) for row in rows]
    common = [each[0] if len(set(each)) == 1 else "" for each in zip(*notes, strict=True)]
    names = ", ".join(
        _named(row, place, [one for one, same in zip(own, common, strict=True) if one != same])
        for row, own in zip(rows, notes, strict=True)
    )
    shown, *others = common
    of_all = f"<br><sub>of all: {'; '.join(filter(None, others))}</sub>" if any(others) else ""
    people = [shown or "beside each name"] if has_people else []
    return (f"**The same in {len(rows)}:** {names}{of_all}", what, *people)


def _link(row: Row, place: Place) -> str:
    return place.link(MARKDOWN.name(row.change.name), row.change.file, row.change.line)


def _named(row: Row, place: Place, notes: Sequence[str]) -> str:
    own = "; ".join(filter(None, notes))
    return f"{_link(row, place)} ({own})" if own else _link(row, place)


def _about(change: Change, place: Place) -> str:
    """Return who owns an audience, what it is for, and who committed its file last."""
    text = clip(" ".join(change.description.split()), MAX_DESCRIPTION)
    purpose = f"for: {MARKDOWN.prose(text)}" if text else ""
    lines = "; ".join(filter(None, [_owner(change), purpose])), _committed(change.commit, place)
    return "<br>".join(filter(None, lines))


def _owner(change: Change) -> str:
    return f"owner {MARKDOWN.name(change.owner)}" if change.owner else ""


def _committed(commit: Commit | None, place: Place) -> str:
    if commit is None:
        return ""
    words = place.commit_link(f"`{commit.sha[:SHORT]}`", commit.sha)
    return f"last commit {words} by {MARKDOWN.name(commit.author)} on {commit.date}"


def _people(row: Row) -> str:
    return reach.numbers(row.change).replace("->", "\N{RIGHTWARDS ARROW}") or "not asked"


def _what(row: Row) -> str:
    """Return what the change asks for, and after it what of the row is drift."""
    asked = [_asked(one) for one in row.consequences if one.cause != "drift"]
    drift = [_drifted(one) for one in row.consequences if one.cause == "drift"]
    parts = ["**is protected**, so this is refused"] if row.change.is_protected else []
    parts += ["; ".join(asked)] if asked else []
    if drift:
        day = row.change.updated_at[:_DATE]
        since = f", last updated there on {MARKDOWN.quote(day)}" if day else ""
        parts.append(f"**Drift{since}:** {'; '.join(drift)}")
    return "<br>".join(parts)


def _asked(one: Consequence) -> str:
    if one.cause != "both":
        return one.text
    return f"{one.text} (**somebody changed this outside git as well**: {_values(one)})"


def _drifted(one: Consequence) -> str:
    return f"{one.text} ({_values(one)})"


def _values(one: Consequence) -> str:
    return f"live: {one.live}; in the file: {one.defined}"
