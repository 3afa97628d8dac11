"""Reads a definition's bytes into values with positions, over PyYAML's events and YAML 1.2's core schema."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import yaml

from reconciler.definitions.yaml.errors import explain
from reconciler.definitions.yaml.events import Fault, end_index, events, start_index
from reconciler.definitions.yaml.scalars import MAX_DIGITS, REFUSED, describe, escapes, is_too_long, resolve
from reconciler.definitions.yaml.source import MAX_PROBLEMS, Mark, Problems, decode, end_of_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.definitions.yaml.source import Source
    from reconciler.errors import Diagnostic

__all__ = ["Document", "Mark", "Path", "read"]

MAX_DEPTH = 20
MAX_NODES = 20_000

Path = tuple[str | int, ...]
Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

_NOTHING = re.compile(r"[ \t\r\n]++|#[^\n]*+|(?<![^\n])(?:---|\.\.\.)(?=\s|\Z)")
_AFTER_END = re.compile(r"[ \t\r\n]++|#[^\n]*+|(?<![^\n])\.\.\.(?=\s|\Z)")
_QUOTE = "If it is part of a text, put the whole text in quotes."
_MAX_QUOTE = 60
_MAX_LABEL = 300


@dataclass(frozen=True, slots=True)
class Document:
    """A file's value, and where in it each value and each mapping key starts; `()` is the root.

    A refused value is `None`, and `refused` has its path. A refused key is left out with its value, and so
    is the second of two twins.
    """

    value: Value
    values: Mapping[Path, Mark]
    keys: Mapping[Path, Mark]
    refused: frozenset[Path]


def read(data: bytes, file: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """Return the file's document and every problem in it, in the order of their places.

    There is no document if the file cannot be read to the document's end.
    """
    problems = Problems(file)
    source = decode(data, problems)
    document = _parse(source, problems) if source else None
    return document, problems.in_order()


def _parse(source: Source, problems: Problems) -> Document | None:
    if end_of_run(_NOTHING, source.readable) == len(source.readable):
        detail = "Write the audience's id and name, or delete the file."
        problems.add("yaml-empty", Mark(1, 1), "the file is empty", detail)
        return None
    builder = _Builder(source, problems)
    items = events(source.readable)
    # What follows the document is refused whatever it is, so the parser is not asked to read it.
    while not isinstance(item := next(items), yaml.DocumentEndEvent):
        if isinstance(item, Fault):
            found = explain(item, source.readable)
            problems.add(found.code, source.places.mark(found.index), found.summary, found.detail)
            return None
        if not builder.take(item):
            return None
    _check_rest(item, source, problems)
    return builder.document()


def _check_rest(event: yaml.DocumentEndEvent, source: Source, problems: Problems) -> None:
    end = end_of_run(_AFTER_END, source.readable, start_index(event))
    if end == len(source.readable):
        return
    mark = source.places.mark(end)
    if event.explicit or source.readable.startswith(("---", "%"), end):
        problems.add("yaml-document", mark, "a second document starts here", "Put it in a file of its own.")
    else:
        detail = "Start it in the same column as the lines that it belongs to, or remove it."
        problems.add("yaml-syntax", mark, "this text belongs to nothing before it", detail)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value belongs: `label` is the path as people read it. What is not `kept` is only checked."""

    path: Path = ()
    label: str = ""
    kept: bool = True

    def child(self, key: str | int, *, kept: bool = True) -> _Place:
        label = f"{self.label}.{key}" if self.label else str(key)
        return _Place((*self.path, key), _cut(label, _MAX_LABEL), self.kept and kept)

    def dropped(self) -> _Place:
        return _Place(self.path, self.label, kept=False)


@dataclass(slots=True)
class _Open:
    """A collection whose end is still to come."""

    place: _Place
    value: list[Value] | dict[str, Value]
    # Where the next value belongs, if that is known: in a mapping, after the key.
    entry: _Place | None = None
    seen: dict[str, Mark] = field(default_factory=dict)

    def put(self, value: Value) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.entry and self.entry.kept:
            self.value[str(self.entry.path[-1])] = value
        self.entry = None


