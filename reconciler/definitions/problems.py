"""What is wrong with a definition's document, as diagnostics at the places that its values come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler import schema
from reconciler.definitions import topic_names
from reconciler.definitions.catalogue import unsettable
from reconciler.definitions.yaml.source import MAX_PROBLEMS
from reconciler.errors import Diagnostic
from reconciler.model import dotted

_IGNORABLE_DEPTH = 3  # a whole filter may be ignored, not a part of its value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions.yaml.reader import Document
    from reconciler.definitions.yaml.source import Mark
    from reconciler.model import Catalogue, Path, Rules
    from reconciler.schema import SchemaName
    from reconciler.schema.messages import Problem


def of_schema(document: Document, name: SchemaName, catalogue: Catalogue | None) -> Iterator[Problem]:
    """Yield what a schema has against a document, but for values that the reader refused."""
    for problem in schema.check(document.value, name, MAX_PROBLEMS + 1, catalogue):
        if problem.at_key or problem.place not in document.refused:
            yield problem if catalogue is None else unsettable(problem, catalogue)


def _ignored(document: Document) -> Iterator[tuple[Mark, str]]:
    """Yield each path in `lifecycle.ignore` and its place, whatever else is wrong with it."""
    for place, mark in document.values.items():
        path = _item(document.value, place) if place[:-1] == ("lifecycle", "ignore") else None
        if isinstance(path, str) and path and isinstance(place[-1], int):
            yield mark, path


def of_ignored(document: Document, file: str, rules: Rules) -> Iterator[Diagnostic]:
    """Yield what is wrong with `lifecycle.ignore`: a path that is not a field, or that the file sets."""
    known = {dotted(path): path for path in rules if len(path) <= _IGNORABLE_DEPTH}
    suggestions = schema.Suggestions()
    for mark, path in _ignored(document):
        if path not in known:
            near = suggestions.nearest(path, known)
            fix = f'Did you mean "{near}"?' if near else "Name a field by its whole path, as a plan shows it"
            summary = f'"{schema.clip(path)}" is not a field that can be ignored'
            yield at(file, mark, "lifecycle.ignore", ("unknown-path", summary, fix))
        elif (key := topic_names.mark(known[path], document.keys)) is not None:
            where = seen_from(key, mark, file)
            summary = f'"{path}" is ignored here and set at {where}'
            yield at(file, mark, "lifecycle.ignore", ("ignored-and-set", summary, "Remove one of the two"))


def of_generations(document: Document, file: str, rules: Rules) -> Iterator[Diagnostic]:
    """Yield each filter of another generation of the API than the file's first one: no API has both."""
    filters = [
        (cast("Path", place), mark, rule)
        for place, mark in document.keys.items()
        if (rule := rules.get(cast("Path", place))) is not None and rule.generation is not None
    ]
    for path, mark, rule in filters:
        if rule.generation == filters[0][2].generation:
            continue
        twins = [one for one in filters if one[2].label == rule.label and one[0] != path]
        other, place, of = (twins or filters)[0]
        says = "says the same as" if twins else "cannot stand beside"
        summary = (
            f'"{path[-1]}", a filter of the API\'s generation {rule.generation}, {says} '
            f'"{other[-1]}" at {seen_from(place, mark, file)}, one of generation {of.generation}'
        )
        yield at(file, mark, dotted(path[:-1]), ("mixed-generations", summary, _ONE_GENERATION))


def _item(value: object, place: Sequence[str | int]) -> object:
    for step in place:
        value = cast("dict[str | int, object]", value)[step]
    return value


def diagnostic(problem: Problem, document: Document, file: str, note: str = "") -> Diagnostic:
    """Return a problem at its place; `note` is a sentence that follows the fix."""
    mark = (document.keys if problem.at_key else document.values)[problem.place]
    detail = f"{problem.detail}. {note}" if note else problem.detail
    return at(file, mark, problem.path or None, (problem.code, problem.summary, detail))


def at(file: str, mark: Mark, path: str | None, words: tuple[str, str, str]) -> Diagnostic:
    """Return an error at a mark: in the file, or in the piece that the mark names."""
    code, summary, detail = words
    return Diagnostic("error", code, summary, detail, mark.file or file, mark.line, mark.column, path)


def spot(mark: Mark, file: str) -> str:
    """Return a mark as `file:line:column`; `file` is the document's own."""
    return f"{mark.file or file}:{mark.line}:{mark.column}"


def seen_from(mark: Mark, here: Mark, file: str) -> str:
    """Return where a mark is for one who is at another: its line, or its file too."""
    return f"line {mark.line}" if mark.file == here.file else spot(mark, file)


_ONE_GENERATION = "Keep the filters of the generation that your organization's API speaks"
