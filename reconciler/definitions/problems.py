"""What is wrong with a definition's document, as diagnostics at the places that its values come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.definitions.catalogue import unsettable
from reconciler.definitions.yaml.source import MAX_PROBLEMS
from reconciler.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.yaml.reader import Document
    from reconciler.definitions.yaml.source import Mark
    from reconciler.model import Catalogue
    from reconciler.schema import SchemaName
    from reconciler.schema.messages import Problem


def of_schema(document: Document, name: SchemaName, catalogue: Catalogue | None) -> Iterator[Problem]:
    """Yield what a schema has against a document, but for values that the reader refused."""
    for problem in schema.check(document.value, name, MAX_PROBLEMS + 1, catalogue):
        if problem.at_key or problem.place not in document.refused:
            yield problem if catalogue is None else unsettable(problem, catalogue)


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
