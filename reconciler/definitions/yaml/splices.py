"""Parts of a text put in place of others, and the lines around a place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_REST = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\r?\Z)")


@dataclass(frozen=True, slots=True)
class Splice:
    """What takes the place of a part of a text."""

    start: int
    end: int
    text: str = ""


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return the text with every splice in its place; a text that ended inside a line still does."""
    result, rest = [], 0
    for one in sorted(splices, key=lambda one: (one.start, one.end)):
        result += [text[rest : one.start], one.text]
        rest = max(rest, one.end)
    made = "".join([*result, text[rest:]])
    return made if text.endswith("\n") else made.removesuffix("\n").removesuffix("\r")


def line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """Return where the line ends, before its break."""
    found = text.find("\n", index)
    end = len(text) if found < 0 else found
    return end - 1 if text.startswith("\r", end - 1) and end > index else end


def line_break(text: str, index: int) -> str:
    """Return the break that ends the line or, on the last one, the line before it."""
    end = text.find("\n", index)
    end = text.rfind("\n", 0, index) if end < 0 else end
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def indentation(text: str, index: int) -> str | None:
    """Return the blanks before a place, None where something else stands there on its line."""
    before = text[line_start(text, index) : index]
    return None if before.strip(" ") else before


def ends_line(text: str, index: int) -> bool:
    """Return whether nothing but a comment follows on the line."""
    return _REST.match(text, index) is not None


def without_lines(text: str, start: int, end: int) -> Splice:
    """Return the removal of all lines from one place to another, with their comments and breaks."""
    found = text.find("\n", end)
    return Splice(line_start(text, start), len(text) if found < 0 else found + 1)
