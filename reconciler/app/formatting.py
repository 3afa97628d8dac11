"""Definitions' files put into their canonical form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import definitions, schema
from reconciler.app.rewriting import Rewriting
from reconciler.definitions import files, reformat
from reconciler.definitions.yaml.source import MAX_BYTES
from reconciler.errors import DefinitionError, Diagnostic, FileError
from reconciler.plan.file_change import FileChange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Path as FieldPath

NAMES: Mapping[FieldPath, Mapping[str, str]] = {}  # of topics, for whoever knows them


def form(paths: Sequence[str], names: Mapping[FieldPath, Mapping[str, str]] = NAMES) -> tuple[int, Rewriting]:
    """Return how many definitions there are, and the changes of those that are not in canonical form.

    `names` has what the members of a set are called, by their ids. Raises DefinitionError with every problem
    of every file: what is not valid has no form.
    """
    loaded = definitions.load(paths)
    if loaded.has_errors:
        raise DefinitionError(loaded.diagnostics)
    changes, problems = [], []
    for definition in loaded.definitions:
        before = files.read(Path(definition.file), MAX_BYTES + 1)
        if isinstance(before, Diagnostic):
            problems.append(before)
            continue
        try:
            after = reformat.form(before, schema.rules(), definition.file, names)
        except FileError as error:
            problems.append(Diagnostic("error", error.code, error.summary, error.detail))
            continue
        if after != before:
            changes.append(FileChange(definition.file, definition.name, before, after))
    return len(loaded.definitions), Rewriting(tuple(changes), tuple(problems))
