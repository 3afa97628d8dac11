"""Shared pieces: where a definition's `extends` leads, and what the piece there says.

A path comes from a file that anybody may have written: it leads to a regular file of the same repository, not
through any link, or to an error.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, cast

from reconciler import schema, wording
from reconciler.definitions import files, problems
from reconciler.definitions.yaml.source import MAX_BYTES
from reconciler.errors import Diagnostic
from reconciler.schema.derived import OWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.definitions.yaml.reader import Document
    from reconciler.definitions.yaml.source import Mark
    from reconciler.model import Catalogue

    Read = Callable[[str, str], bytes | Diagnostic]

KEY = "extends"
MAX_PATH = 1_000
MAX_KEPT = 100_000  # values of pieces that are kept in memory, of one run
_SETTINGS = "reconciler.toml"
_ORGANIZATIONS = "orgs"
_NAME = re.compile(r"(?!\.)[^/\\:\x00]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as it was read; it can be extended where nothing is wrong with it. Its marks name its file."""

    file: str
    document: Document | None
    diagnostics: tuple[Diagnostic, ...] = ()


def from_disk(root: str, name: str) -> bytes | Diagnostic:
    """Return the bytes of a file below a root, or what is wrong with it; no link on the way is followed."""
    path = os.path.normpath(os.path.join(root, name))  # noqa: PTH118 - a path as text
    folder = os.path.dirname(path)  # noqa: PTH120 - as above
    straight = os.path.normpath(os.path.join(os.path.realpath(root), os.path.dirname(name)))  # noqa: PTH118, PTH120
    if os.path.realpath(folder) != straight:
        return Diagnostic("error", "not-a-file", "lies behind a symbolic link, which is not followed", _LINK)
    return files.read(path, MAX_BYTES + 1)


class Pieces:
    """The pieces of one run, each read once: `read` gets the repository's root and a name below it."""

    def __init__(self, catalogue: Catalogue | None = None, read: Read = from_disk) -> None:
        self._catalogue = catalogue
        self._read = read
        self._roots: dict[str, str] = {}
        self._found: dict[str, Piece | Diagnostic] = {}
        self.used: dict[str, str] = {}  # each piece, and the first place that extends it

    def find(self, entry: str, document: Document) -> Piece | Diagnostic | None:
        """Return the piece that the definition in a file extends, or what is wrong with how it names it.

        It is None where it names none: the schema says why.
        """
        text = cast("dict[str, object]", document.value)[KEY]
        if not isinstance(text, str) or not text:
            return None
        file, mark = files.shown(entry), document.values[KEY,]
        place = _located(entry, text, self._root)
        if not isinstance(place, _Place):
            return problems.at(file, mark, KEY, place)
        found = self._kept(place)
        if isinstance(found, Diagnostic):
            summary = f"{files.shown(place.name)} {_worded(found.summary)}"
            return problems.at(file, mark, KEY, (found.code, summary, found.detail))
        self.used.setdefault(found.file, problems.spot(mark, file))
        return found

    def _root(self, folder: str) -> str:
        if folder not in self._roots:
            self._roots[folder] = root(folder)
        return self._roots[folder]

    def _kept(self, place: _Place) -> Piece | Diagnostic:
        key = f"{place.root}/{place.below}"
        if key not in self._found:
            data = self._read(place.root, place.below)
            file = files.shown(place.name)
            self._found[key] = data if isinstance(data, Diagnostic) else _parsed(file, data, self._catalogue)
            self._forget()
        return self._found[key]

    def _forget(self) -> None:
        """Drop the pieces that were read first, where all of them together are large."""
        while len(self._found) > 1 and sum(map(_size, self._found.values())) > MAX_KEPT:
            del self._found[next(iter(self._found))]


def _size(found: Piece | Diagnostic) -> int:
    return len(found.document.values) if isinstance(found, Piece) and found.document else 1


def misplaced(entries: Iterable[str | Diagnostic], used: Mapping[str, str]) -> dict[str, Diagnostic]:
    """Return an error for each piece that lies among the definitions, by its file's name."""
    names = {os.path.normpath(name): name for name in map(_shown, entries)}
    return {
        names[piece]: Diagnostic(
            "error", "misplaced-piece", _MISPLACED.format(place), _ELSEWHERE, names[piece]
        )
        for piece, place in used.items()
        if piece in names
    }


def _shown(entry: str | Diagnostic) -> str:
    return files.shown(entry) if isinstance(entry, str) else entry.file or ""


def extended_by(diagnostic: Diagnostic, places: Sequence[str]) -> Diagnostic:
    """Return a piece's problem with the places that extend it."""
    more = len(set(places)) - 1
    others = f" and {wording.count(more, 'other file')}" if more else ""
    end = "" if diagnostic.detail.endswith((".", "?")) else "."
    detail = f"{diagnostic.detail}{end} It is extended at {places[0]}{others}"
    return replace(diagnostic, detail=detail)


