"""A definition and the piece that it extends as one document, whose values know their places in either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from reconciler import schema
from reconciler.definitions import problems, topic_names
from reconciler.definitions.yaml.reader import Document
from reconciler.model import Origin, canonical, dotted, spell
from reconciler.schema.derived import ADD, REMOVE, alternatives, lists

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.definitions.yaml.reader import Path
    from reconciler.definitions.yaml.source import Mark
    from reconciler.errors import Diagnostic
    from reconciler.model import Catalogue, Rules
    from reconciler.model import Path as FieldPath
    from reconciler.schema.messages import Problem

_PARTS = (ADD, REMOVE)


@dataclass(frozen=True, slots=True)
class Extended:
    """The merged document, the piece's places of the lists that the definition changes, and what is wrong."""

    file: str
    document: Document
    changed: Mapping[Path, Mark]
    diagnostics: tuple[Diagnostic, ...]

    def origins(self, rules: Rules) -> dict[FieldPath, tuple[Origin, ...]]:
        """Return, for each field that the piece says or a part of it, the places of its value."""
        found: dict[FieldPath, tuple[Origin, ...]] = {}
        for path in rules:
            mark = topic_names.mark(path, self.document.values)
            marks = [*self._changed(path), mark] if mark else []
            if any(one.file for one in marks):
                found[path] = tuple(Origin(one.file or self.file, one.line, one.column) for one in marks)
        return found

    def _changed(self, path: FieldPath) -> Sequence[Mark]:
        mark = topic_names.mark(path, self.changed)
        return () if mark is None else (mark,)

    def note(self, problem: Problem, rules: Rules) -> str:
        """Return what the piece has to do with a problem; empty where it is the definition's alone."""
        if problem.place in self.changed:
            where = problems.spot(self.changed[problem.place], self.file)
            return f"It is the list at {where} with what is added and removed here"
        if problem.code == "missing-key" and problem.place:
            return "The piece that it extends has none either"
        rule = rules.get(cast("FieldPath", problem.place))
        if problem.code != "out-of-order" or rule is None or rule.at_most is None:
            return ""
        marks = self.document.values
        here, there = marks[problem.place], topic_names.mark(rule.at_most, marks)
        is_apart = there is not None and here.file != there.file
        return f"{rule.at_most[-1]} stands at {problems.spot(there, self.file)}" if there and is_apart else ""


def extend(own: Document, piece: Document, file: str, catalogue: Catalogue | None) -> Extended:
    """Return what a definition in `file` says together with a piece; both are mappings.

    What the definition says replaces what the piece says, field by field; a list is replaced whole, or gets
    and loses members by `add` and `remove`. Of keys that stand for each other, the definition's counts. The
    piece's marks name its file.
    """
    merging = _Merging(own, piece, file, schema.audience(catalogue))
    value = merging.mapping(cast("dict[str, Any]", own.value), cast("dict[str, Any]", piece.value), ())
    document = Document(value, merging.values, merging.keys, frozenset(merging.refused))
    return Extended(file, document, merging.changed, tuple(merging.diagnostics))


def without_changes(own: Document, catalogue: Catalogue | None) -> Document:
    """Return a definition whose changes of lists are passed over, as long as there is no piece to change."""
    known = lists(schema.audience(catalogue))
    places = [place for place in own.values if place in known and _is_change(_item(own.value, place))]
    return Document(own.value, own.values, own.keys, own.refused | set(places))


def _item(value: Any, place: Path) -> Any:  # noqa: ANN401 - a document holds anything
    for step in place:
        value = value[step]
    return value


def _is_change(value: object) -> bool:
    return isinstance(value, dict) and any(part in value for part in _PARTS)


