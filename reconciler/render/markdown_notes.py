"""Problems as lists of Markdown, and reasons as GitHub's alert blocks; of both a bounded number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import REFUSALS
from reconciler.render.diagnostics import message
from reconciler.render.medium import MARKDOWN
from reconciler.render.verdict import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.render.verdict import Reason

MAX_NOTES = 20


def alert(kind: str, head: str, reasons: Sequence[Reason]) -> str:
    """Return one of GitHub's alert blocks, with a bounded number of reasons."""
    lines = [f"[!{kind}]", head, ""]
    for reason in reasons[:MAX_NOTES]:
        lines.append(f"- **{reason.heading}:** {reason.text}".rstrip())
        lines += [f"  - {item}" for item in reason.items[:MAX_NOTES]]
        more = len(reason.items) - MAX_NOTES
        lines += [f"  - and {more} more"] if more > 0 else []
    more = len(reasons) - MAX_NOTES
    lines += [f"- and {more} more"] if more > 0 else []
    return quoted("\n".join(lines))


def quoted(text: str) -> str:
    """Return blocks of Markdown as a quote."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def notes(found: Sequence[Diagnostic]) -> str:
    """List the worst diagnostics in words, and count the others."""
    shown = sorted(found, key=lambda diagnostic: not diagnostic.is_error)[:MAX_NOTES]
    more = len(found) - len(shown)
    rows = [_diagnostic(diagnostic) for diagnostic in shown] + ([f"and {more} more"] if more else [])
    return "\n".join(f"- {row}" for row in rows)


def _diagnostic(diagnostic: Diagnostic) -> str:
    refusal = REFUSALS.get(diagnostic.code)
    heading = refusal.heading if refusal else "Error" if diagnostic.is_error else "Warning"
    return f"**{heading}:** {MARKDOWN.prose(message(diagnostic))}{place(diagnostic, MARKDOWN)}"