class _Builder:
    """Builds a document from events, on a stack of its own."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self._source = source
        self._problems = problems
        self._nodes = 0
        self._values: dict[Path, Mark] = {}
        self._keys: dict[Path, Mark] = {}
        self._refused: set[Path] = set()
        self._top: list[Value] = []
        self._open = [_Open(_Place(), self._top, entry=_Place())]

    def document(self) -> Document:
        return Document(self._top[0], self._values, self._keys, frozenset(self._refused))

    def take(self, event: yaml.Event) -> bool:
        """Take the next event; return whether the file is still within the limits."""
        if isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
        if not isinstance(event, yaml.NodeEvent):
            return True
        mark = self._source.places.mark(start_index(event))
        if not self._is_within_limits(event, mark):
            return False
        parent = self._open[-1]
        if isinstance(parent.value, dict) and not parent.entry:
            self._take_key(event, mark, parent)
        else:
            self._take_value(event, mark, parent)
        return True

    def _is_within_limits(self, event: yaml.NodeEvent, mark: Mark) -> bool:
        self._nodes += 1
        label = self._open[-1].place.label
        if self._nodes > MAX_NODES:
            summary = f"the file holds more than {MAX_NODES:,} keys and values"
            self._problems.add("yaml-size", mark, summary, "Remove what is not part of the audience.", label)
        elif isinstance(event, yaml.CollectionStartEvent) and len(self._open) > MAX_DEPTH:
            summary = f"lists and mappings are nested more than {MAX_DEPTH} deep"
            self._problems.add("yaml-depth", mark, summary, "Remove the levels that mean nothing.", label)
        else:
            return True
        return False

    def _take_value(self, event: yaml.NodeEvent, mark: Mark, parent: _Open) -> None:
        place = parent.entry or parent.place.child(len(parent.value))
        is_accepted = self._check_value(event, mark, place.label)
        if place.kept:
            self._values[place.path] = mark
            if not is_accepted:
                self._refused.add(place.path)
        if isinstance(event, yaml.CollectionStartEvent):
            value = _empty(event)
            parent.put(value if is_accepted else None)
            self._open.append(_Open(place if is_accepted else place.dropped(), value))
        else:
            parent.put(_meaning(event) if is_accepted and isinstance(event, yaml.ScalarEvent) else None)

    def _check_value(self, event: yaml.NodeEvent, mark: Mark, label: str) -> bool:
        is_accepted = self._check_properties(event, mark, label)
        if isinstance(event, yaml.ScalarEvent):
            return self._check_text(event, mark, label) and is_accepted
        return is_accepted

    def _take_key(self, event: yaml.NodeEvent, mark: Mark, parent: _Open) -> None:
        label = parent.place.label
        self._check_properties(event, mark, label)
        parent.entry = parent.place.dropped()
        if isinstance(event, yaml.CollectionStartEvent):
            summary = "a list or mapping stands where a key is due"
            self._problems.add("yaml-key", mark, summary, f"A key is text. {_QUOTE}", label)
            self._open.append(_Open(parent.entry, _empty(event)))
        elif isinstance(event, yaml.ScalarEvent) and self._check_key(event, mark, label):
            self._name_entry(event.value, mark, parent)

    def _name_entry(self, key: str, mark: Mark, parent: _Open) -> None:
        first = parent.seen.setdefault(key, mark)
        parent.entry = parent.place.child(key, kept=first is mark)
        if first is not mark:
            where = f"first at line {first.line}, column {first.column}"
            summary = f"the key {_quoted(key)} stands here again, {where}"
            self._problems.add(
                "yaml-duplicate-key", mark, summary, "Keep one of the two.", parent.entry.label
            )
        elif parent.entry.kept:
            self._keys[parent.entry.path] = mark

    def _check_properties(self, event: yaml.NodeEvent, mark: Mark, label: str) -> bool:
        """Report an alias, anchor or tag; return whether the value is still what its text says."""
        if isinstance(event, yaml.AliasEvent):
            summary = f"the alias {_quoted(f'*{event.anchor}')} is not accepted"
            self._problems.add("yaml-alias", mark, summary, f"Write the value out. {_QUOTE}", label)
            return False
        if event.anchor is not None:
            summary = f"the anchor {_quoted(f'&{event.anchor}')} is not accepted"
            self._problems.add("yaml-anchor", mark, summary, f"Remove it. {_QUOTE}", label)
        is_tagged = getattr(event, "tag", None) is not None
        if is_tagged:
            summary = 'a tag, which starts with "!", is not accepted'
            self._problems.add("yaml-tag", mark, summary, f"Remove it. {_QUOTE}", label)
        return not is_tagged

    def _check_text(self, event: yaml.ScalarEvent, mark: Mark, label: str) -> bool:
        """Report what the text of a scalar must not hold; return whether it is usable."""
        start, end = start_index(event), end_index(event)
        if not event.style and is_too_long(event.value):
            summary = f"a number of more than {MAX_DIGITS} digits"
            self._problems.add("yaml-integer", mark, summary, "If it is text, put it in quotes.", label)
            return False
        if event.style == '"' and self._check_escapes(start, end, label):
            return False
        return not REFUSED.search(self._source.text, start, end)

    def _check_escapes(self, start: int, end: int, label: str) -> bool:
        found = list(islice(escapes(self._source.text, start, end), MAX_PROBLEMS + 1))
        for index, escape, character in found:
            summary = f"the escape {escape} stands for {describe(character)}, which is not accepted"
            mark = self._source.places.mark(index)
            self._problems.add("yaml-control-character", mark, summary, "Remove it.", label)
        return bool(found)

    def _check_key(self, event: yaml.ScalarEvent, mark: Mark, label: str) -> bool:
        text = event.value
        if not self._check_text(event, mark, label):
            return False
        if text == "<<" and not event.style:
            detail = "Write out the keys that it stands for."
            self._problems.add("yaml-merge-key", mark, 'the merge key "<<" is not accepted', detail, label)
        elif isinstance(_meaning(event), str):
            return True
        elif text:
            summary = f"the key {_cut(text, _MAX_QUOTE)} is a number, a boolean or null"
            self._problems.add("yaml-key", mark, summary, f"Put it in quotes: {_quoted(text)}.", label)
        else:
            self._problems.add("yaml-key", mark, "a key is missing", "Write it before the colon.", label)
        return False


def _empty(event: yaml.CollectionStartEvent) -> list[Value] | dict[str, Value]:
    return {} if isinstance(event, yaml.MappingStartEvent) else []


def _meaning(event: yaml.ScalarEvent) -> Value:
    return event.value if event.style else resolve(event.value)


def _quoted(text: str) -> str:
    return json.dumps(_cut(text, _MAX_QUOTE), ensure_ascii=False)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