class _Merging:
    """The places of two documents, gathered on the way through their values."""

    def __init__(self, own: Document, piece: Document, file: str, audience: schema.Schema) -> None:
        self._lists, self._alternatives = lists(audience), alternatives(audience)
        self._own = own
        self._piece = piece
        self._file = file
        self._near = schema.Suggestions()
        self.values: dict[Path, Mark] = {(): own.values[()]}
        self.keys: dict[Path, Mark] = {}
        self.refused: set[Path] = set()
        self.changed: dict[Path, Mark] = {}
        self.diagnostics: list[Diagnostic] = []

    def mapping(self, mine: dict[str, Any], theirs: dict[str, Any], path: Path) -> dict[str, Any]:
        instead = self._alternatives.get(path, frozenset())
        if instead & mine.keys():
            theirs = {key: item for key, item in theirs.items() if key in mine or key not in instead}
        return {
            key: self._member(mine.get(key), theirs.get(key), (*path, key), is_mine=key in mine)
            for key in {**mine, **theirs}
        }

    def _member(self, mine: Any, theirs: Any, place: Path, *, is_mine: bool) -> Any:  # noqa: ANN401 - as above
        if not is_mine:
            return self._copied(self._piece, theirs, place, place)
        if place in self._lists and _is_change(mine):
            return self._list(mine, theirs, place)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            self._mark(self._own, place, place)
            return self.mapping(mine, theirs, place)
        return self._copied(self._own, mine, place, place)

    def _copied(self, source: Document, value: Any, there: Path, here: Path) -> Any:  # noqa: ANN401 - as above
        self._mark(source, there, here)
        if isinstance(value, dict):
            return {
                key: self._copied(source, item, (*there, key), (*here, key)) for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                self._copied(source, item, (*there, index), (*here, index))
                for index, item in enumerate(value)
            ]
        return value

    def _mark(self, source: Document, there: Path, here: Path) -> None:
        self.values[here] = source.values[there]
        if there in source.keys:
            self.keys[here] = source.keys[there]
        if there in source.refused:
            self.refused.add(here)

    def _list(self, change: dict[str, Any], theirs: Any, place: Path) -> list[Any] | None:  # noqa: ANN401 - as above
        """Return the piece's list with what is added and without what is removed; None with a problem."""
        self._mark(self._own, place, place)
        found = [*self._misshapen(change, theirs, place)]
        if found:
            self.diagnostics += found
            self.refused.add(place)
            return None
        self.changed[place] = self._piece.values[place]
        self.diagnostics += self._unremovable(change, theirs, place)
        return [
            self._copied(source, value, there, (*place, index))
            for index, (source, there, value) in enumerate(self._members(change, theirs, place))
        ]

    def _members(
        self, change: dict[str, Any], theirs: Sequence[Any], place: Path
    ) -> Iterator[tuple[Document, Path, Any]]:
        """Yield each member with where it is from; one that is added and there already is the piece's."""
        present, gone = set(map(canonical, theirs)), set(map(canonical, change.get(REMOVE) or ()))
        for index, value in enumerate(theirs):
            if canonical(value) not in gone:
                yield self._piece, (*place, index), value
        for index, value in enumerate(change.get(ADD) or ()):
            if canonical(value) not in present:
                yield self._own, (*place, ADD, index), value

    def _misshapen(self, change: dict[str, Any], theirs: object, place: Path) -> Iterator[Diagnostic]:
        if not isinstance(theirs, list):
            piece = self._piece.values[()].file
            summary = f"{piece} has no list here, so there is nothing to {_verb(change)}"
            yield self._at(self._own.values[place], place, ("no-list", summary, "Write the list itself"))
        for part, members in change.items():
            if part not in _PARTS:
                words = ("unknown-key", f'unknown key "{schema.clip(part)}"', 'Write "add" or "remove"')
                yield self._at(self._own.keys[*place, part], place, words)
            elif (*place, part) not in self._own.refused and not (isinstance(members, list) and members):
                words = ("no-list", f'"{part}" is not a list of at least one value', _LISTED)
                yield self._at(self._own.values[*place, part], (*place, part), words)

    def _unremovable(
        self, change: dict[str, Any], theirs: Sequence[Any], place: Path
    ) -> Iterator[Diagnostic]:
        """Yield each member to remove that is added too, or is not there: a misspelt one would stay."""
        present, added = (set(map(canonical, side)) for side in (theirs, change.get(ADD) or ()))
        for index, value in enumerate(change.get(REMOVE) or ()):
            there = (*place, REMOVE, index)
            if there in self._own.refused or canonical(value) in present - added:
                continue
            words = ("added-and-removed", f"{spell(value)} is added here too", "Keep one of the two")
            if canonical(value) not in added:
                words = self._missing(value, theirs, place)
            yield self._at(self._own.values[there], (*place, REMOVE), words)

    def _missing(self, value: Any, theirs: Sequence[Any], place: Path) -> tuple[str, str, str]:  # noqa: ANN401 - as above
        where = problems.spot(self._piece.values[place], self._file)
        near = self._near.nearest(str(value), [one for one in theirs if isinstance(one, str)])
        hint = f'Did you mean "{near}"?' if near else "Remove it"
        return "not-in-list", f"{spell(value)} is not in the list at {where}", hint

    def _at(self, mark: Mark, place: Path, words: tuple[str, str, str]) -> Diagnostic:
        return problems.at(self._file, mark, dotted(tuple(map(str, place))), words)


def _verb(change: Mapping[str, Any]) -> str:
    return " and ".join({ADD: "add to", REMOVE: "remove from"}[part] for part in _PARTS if part in change)


_LISTED = "Write it as [one, another]"
