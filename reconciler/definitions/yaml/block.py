"""Entries put into collections in lines, and taken out of them with their lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.yaml.splices import (
    Splice,
    indentation,
    line_break,
    line_end,
    line_start,
    without_lines,
)
from reconciler.errors import NotEditableError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from reconciler.definitions.yaml.nodes import Entry, Node

_FORM = "this form of YAML cannot be written back"
_COLON = re.compile(r"[ \t\r\n]*:")


def add_items(text: str, node: Node, new: Sequence[str]) -> Iterator[Splice]:
    """Yield what puts items behind the last one of a sequence."""
    last = len(node.entries) - 1
    indent, dash, end = _indent(text, node.start), _dash(text, node, last), node.entries[last].end
    gap = text[dash + 1 : node.entries[last].start]
    item = f"{line_break(text, end)}{indent}-{gap if gap and not gap.strip(' ') else ' '}"
    stop = line_end(text, end)
    yield Splice(stop, stop, "".join(item + one for one in new))


def remove_items(text: str, node: Node, gone: Collection[int]) -> Iterator[Splice]:
    """Yield what takes items out of a sequence that keeps at least one."""
    for index in gone:
        dash = _dash(text, node, index)
        _indent(text, dash)
        yield without_lines(text, dash, max(dash, node.entries[index].end))


def insert_key(text: str, node: Node, after: int, new: Sequence[str], *, is_root: bool) -> Iterator[Splice]:
    """Yield what puts the lines of a key behind one of a mapping's, before all of them at -1."""
    first = node.entries[0].start
    indent = _indent(text, first)
    if after >= 0:
        end = node.entries[after].end
        stop = line_end(text, end)
        yield Splice(stop, stop, "".join(line_break(text, end) + indent + line for line in new))
        return
    start = line_start(text, first)
    while not is_root and _is_comment(text, before := line_start(text, start - 1)):
        start = before  # which speaks of the key below it
    ending = line_break(text, first)
    yield Splice(start, start, "".join(indent + line + ending for line in new))


def _is_comment(text: str, start: int) -> bool:
    return text[start : line_end(text, start)].lstrip(" ").startswith("#")


def remove_key(text: str, entry: Entry) -> Splice:
    """Return what takes a key out of a mapping, with its value."""
    _indent(text, entry.start)
    return without_lines(text, entry.start, entry.end)


def remove_header(text: str, entry: Entry) -> Splice:
    """Return what takes out a key alone whose value is in the lines below, of which comments may be left."""
    _indent(text, entry.start)
    return without_lines(text, entry.start, colon_end(text, entry))


def colon_end(text: str, entry: Entry) -> int:
    """Return the index behind the colon of a key."""
    found = _COLON.match(text, entry.key.end if entry.key else entry.start)
    if found is None:  # a key in brackets may have none
        raise NotEditableError(_FORM)
    return found.end()


def _dash(text: str, node: Node, index: int) -> int:
    if not index:
        return node.start
    column = node.start - line_start(text, node.start)
    dash = re.compile(rf"^ {{{column}}}-(?=[ \t\r\n]|\Z)", re.MULTILINE)
    return next(dash.finditer(text, node.entries[index - 1].end)).end() - 1


def _indent(text: str, index: int) -> str:
    indent = indentation(text, index)
    if indent is None:
        raise NotEditableError(_FORM)
    return indent
