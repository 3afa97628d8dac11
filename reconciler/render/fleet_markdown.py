"""A report on many organizations as one page of Markdown, for a job's summary or a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.render import fleet, text
from reconciler.render.escape import clip
from reconciler.render.fleet_text import gone
from reconciler.render.markdown_notes import notes
from reconciler.render.medium import MARKDOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.plan.organization import FleetReport, OrganizationResult
    from reconciler.render.fleet import Group

MAX_IN_FULL = 40  # groups of organizations
MAX_LINES = 10  # audiences of one organization
MAX_TEXT = 300  # characters of what happens to one audience
MAX_ROWS = 100  # audiences in a fold
MAX_NAMED = 20  # organizations of which the same is said


def report(value: FleetReport, *, max_in_full: int = MAX_IN_FULL, see_also: str = "") -> str:
    """Show what needs attention in full and the rest by count, folded; `see_also` says where all of it is."""
    groups = fleet.urgent(value)
    blocks = [f"## {fleet.title(value)}", *head(value)]
    blocks += [group(one, value) for one in groups[:max_in_full]]
    blocks += [*rest(groups[max_in_full:], value, see_also), *quiet(value)]
    return "\n\n".join(filter(None, blocks)) + "\n"


def head(value: FleetReport) -> Iterator[str]:
    """Yield what comes first: who is reached although nobody meant it, the numbers, and what is gone."""
    yield from _live_and_wider(value)
    yield f"**{fleet.counts(value).capitalize()}.**"
    if value.gone:
        yield f"> [!WARNING]\n> {MARKDOWN.prose(gone(value))}"
    if value.diagnostics:
        yield notes(value.diagnostics)


def quiet(value: FleetReport) -> Iterator[str]:
    """Yield what needs nobody's attention, folded."""
    yield from (_folded(said, found) for said, found in fleet.quiet(value))


def _live_and_wider(value: FleetReport) -> Iterator[str]:
    found = fleet.live_and_wider(value)
    if found:
        listed = MARKDOWN.names(found, text.MAX_WIDER)
        hint = text.pause_hint(len(found))
        yield f"> [!CAUTION]\n> **Live and wider than defined:** {listed}. **{hint}**"


def group(members: Group, value: FleetReport) -> str:
    """Show one group of organizations, with a sentence for each audience."""
    first = members.first
    rows = [
        f"- **{MARKDOWN.name(line.name)}:** {MARKDOWN.prose(clip(line.text, MAX_TEXT))}"
        for line in first.lines[:MAX_LINES]
    ]
    others = fleet.more_audiences(first) + max(len(first.lines) - MAX_LINES, 0)
    rows += [f"- and {wording.count(others, 'more audience')}"] if others else []
    rows += [notes(first.diagnostics)] if first.diagnostics else []
    rows += [f"- and {wording.count(first.omitted, 'more problem')}"] if first.omitted else []
    return "\n".join([f"### {_names(members)}: {fleet.headline(first, value.action)}", "", *rows])


def _names(members: Group) -> str:
    return MARKDOWN.names([one.organization for one in members.results], MAX_NAMED)


def rest(groups: Sequence[Group], value: FleetReport, see_also: str) -> Iterator[str]:
    """Yield one line each for what the page has no room for."""
    if groups:
        count = sum(len(one.results) for one in groups)
        yield f"### Not in full here: {wording.count(count, 'more organization')}"
        yield "\n".join(f"- {_names(one)}: {fleet.headline(one.first, value.action)}" for one in groups)
        yield f"See {see_also}." if see_also else ""


def _folded(said: str, found: Sequence[OrganizationResult]) -> str:
    """Fold organizations by name, and what was done in those that something was done in."""
    names = MARKDOWN.names([one.organization for one in found], len(found))
    summary = f"{said.capitalize()}: {wording.count(len(found), 'organization')}"
    rows = [
        f"- {MARKDOWN.name(one.organization)}: {MARKDOWN.name(line.name)}, "
        f"{MARKDOWN.prose(clip(line.text, MAX_TEXT))}"
        for one in found
        for line in one.lines
    ]
    done = "".join(f"\n{row}" for row in ["", *rows[:MAX_ROWS]]) if rows else ""
    more = f"\n- and {len(rows) - MAX_ROWS} more" if len(rows) > MAX_ROWS else ""
    return f"<details><summary>{summary}</summary>\n\nThese: {names}.{done}{more}\n\n</details>"
