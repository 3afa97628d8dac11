"""Definitions' files put into their canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import definitions
from reconciler.api.documents import TOPICS
from reconciler.app import catalogue, planning, rewriting
from reconciler.app.rewriting import Rewriting
from reconciler.definitions import reformat
from reconciler.plan.file_change import FileChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.definitions.canonical import Names
    from reconciler.model import Catalogue


def form(paths: Sequence[str]) -> tuple[int, Rewriting]:
    """Return how many definitions there are, and the changes of files that are not in canonical form.

    The shared pieces that definitions extend are among these. Topics get their names as comments where the
    project has a catalogue. Raises DefinitionError with every problem of every file, since what is not valid
    has no form; and FileError where one is not as it was read, or the catalogue cannot be used.
    """
    loaded = planning.valid(definitions.load(paths, catalogue.read_lenient(paths)))
    names = _names(loaded.catalogue)
    read = {one.file: rewriting.read(one, loaded.catalogue) for one in loaded.definitions}
    called = {one.file: one.name for one in loaded.definitions}
    for piece in sorted({one.extends for one in loaded.definitions if one.extends}):
        read[piece], called[piece] = rewriting.content(piece), piece
    changes = []
    for file, before in read.items():
        after = reformat.form(before, file, names, loaded.catalogue)
        if after != before:
            changes.append(FileChange(file, called[file], before, after))
    return len(loaded.definitions), Rewriting(tuple(changes))


def _names(known: Catalogue | None) -> Names:
    topics = {} if known is None else known.topics
    return {TOPICS: {str(topic): name for topic, name in topics.items() if name}}
