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
    """Return how many definitions there are, and the changes of those that are not in canonical form.

    Topics get their names as comments where the project has a catalogue. Raises DefinitionError with every
    problem of every file, since what is not valid has no form; and FileError where one is not as it was read,
    or the catalogue cannot be used.
    """
    loaded = planning.valid(definitions.load(paths, catalogue.read_lenient(paths)))
    names = _names(loaded.catalogue)
    changes = []
    for definition in loaded.definitions:
        before = rewriting.read(definition, loaded.catalogue)
        after = reformat.form(before, definition.file, names, loaded.catalogue)
        if after != before:
            changes.append(FileChange(definition.file, definition.name, before, after))
    return len(loaded.definitions), Rewriting(tuple(changes))


def _names(known: Catalogue | None) -> Names:
    topics = {} if known is None else known.topics
    return {TOPICS: {str(topic): name for topic, name in topics.items() if name}}