def used(contents: Mapping[str, bytes]) -> frozenset[str]:
    """Return the pieces that definitions extend, by their files' names; whatever else is wrong with either.

    A name is as the definition's file has it: relative to the same folder, or absolute.
    """
    return frozenset(name for entry, data in contents.items() for name in _named(entry, data))


def used_below(paths: Sequence[str]) -> frozenset[str]:
    """Return the pieces that the definitions below the paths extend, as `used` does."""
    found: set[str] = set()
    for entry in files.find(paths):
        if isinstance(entry, str) and isinstance(data := files.read(entry, MAX_BYTES + 1), bytes):
            found |= used({entry: data})
    return frozenset(found)


def _named(entry: str, data: bytes) -> Iterator[str]:
    if KEY.encode() not in data:
        return
    from reconciler.definitions.yaml import values

    quick = values.read(data)
    if quick is None:
        from reconciler.definitions.yaml import reader

        document, _ = reader.read(data, "")
        value = document.value if document else None
    else:
        value = quick[0]
    text = value.get(KEY) if isinstance(value, dict) else None
    if isinstance(text, str) and isinstance(place := _located(entry, text, root), _Place):
        yield files.shown(place.name)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a piece is: the repository's root, the path from there, and its name as people know it."""

    root: str
    below: str
    name: str


def _located(entry: str, text: str, root_of: Callable[[str], str]) -> _Place | tuple[str, str, str]:
    """Return where a file's `extends` leads, or code, summary and fix of what is wrong with it."""
    parts = [part for part in text.split("/") if part != "."]
    if len(text) > MAX_PATH or not all(part == ".." or _NAME.fullmatch(part) for part in parts):
        return "not-a-path", f'"{schema.clip(text)}" is not a relative path of visible files', _PATH
    if not files.is_definition(parts[-1]):
        return "not-a-path", f'"{schema.clip(text)}" does not end in .yaml or .yml', _PATH
    folder = os.path.dirname(entry)  # noqa: PTH120 - a path as text, which no link may change
    absolute = os.path.abspath(os.path.join(folder, text))  # noqa: PTH100, PTH118 - as above
    top = root_of(os.path.abspath(folder))  # noqa: PTH100 - as above
    if not FilePath(absolute).is_relative_to(top):
        return "outside", f'"{schema.clip(text)}" leads out of the repository', _OUTSIDE
    return _Place(top, os.path.relpath(absolute, top), os.path.normpath(os.path.join(folder, text)))  # noqa: PTH118


def root(folder: str) -> str:
    """Return the folder that nothing which a definition names may lie outside of.

    It is git's, the nearest above. Where there is none it is the one that holds `orgs`, the folder of many
    organizations, or the nearest with settings, or the definitions' own.
    """
    above = [FilePath(folder), *FilePath(folder).parents]
    git = next((one for one in above if os.path.lexists(one / ".git")), None)
    organizations = next((one.parent for one in above if one.name == _ORGANIZATIONS), None)
    settings = next((one for one in above if os.path.lexists(one / _SETTINGS)), None)
    return str(git or organizations or settings or folder)


def _parsed(file: str, data: bytes, catalogue: Catalogue | None) -> Piece:
    from reconciler.definitions.yaml import reader

    read, found = reader.read(data, file)
    if read is None:
        return Piece(file, None, found)
    document = replace(read, values=_marked(read.values, file), keys=_marked(read.keys, file))
    return Piece(file, document, (*found, *_against(document, file, catalogue)))


def _marked(marks: Mapping[tuple[str | int, ...], Mark], file: str) -> dict[tuple[str | int, ...], Mark]:
    return {place: replace(mark, file=file) for place, mark in marks.items()}


def _against(document: Document, file: str, catalogue: Catalogue | None) -> Iterator[Diagnostic]:
    """Yield what is wrong with a piece by itself."""
    value = document.value if isinstance(document.value, dict) else {}
    for key in OWN:
        if key in value:
            yield problems.at(file, document.keys[key,], None, _NOT_SHARED[key])
    for problem in problems.of_schema(document, "piece", catalogue):
        if problem.place not in {(key,) for key in OWN}:
            yield problems.diagnostic(problem, document, file)


def _worded(summary: str) -> str:
    """Return what is wrong with a file as the predicate of a sentence about it."""
    return "is not there" if summary.startswith("there is no") else summary


_MISPLACED = "this is a shared piece, which {} extends, and no definition"
_ELSEWHERE = "Move it out of the folder of definitions, such as into shared/ beside it"
_PATH = "Write it from this file's folder, with forward slashes, such as ../shared/base.yaml"
_LINK = "Put the piece itself there"
_OUTSIDE = "Put the piece inside it: a definition takes nothing from elsewhere"
_NOT_SHARED = {
    "id": (
        "piece-id",
        'a piece has no "id": this file is a definition',
        "Extend another file, or move what is shared into one of its own",
    ),
    "name": ("piece-name", 'a piece has no "name": each definition has its own', "Remove it"),
    "extends": (
        "piece-extends",
        "a piece cannot extend another one",
        "Write here what it says: one level is all there is",
    ),
}
