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
    place = (definition.file, definition.line, definition.column)
    for length in range(len(path), 0, -1):
        part = path[:length]
        if part in definition.places:
            place = (definition.file, *definition.places[part])
            break
        if part in definition.origins:
            origin = definition.origins[part][0]
            place = (origin.file, origin.line, origin.column)
            hint = f"{hint}. It is extended by {definition.file}"
            break
    return Diagnostic("error", code, summary, hint, *place, dotted(path))
