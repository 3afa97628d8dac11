"""Entries put into collections in brackets, and taken out of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.yaml.splices import (
    Splice,
    ends_line,
    indentation,
    line_break,
    line_end,
    line_start,
    without_lines,
)
from reconciler.definitions.yaml.writing import STEP

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from reconciler.definitions.yaml.nodes import Node

_COMMA = re.compile(r"(?:[ \t\r\n]|#[^\n]*\n)*,")
_COMMENT = re.compile(r"[ \t]*#")
_BLANKS = re.compile(r"[ \t]*")
_BLANKS_BUT_ONE = re.compile(r"[ \t]*(?!#)")  # since a comment begins after a blank


def insert(text: str, node: Node, after: int, new: Sequence[str]) -> Iterator[Splice]:
    """Yield what puts entries behind one of a collection, behind none at -1; on lines if that one is."""
    if not node.entries:
        yield Splice(node.start + 1, node.start + 1, ", ".join(new))
    elif after < 0:
        start = node.entries[0].start
        separator = _separator(text, start)
        yield Splice(start, start, "".join(one + separator for one in new))
    else:
        yield from _insert_behind(text, node, after, new)


def _insert_behind(text: str, node: Node, after: int, new: Sequence[str]) -> Iterator[Splice]:
    start, end = node.entries[after].start, node.entries[after].end
    comma = _comma(text, node, after)
    behind = end if comma is None else comma + 1
    if not _COMMENT.match(text, behind):
        separator = _separator(text, start)
        yield Splice(end, end, "".join(separator + one for one in new))
        return
    # A comment speaks of what stands before it on its line, so what is new begins the next one.
    indent = indentation(text, start)
    if indent is None:
        indent = " " * (
            len(text[line_start(text, start) :]) - len(text[line_start(text, start) :].lstrip(" "))
        )
        indent += STEP
    broken = line_break(text, behind) + indent
    if comma is None:
        yield Splice(end, end, ",")
    stop = line_end(text, behind)
    yield Splice(stop, stop, broken + f",{broken}".join(new) + ("" if comma is None else ","))


def remove(text: str, node: Node, gone: Collection[int]) -> Iterator[Splice]:
    """Yield what takes entries out of a collection that keeps at least one."""
    last = len(node.entries) - 1
    last_kept = max(index for index in range(last + 1) if index not in gone)
    for index in gone:
        yield from _remove(text, node, index, is_tail=index > last_kept)
    comma = _comma(text, node, last_kept)
    if last_kept < last and comma is not None and _comma(text, node, last) is None:
        yield Splice(comma, comma + 1)


def _remove(text: str, node: Node, index: int, *, is_tail: bool) -> Iterator[Splice]:
    start, end = node.entries[index].start, node.entries[index].end
    comma = _comma(text, node, index)
    if comma is not None and "\n" in text[end:comma]:  # comments in between stay
        yield Splice(comma, comma + 1)
    elif comma is not None:
        end = comma + 1
    if indentation(text, start) is not None and ends_line(text, end):
        yield without_lines(text, start, end)
    elif is_tail:
        yield Splice(len(text[:start].rstrip(" \t")), end)
    else:
        found = (_BLANKS if text[start - 1] in " \t" else _BLANKS_BUT_ONE).match(text, end)
        yield Splice(start, found.end() if found else end)


def _comma(text: str, node: Node, index: int) -> int | None:
    """Return where the comma behind an entry is; the last one may have none."""
    is_last = index + 1 == len(node.entries)
    stop = node.end - 1 if is_last else node.entries[index + 1].start
    found = _COMMA.match(text, node.entries[index].end, stop)
    return found.end() - 1 if found else None


def _separator(text: str, start: int) -> str:
    """Return what stands between two entries of which the first starts here."""
    indent = indentation(text, start)
    return ", " if indent is None else f",{line_break(text, start)}{indent}"
