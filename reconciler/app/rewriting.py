"""Values taken into definitions' files: each file proven by reading it again, then written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from reconciler import definitions, interrupts, schema, wording
from reconciler.api.documents import TOPICS
from reconciler.definitions import edit, files, replacing, topic_names
from reconciler.definitions.edit import REMOVED, Edit
from reconciler.definitions.yaml.source import MAX_BYTES
from reconciler.errors import DefinitionError, Diagnostic, FileError, ReconcilerError
from reconciler.model import dotted
from reconciler.plan.file_change import FileChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model import Catalogue, Definition, Path, Rules
    from reconciler.plan import FieldChange


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The files that change, and every reason for which one does not or says less than was asked for.

    `is_refused` where nothing but a refusal stood in the way.
    """

    changes: tuple[FileChange, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    is_refused: bool = False

    @property
    def errored(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


def rewrite(
    definition: Definition, fields: Sequence[FieldChange], rules: Rules, catalogue: Catalogue | None
) -> tuple[FileChange, Definition]:
    """Return the change of a file that sets each field to its `after`, and the definition that it then holds.

    A file that says topics by name goes on with names, as the catalogue has them. Raises FileError where the
    file is not as it was read, or a value cannot be written; and DefinitionError where no definition can say
    it.
    """
    before = read(definition, catalogue)
    paths = {dotted(path): path for path in rules}
    edits = [
        _edit(definition, field, paths[field.path], catalogue) for field in fields if field.path in paths
    ]
    after = edit.apply(before, edits, definition.file)
    loaded = definitions.parse({definition.file: after}, catalogue)
    if loaded.has_errors:
        raise DefinitionError([_inexpressible(definition, one) for one in loaded.diagnostics])
    (rewritten,) = loaded.definitions
    _require_left_out(fields, rewritten, paths)
    return FileChange(definition.file, definition.name, before, after, tuple(fields)), rewritten


def _require_left_out(
    fields: Sequence[FieldChange], rewritten: Definition, paths: Mapping[str, Path]
) -> None:
    """Raise FileError for a field that is to be left out, and that a piece says."""
    for field in fields:
        origins = rewritten.origins.get(paths.get(field.path, ()), ()) if field.after is None else ()
        for origin in origins[:1]:
            summary = f"{field.path} stands in {origin}, and what extends that cannot leave it out"
            raise FileError(summary, _WRITE_OUT.format(rewritten.file))


def _edit(definition: Definition, field: FieldChange, path: Path, catalogue: Catalogue | None) -> Edit:
    """Return what the file is to say of a field; raises FileError for a topic that no name stands for."""
    value = REMOVED if field.after is None else field.after
    if not (definition.topics and field.path == TOPICS and catalogue and isinstance(value, list)):
        return Edit(path, value)
    names = {topics[0]: name for name, topics in catalogue.named.items() if len(topics) == 1}
    if nameless := [topic for topic in value if not (isinstance(topic, int) and topic in names)]:
        names_of = ((one, field.names.get(str(one))) for one in nameless)
        listed = schema.clip(", ".join(f"{one} ({name})" if name else str(one) for one, name in names_of))
        summary = f"this file says topics by name, and catalogue.json has no name for {listed}"
        raise FileError(summary, _NAMELESS)
    return Edit(topic_names.PATH, [names[topic] for topic in value if isinstance(topic, int)])


def read(definition: Definition, catalogue: Catalogue | None) -> bytes:
    """Return the bytes of a definition's file; raises FileError where it says something else by now."""
    data = content(definition.file)
    if definitions.parse({definition.file: data}, catalogue).definitions != (definition,):
        raise FileError(f"{definition.file} changed while it was read", "Run the command again")
    return data


def content(file: str) -> bytes:
    """Return the bytes of a file; raises FileError where it is none any more."""
    data = files.read(FilePath(file), MAX_BYTES + 1)
    if isinstance(data, Diagnostic):
        raise FileError(f"{file} {data.summary}", data.detail)
    return data


def _inexpressible(definition: Definition, problem: Diagnostic) -> Diagnostic:
    place = f"{problem.path}: " if problem.path else ""
    return at(
        definition,
        "error",
        "not-expressible",
        f"no definition can say this: {place}{problem.summary}",
        "Nothing was written into this file: change the audience in the dashboard, or edit the file",
    )


def at(definition: Definition, severity: str, code: str, summary: str, detail: str) -> Diagnostic:
    """Return a diagnostic about a definition's audience, at its file."""
    named = f'"{definition.name}": {summary}'
    place = (definition.file, definition.line, definition.column)
    return Diagnostic("error" if severity == "error" else "warning", code, named, detail, *place)


def attempted(definition: Definition, error: ReconcilerError) -> list[Diagnostic]:
    """Return what keeps a file from its change, as problems of that file alone."""
    if isinstance(error, DefinitionError):
        return [*error.diagnostics]
    return [at(definition, "error", error.code, error.summary, error.detail)]


def write(rewriting: Rewriting) -> Rewriting:
    """Write the files, and return what was written, with why each other one was not.

    A signal counts once all are written: each is, whole or not at all, in a moment.
    """
    interrupts.hold()
    written, problems = [], [*rewriting.diagnostics]
    for change in rewriting.changes:
        try:
            replacing.replace(change.file, change.before, change.after)
        except FileError as error:
            problems.append(Diagnostic("error", error.code, error.summary, error.detail))
        else:
            written.append(change)
    is_refused = rewriting.is_refused and len(problems) == len(rewriting.diagnostics)
    return replace(rewriting, changes=tuple(written), diagnostics=tuple(problems), is_refused=is_refused)


_WRITE_OUT = "Take it out of the piece, or write this definition out: reconciler show --rendered {}"


def counted(changes: Iterable[FileChange]) -> str:
    """Return how many files they are, in words."""
    return wording.count(len([*changes]), "file")


_NAMELESS = (
    "Nothing was written. Replace topics by topicIds in it; or add the name to it, run "
    "`reconciler catalogue update`, and then this again"
)
