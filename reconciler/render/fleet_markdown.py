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
MAX_NAMED = 20  # organizations of which the same is said


def report(value: FleetReport, *, max_in_full: int = MAX_IN_FULL, see_also: str = "") -> str:
    """Show what needs attention in full and the rest by count, folded; `see_also` says where all of it is."""
    groups = fleet.urgent(value)
    blocks = [f"## {fleet.title(value)}", *_live_and_wider(value), f"**{fleet.counts(value).capitalize()}.**"]
    if value.gone:
        blocks.append(f"> [!WARNING]\n> {MARKDOWN.prose(gone(value))}")
    blocks += [_group(group, value) for group in groups[:max_in_full]]
    blocks += _rest(groups[max_in_full:], value, see_also)
    blocks += [_folded(said, found) for said, found in fleet.quiet(value)]
    return "\n\n".join(blocks) + "\n"


def _live_and_wider(value: FleetReport) -> Iterator[str]:
    found = fleet.live_and_wider(value)
    if found:
        listed = MARKDOWN.names(found, text.MAX_WIDER)
        hint = text.pause_hint(len(found))
        yield f"> [!CAUTION]\n> **Live and wider than defined:** {listed}. **{hint}**"


def _group(group: Group, value: FleetReport) -> str:
    first = group.first
    rows = [
        f"- **{MARKDOWN.name(line.name)}:** {MARKDOWN.prose(clip(line.text, MAX_TEXT))}"
        for line in first.lines[:MAX_LINES]
    ]
    others = fleet.more_audiences(first) + max(len(first.lines) - MAX_LINES, 0)
    rows += [f"- and {wording.count(others, 'more audience')}"] if others else []
    rows += [notes(first.diagnostics)] if first.diagnostics else []
    rows += [f"- and {wording.count(first.omitted, 'more problem')}"] if first.omitted else []
    return "\n".join([f"### {_names(group)}: {fleet.headline(group, value.action)}", "", *rows])


def _names(group: Group) -> str:
    return MARKDOWN.names([one.organization for one in group.results], MAX_NAMED)


def _rest(groups: Sequence[Group], value: FleetReport, see_also: str) -> Iterator[str]:
    """Yield one line each for what the page has no room for."""
    if groups:
        count = sum(len(group.results) for group in groups)
        hint = f" See {see_also}." if see_also else ""
        yield f"### Not in full here: {wording.count(count, 'more organization')}\n"
        yield (
            "\n".join(f"- {_names(group)}: {fleet.headline(group, value.action)}" for group in groups) + hint
        )


def _folded(said: str, found: Sequence[OrganizationResult]) -> str:
    names = MARKDOWN.names([one.organization for one in found], len(found))
    warned = [one.organization for one in found if one.diagnostics]
    warning = f"\n\nWith warnings: {MARKDOWN.names(warned)}." if warned else ""
    summary = f"{said.capitalize()}: {wording.count(len(found), 'organization')}"
    return f"<details><summary>{summary}</summary>\n\nThese: {names}.{warning}\n\n</details>"
