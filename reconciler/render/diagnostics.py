"""Diagnostics as a terminal shows them, and colour, where there is some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reconciler import wording
from reconciler.render.escape import log_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic

Colour = Literal["green", "red", "yellow", "bold", "dim"]
_CODES = {"green": "32", "red": "31", "yellow": "33", "bold": "1", "dim": "2"}
_SENTENCE_ENDS = (".", "?", "!", "…")


class Ink:
    """Colour, where there is some; what it paints is made safe first."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on

    def __call__(self, colour: Colour, text: str) -> str:
        safe = log_line(text)
        return f"\x1b[{_CODES[colour]}m{safe}\x1b[0m" if self._is_on else safe


PLAIN = Ink(is_on=False)


def diagnostics(found: Sequence[Diagnostic], ink: Ink = PLAIN) -> str:
    """Show diagnostics, one a line."""
    return "".join(f"{coloured(one, ink)}\n" for one in found)


def coloured(diagnostic: Diagnostic, ink: Ink) -> str:
    return ink("red" if diagnostic.is_error else "yellow", diagnostic_line(diagnostic))


def validation_summary(definitions: int, found: Sequence[Diagnostic], ink: Ink = PLAIN) -> str:
    """Return the one line that ends a validation."""
    errors = sum(one.is_error for one in found)
    if errors:
        return ink("red", f"{wording.count(errors, 'problem')} to fix.") + "\n"
    return ink("green", f"{wording.count(definitions, 'definition')}, all valid.") + "\n"


def diagnostic_line(diagnostic: Diagnostic) -> str:
    """Return `file:line:col: path: what is wrong. What to do.`; still to be made safe for its medium."""
    place = ":".join(
        str(part) for part in (diagnostic.file, diagnostic.line, diagnostic.column) if part is not None
    )
    severity = "" if diagnostic.is_error and place else f"{diagnostic.severity.capitalize()}"
    parts = [place, severity, diagnostic.path or "", message(diagnostic)]
    return ": ".join(part for part in parts if part)


def message(diagnostic: Diagnostic) -> str:
    """Return what is wrong and how to fix it, as sentences."""
    return " ".join(sentence(text) for text in (diagnostic.summary, diagnostic.detail) if text)


def sentence(text: str) -> str:
    return text if text.endswith(_SENTENCE_ENDS) else f"{text}."
