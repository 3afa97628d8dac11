"""Definitions that surely have no problem, read without the places and marks that only a problem needs.

Whatever is in doubt is left to `load`, which says what is wrong, if anything is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler import schema
from reconciler.definitions import topic_names
from reconciler.definitions.catalogue import problems
from reconciler.definitions.yaml import values
from reconciler.definitions.yaml.source import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.yaml.reader import Document
    from reconciler.model import Catalogue, Path, Rules


class Sure(NamedTuple):
    """The content of a file, with ids where it says topics by name, and the place of its `id`."""

    value: dict[str, Any]
    mark: Mark
    topics: Mapping[str, int]


class Places(Mapping["Path", tuple[int, int]]):
    """Where the fields stand in a file, found out when it is asked for: only an error is told with it."""

    def __init__(self, data: bytes, rules: Rules) -> None:
        self._data = data
        self._rules = rules

    @cached_property
    def _found(self) -> Mapping[Path, tuple[int, int]]:
        from reconciler.definitions.yaml import reader

        document, _ = reader.read(self._data, "")
        return {} if document is None else of_fields(document, self._rules)

    def __getitem__(self, path: Path) -> tuple[int, int]:
        return self._found[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return repr(self._found)


def of_fields(document: Document, rules: Rules) -> dict[Path, tuple[int, int]]:
    """Return the line and column of the value of each field that the rules know, however it is written."""
    marks = {path: topic_names.mark(path, document.values) for path in rules}
    return {path: (mark.line, mark.column) for path, mark in marks.items() if mark is not None}


def read(data: bytes, rules: Rules, catalogue: Catalogue | None = None) -> Sure | None:
    """Return what a file says; None where a problem may be found in it."""
    found = values.read(data)
    if found is None or not schema.surely_valid("audience", catalogue)(found[0]):
        return None
    value, index = found
    topics: Mapping[str, int] = {}
    if (names := topic_names.said(value)) is not None:
        named = {} if catalogue is None else catalogue.named
        topics = {name: named[name][0] for name in names if len(named.get(name, ())) == 1}
        if len(topics) < len(names):
            return None
        value = topic_names.by_id(value, topics)
    is_sure = (
        not value.get("lifecycle", {}).get("ignore")
        and _has_one_generation(value, rules)
        and (catalogue is None or _is_known(value, rules, catalogue))
    )
    return Sure(value, _mark(data, index), topics) if is_sure else None


def _has_one_generation(value: dict[str, Any], rules: Rules) -> bool:
    filters = value.get("config", {}).get("filters", {})
    return len({rules["config", "filters", key].generation for key in filters}) <= 1


def _is_known(value: dict[str, Any], rules: Rules, catalogue: Catalogue) -> bool:
    from reconciler.definitions.yaml.reader import Document

    # The place of a problem that nobody is told of.
    anywhere: dict[tuple[str | int, ...], Mark] = defaultdict(lambda: Mark(1, 1))
    document = Document(value, anywhere, anywhere, frozenset())
    return next(problems(document, "", rules, catalogue), None) is None


def _mark(data: bytes, index: int) -> Mark:
    before = data.decode()[:index]
    return Mark(before.count("\n") + 1, index - before.rfind("\n"))
