"""A definition's text as a tree of nodes that know where they stand, for what is written back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import yaml

from reconciler.definitions.yaml.events import end_index, events, start_index
from reconciler.definitions.yaml.scalars import Scalar, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Node:
    """One value, and the indexes of its first character and behind its last one.

    `style` is how it is written: empty (plain), a quote, `|` or `>` for a scalar, `[` or `{` for a collection
    in brackets, `-` or `:` for one in lines. Comments around and between are no part of any node.
    """

    start: int
    end: int
    style: str
    value: Scalar = None
    entries: tuple[Entry, ...] = ()

    @property
    def is_flow(self) -> bool:
        return self.style in {"[", "{"}

    @property
    def is_mapping(self) -> bool:
        return self.style in {":", "{"}

    @property
    def is_sequence(self) -> bool:
        return self.style in {"-", "["}

    def find(self, key: str) -> int | None:
        """Return the number of the entry that has this key."""
        keys = [entry.name for entry in self.entries] if self.is_mapping else []
        return keys.index(key) if key in keys else None


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a collection; `key` is None in a sequence, where the dash is no part of it."""

    key: Node | None
    value: Node

    @property
    def name(self) -> str:
        return str(self.key.value) if self.key else ""

    @property
    def start(self) -> int:
        return self.key.start if self.key else self.value.start

    @property
    def end(self) -> int:
        return self.value.end


def parse(text: str) -> Node:
    """Return the root of a text in which `reader.read` found no problem."""
    found = cast("Iterator[yaml.Event]", events(text))
    return _node(next(event for event in found if isinstance(event, yaml.NodeEvent)), found, text)


def _node(event: yaml.NodeEvent, following: Iterator[yaml.Event], text: str) -> Node:
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, text)
    is_mapping = isinstance(event, yaml.MappingStartEvent)
    is_flow = text.startswith(("{", "["), end_index(event) - 1) and end_index(event) > start_index(event)
    entries: list[Entry] = []
    while not isinstance(part := next(following), yaml.CollectionEndEvent):
        key = _node(cast("yaml.NodeEvent", part), following, text) if is_mapping else None
        first = next(following) if is_mapping else part
        entries.append(Entry(key, _node(cast("yaml.NodeEvent", first), following, text)))
    if is_flow:
        style = "{" if is_mapping else "["
        return Node(start_index(event), end_index(part), style, entries=tuple(entries))
    # libyaml ends lines where the next token begins, with all the comments before it.
    return Node(start_index(event), entries[-1].end, ":" if is_mapping else "-", entries=tuple(entries))


def _scalar(event: yaml.ScalarEvent, text: str) -> Node:
    start, end, style = start_index(event), end_index(event), event.style or ""
    if style in {"|", ">"}:
        written = text[start:end]
        keeps_breaks = "+" in written.partition("\n")[0].partition("#")[0]
        kept = written.removesuffix("\n").removesuffix("\r") if keeps_breaks else written.rstrip()
        end = start + len(kept)
    return Node(start, end, style, event.value if style else resolve(event.value))
