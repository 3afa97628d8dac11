"""Where in its file an error of a plan belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic
from reconciler.model import dotted

if TYPE_CHECKING:
    from reconciler.model import Definition, Path


def amount_at(definition: Definition, path: Path, amount: str) -> str:
    """Return an amount with a word on where it comes from, if the definition leaves it out."""
    is_said = path in definition.places or path in definition.origins
    return amount if is_said else f"{amount}, which is live and left out here,"


def error_at(definition: Definition, path: Path, code: str, summary: str, hint: str) -> Diagnostic:
    """Return an error at a field or, where it is left out, at what it would stand in.

    One that a shared piece says is told there, with the definition that extends it.
    """
    file, line, column = place_of(definition, path)
    told = hint if file == definition.file else f"{hint}. It is extended by {definition.file}"
    return Diagnostic("error", code, summary, told, file, line, column, dotted(path))


def place_of(definition: Definition, path: Path) -> tuple[str, int, int]:
    """Return the file, line and column of a field or, where it is left out, of what it would stand in."""
    for length in range(len(path), 0, -1):
        part = path[:length]
        if part in definition.places:
            return definition.file, *definition.places[part]
        if part in definition.origins:
            origin = definition.origins[part][0]
            return origin.file, origin.line, origin.column
    return definition.file, definition.line, definition.column
