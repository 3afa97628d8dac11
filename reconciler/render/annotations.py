"""Diagnostics as annotations of a GitHub Actions run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.diagnostics import diagnostic_line, message
from reconciler.render.escape import log_line, workflow_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic

MAX_ANNOTATIONS = 9  # GitHub shows ten of a step


def annotate(found: Sequence[Diagnostic]) -> str:
    """Annotate the first problems where they are, errors first, and list the others as plain lines."""
    ordered = sorted(found, key=lambda diagnostic: not diagnostic.is_error)
    lines = [_annotation(diagnostic) for diagnostic in ordered[:MAX_ANNOTATIONS]]
    rest = ordered[MAX_ANNOTATIONS:]
    if rest:
        lines.append(f"and {len(rest)} more:")
        lines += [log_line(f"  {diagnostic_line(diagnostic)}") for diagnostic in rest]
    return "".join(f"{line}\n" for line in lines)


def _annotation(diagnostic: Diagnostic) -> str:
    sentences = message(diagnostic)
    return workflow_command(
        diagnostic.severity,
        f"{diagnostic.path}: {sentences}" if diagnostic.path else sentences,
        file=diagnostic.file,
        line=diagnostic.line,
        col=diagnostic.column,
        title=diagnostic.summary,
    )
