"""Where in its file an error of a plan belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic
from reconciler.model import dotted

if TYPE_CHECKING:
    from reconciler.model import Definition, Path


def amount_at(definition: Definition, path: Path, amount: str) -> str:
    """Return an amount with a word on where it comes from, if the definition leaves it out."""
    return amount if path in definition.places else f"{amount}, which is live and left out here,"


def error_at(definition: Definition, path: Path, code: str, summary: str, hint: str) -> Diagnostic:
    """Return an error at a field or, where the definition leaves it out, at what it would stand in."""
    place = place_of(definition, path)
    return Diagnostic("error", code, summary, hint, definition.file, *place, dotted(path))


def place_of(definition: Definition, path: Path) -> tuple[int, int]:
    """Return the line and column of a field or, where it is left out, of what it would stand in."""
    for length in range(len(path), 0, -1):
        if path[:length] in definition.places:
            return definition.places[path[:length]]
    return definition.line, definition.column
