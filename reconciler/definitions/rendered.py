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
    from collections.abc import Iterator, Mapping

    from reconciler.definitions.yaml.reader import Document, Path
    from reconciler.definitions.yaml.source import Mark
    from reconciler.model import Catalogue


def text(path: str, catalogue: Catalogue | None = None) -> str:
    """Return the file that a definition would be without its piece, each value of that with its place.

    Raises DefinitionError with every problem of the two, and FileError where that cannot be written.
    """
    file, (data, own) = files.shown(path), _read(path, catalogue)
    if KEY in cast("dict[str, Any]", own.value):
        whole, changed = _whole(path, own, catalogue)
        lines = _lines(cast("dict[str, Any]", whole.value), (), whole, changed, file)
        data = "".join(f"{line}\n" for line in lines).encode()
    return reformat.form(data, file, {}, catalogue).decode()


def document(path: str, catalogue: Catalogue | None = None) -> str:
    """Return the same as a JSON document; raises DefinitionError."""
    _, own = _read(path, catalogue)
    whole = _whole(path, own, catalogue)[0] if KEY in cast("dict[str, Any]", own.value) else own
    return json.dumps(whole.value, indent=2, ensure_ascii=False) + "\n"


def _read(path: str, catalogue: Catalogue | None) -> tuple[bytes, Document]:
    data = files.read(path, MAX_BYTES + 1)
    if isinstance(data, Diagnostic):
        raise DefinitionError([data])
    loaded = parse({path: data}, catalogue)
    if loaded.has_errors:
        raise DefinitionError(loaded.diagnostics)
    return data, cast("Document", reader.read(data, files.shown(path))[0])


def _whole(path: str, own: Document, catalogue: Catalogue | None) -> tuple[Document, Mapping[Path, Mark]]:
    """Return a definition with its piece, without `extends`, and the piece's places of changed lists."""
    piece = cast("Piece", Pieces(catalogue).find(path, own))
    extended = extending.extend(own, cast("Document", piece.document), files.shown(path), catalogue)
    del cast("dict[str, Any]", extended.document.value)[KEY]
    return extended.document, extended.changed


def _lines(
    value: dict[str, Any], place: Path, whole: Document, changed: Mapping[Path, Mark], file: str
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


def _comment(place: Path, whole: Document, changed: Mapping[Path, Mark], file: str) -> str:
    """Return a comment on where a value comes from, where that is not this file alone."""
    own = whole.values[place]
    marks = [changed[place], own] if place in changed else [own] if own.file else []
    places = " and ".join(f"{mark.file or file}:{mark.line}" for mark in marks)
    return f"  # {canonical.comment(f'from {places}')}" if places else ""
