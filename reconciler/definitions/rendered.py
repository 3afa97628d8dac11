"""A definition written out: what it and the piece that it extends say together, in canonical form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from reconciler.definitions import canonical, extending, files, reformat
from reconciler.definitions.load import parse
from reconciler.definitions.pieces import KEY, Piece, Pieces
from reconciler.definitions.yaml import reader, writing
from reconciler.definitions.yaml.source import MAX_BYTES
from reconciler.errors import DefinitionError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.yaml.reader import Document, Path
    from reconciler.definitions.yaml.source import Mark


def text(path: str) -> str:
    """Return the file that a definition would be without its piece, each value of that with its place.

    Raises DefinitionError with every problem of the two, and FileError where that cannot be written.
    """
    document, changed = _whole(path)
    lines = _lines(cast("dict[str, Any]", document.value), (), document, changed, files.shown(path))
    return reformat.form("".join(f"{line}\n" for line in lines).encode(), files.shown(path), {}).decode()


def document(path: str) -> str:
    """Return the same as a JSON document; raises DefinitionError."""
    whole, _ = _whole(path)
    return json.dumps(whole.value, indent=2, ensure_ascii=False) + "\n"


def _whole(path: str) -> tuple[Document, dict[Path, Mark]]:
    """Return a definition's document without `extends`, and the piece's places of lists that it changes."""
    data = files.read(path, MAX_BYTES + 1)
    if isinstance(data, Diagnostic):
        raise DefinitionError([data])
    loaded = parse({path: data})
    if loaded.has_errors:
        raise DefinitionError(loaded.diagnostics)
    own, _ = reader.read(data, files.shown(path))
    found, changed = cast("Document", own), dict[reader.Path, Any]()
    value = cast("dict[str, Any]", found.value)
    if KEY in value:
        piece = cast("Piece", Pieces().find(path, found))
        extended = extending.extend(found, cast("Document", piece.document), files.shown(path))
        found, changed = extended.document, dict(extended.changed)
        value = cast("dict[str, Any]", found.value)
        del value[KEY]
    return found, changed


def _lines(
    value: dict[str, Any], place: Path, whole: Document, changed: dict[Path, Mark], file: str
) -> Iterator[str]:
    indent = writing.STEP * len(place)
    for key, item in value.items():
        here, name = (*place, key), writing.scalar(key)
        if isinstance(item, dict) and item:
            yield f"{indent}{name}:"
            yield from _lines(item, here, whole, changed, file)
        else:
            written = writing.flow(item) if isinstance(item, list | dict) else writing.scalar(item)
            yield f"{indent}{name}: {written}{_comment(here, whole, changed, file)}"


def _comment(place: Path, whole: Document, changed: dict[Path, Mark], file: str) -> str:
    """Return a comment on where a value comes from, where that is not this file alone."""
    own = whole.values[place]
    marks = [changed[place], own] if place in changed else [own] if own.file else []
    places = " and ".join(f"{mark.file or file}:{mark.line}" for mark in marks)
    return f"  # {canonical.comment(f'from {places}')}" if places else ""
