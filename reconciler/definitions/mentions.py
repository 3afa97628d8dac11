"""The topics that definitions mention, by id or by name, whatever else is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.definitions import files, topic_names
from reconciler.definitions.yaml import reader
from reconciler.definitions.yaml.source import MAX_BYTES
from reconciler.errors import DefinitionError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.definitions.yaml.reader import Document


@dataclass(frozen=True, slots=True)
class Mentions:
    """What definitions mention; `documents` are those with names, by file."""

    ids: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    documents: Mapping[str, Document] = field(default_factory=dict)

    def problems(self, named: Mapping[str, Sequence[int]]) -> Iterator[Diagnostic]:
        """Yield a warning for each name that is not that of exactly one of all the topics that there are."""
        for file, document in self.documents.items():
            yield from topic_names.problems(document, file, named, _API, "warning")


def find(paths: Sequence[str]) -> Mentions:
    """Read every definition below the paths; raises DefinitionError for those that are not YAML.

    No catalogue is needed, and none is asked: this is what one is made from.
    """
    documents, problems = {}, []
    for entry in files.find(paths):
        data = entry if isinstance(entry, Diagnostic) else files.read(entry, MAX_BYTES + 1)
        if isinstance(data, Diagnostic) or isinstance(entry, Diagnostic):
            problems += [data] if isinstance(data, Diagnostic) else []
            continue
        document, found = reader.read(data, files.shown(entry))
        if document is None:
            problems += found
        else:
            documents[files.shown(entry)] = document
    if problems:
        raise DefinitionError(problems)
    by_name = {file: one for file, one in documents.items() if topic_names.said(one.value)}
    names = {name for one in by_name.values() for name in topic_names.said(one.value) or ()}
    ids = {topic for one in documents.values() for topic in _ids(one.value)}
    return Mentions(frozenset(ids), frozenset(names), by_name)


def _ids(value: Any) -> Iterator[int]:  # noqa: ANN401 - a document's value
    config = value.get(topic_names.CONFIG) if isinstance(value, dict) else None
    found = config.get(topic_names.IDS) if isinstance(config, dict) else None
    return (
        (topic for topic in found if type(topic) is int and topic > 0)
        if isinstance(found, list)
        else iter(())
    )


_API = ("the API", "Find it with `reconciler topics search WORDS`")
