"""A definition's text as a tree of parts, each with the comments that people wrote to it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.definitions.yaml.nodes import Node, parse
from reconciler.definitions.yaml.splices import line_start

if TYPE_CHECKING:
    from collections.abc import Iterator

_OUTSIDE = re.compile(r"#[^\r\n]*|(?<![^\n])[ \t]*(?=\r?\n)")
_HEADER = re.compile(r"[ \t]+#[^\r\n]*")
_MODELINE = re.compile(r"#\s*(?:yaml-language-server:|vim?:|-\*-)")


@dataclass(slots=True, eq=False)
class Part:
    """An entry or the whole document; `above` and `below` are comments on lines of their own, "" a blank one.

    `comment` stands on the line of the part itself, with the blanks before its sign; `below` comes after the
    last entry of the part.
    """

    key: str | None
    node: Node
    start: int
    key_end: int
    column: int
    parent: Part | None = None
    above: list[str] = field(default_factory=list)
    comment: str = ""
    below: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def is_in_brackets(self) -> bool:
        return self.parent is not None and self.parent.node.is_flow

    @property
    def is_commented(self) -> bool:
        """Whether people wrote something inside it that has no room on one line."""
        inside = (any(part.above) or bool(part.comment) or part.is_commented for part in self.parts)
        return any(self.below) or any(inside)


def attach(text: str) -> tuple[list[str], Part]:
    """Return the comments that head a valid definition's text, and its parts with all others."""
    root = Part(None, parse(text), 0, 0, -1)
    _add_parts(text, root)
    entries = [*_entries(root)]
    starts = [entry.start for entry in entries]
    for index, found in _found(text, entries):
        number = bisect_right(starts, index)
        before = _outermost(entries[number - 1], index) if number else None
        after = entries[number] if number < len(entries) else None
        gap = text[line_start(text, index) : index]
        if not gap.strip(" \t"):
            _attach_line(found, len(gap), (before, after), root)
        elif before is None:
            root.above.append(found)
        else:
            _attach_behind(gap[len(gap.rstrip(" \t")) :] + found, before)
    return _header(root), root


def _add_parts(text: str, part: Part) -> None:
    for entry in part.node.entries:
        start = entry.start
        column = _column(text, start)
        key, key_end = (entry.name, entry.key.end) if entry.key else (None, start)
        inner = Part(key, entry.value, start, key_end, column, part)
        part.parts.append(inner)
        _add_parts(text, inner)


def _column(text: str, index: int) -> int:
    """Return how far the line is indented, so that an item stands where its dash does."""
    before = text[line_start(text, index) : index]
    return len(before) - len(before.lstrip(" "))


def _entries(part: Part) -> Iterator[Part]:
    for inner in part.parts:
        yield inner
        yield from _entries(inner)


def _found(text: str, entries: list[Part]) -> Iterator[tuple[int, str]]:
    """Yield the place and the text of each comment, and of each blank line, outside of every scalar."""
    position = 0
    for start, end in _scalars(entries):
        yield from _between(text, position, start)
        header = text[start:end].partition("\n")[0] if text[start : start + 1] in {"|", ">"} else ""
        if comment := _HEADER.search(header):
            yield start + comment.end() - len(comment[0].lstrip(" \t")), comment[0].strip(" \t")
        # Blank lines at the end of a text in lines are a part of it, down to the break of the last one.
        position = max(end, text.find("\n", end) + 1) if header else end
    yield from _between(text, position, len(text))


def _scalars(entries: list[Part]) -> Iterator[tuple[int, int]]:
    for entry in entries:
        if entry.key_end > entry.start:
            yield entry.start, entry.key_end
        if not entry.parts and not entry.node.is_flow:
            yield entry.node.start, entry.node.end


def _between(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for found in _OUTSIDE.finditer(text, start, end):
        yield found.start(), found[0].strip(" \t")


def _attach_line(found: str, column: int, around: tuple[Part | None, Part | None], root: Part) -> None:
    """Give a line of its own to the entry below it, or to the end of what it is indented like."""
    before, after = around
    if not found:
        if after is not None:
            after.above.append(found)
        return
    if after is not None and not _ends(before, after, column):
        after.above.append(found)
        return
    while before is not None and before.parent is not None and before.column > column:
        before = before.parent
    owner = before.parent if before is not None else None
    (root if owner is None else owner).below.append(found)


def _ends(before: Part | None, after: Part, column: int) -> bool:
    """Return whether a line between two entries still belongs to what the first one is in."""
    is_left = before is not None and before.column > after.column
    return is_left and column > after.column and not after.is_in_brackets


def _outermost(before: Part, index: int) -> Part:
    """Return the entry or, where the brackets around it are closed by then, the one that has them."""
    while before.parent is not None and before.parent.node.is_flow and before.parent.node.end <= index:
        if before.parent.parent is None:
            break
        before = before.parent
    return before


def _attach_behind(comment: str, before: Part) -> None:
    if before.comment:
        before.above.append(comment.strip(" \t"))
    else:
        before.comment = comment


def _header(root: Part) -> list[str]:
    """Take from the first entry what heads the file: all down to a blank line, and lines for editors."""
    above = root.parts[0].above
    count = max(
        (index + 1 for index, line in enumerate(above) if not line or _MODELINE.match(line)), default=0
    )
    header, root.parts[0].above = [*root.above, *above[:count]], above[count:]
    return header
