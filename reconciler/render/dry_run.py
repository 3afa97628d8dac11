"""What an apply would do, and which pull request approves each change of it, in text and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render import markdown_notes, markdown_table
from reconciler.render.escape import clip, log_line, markdown_inline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import Change

_HEADLINE = "Dry run: nothing was sent."
_NOTHING = "There is nothing to apply."


def text(changes: Sequence[Change], approvers: Mapping[str, int | None]) -> str:
    """Show for each audience whether an apply would write it; `approvers` has those that it would, by id."""
    lines = [f"  {_would(change, approvers)}: {log_line(clip(change.name))}" for change in changes]
    return "\n".join(["", _HEADLINE, *(lines or [f"  {_NOTHING}"]), ""])


def summary(
    changes: Sequence[Change],
    approvers: Mapping[str, int | None],
    reasons: Sequence[Diagnostic],
    rules: Rules,
    *,
    max_shown: int | None = None,
) -> str:
    """Show the same as Markdown, with why the rest would be refused and what each change does."""
    shown = changes[:max_shown]
    rows = [f"| {markdown_inline(clip(one.name))} | {_would(one, approvers)} |" for one in shown]
    table = "\n".join(["| Audience | An apply |", "| --- | --- |", *rows]) if changes else _NOTHING
    blocks = ["### Audiences: dry run", f"**{_HEADLINE}**", table, markdown_notes.notes(reasons)]
    blocks += [markdown_table.of_changes(shown, rules)]
    blocks += [f"**Not shown here: {len(changes) - len(shown)} more.**"] if len(shown) < len(changes) else []
    return "\n\n".join(block for block in blocks if block) + "\n"


def _would(change: Change, approvers: Mapping[str, int | None]) -> str:
    if change.id not in approvers:
        return "would refuse it"
    number = approvers[change.id]
    reviewed = "by no pull request" if number is None else f"in pull request {number}"
    return f"would write it, reviewed {reviewed}"
