"""Where in its file an error of a plan belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic
from reconciler.model import dotted

if TYPE_CHECKING:
    from reconciler.model import Definition, Path


def error_at(definition: Definition, path: Path, code: str, summary: str, hint: str) -> Diagnostic:
    """Return an error at a field or, where the definition leaves it out, at what it would stand in."""
    place = (definition.line, definition.column)
    for length in range(len(path), 0, -1):
        if path[:length] in definition.places:
            place = definition.places[path[:length]]
            break
    return Diagnostic("error", code, summary, hint, definition.file, *place, dotted(path))
