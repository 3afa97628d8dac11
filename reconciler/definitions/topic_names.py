"""The names of topics that a definition may say in place of ids, and what the catalogue makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from reconciler import schema
from reconciler.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.definitions.yaml.reader import Document
    from reconciler.definitions.yaml.source import Mark
    from reconciler.model import Catalogue

Place = tuple[str | int, ...]
CONFIG, NAMES, IDS = "config", "topics", "topicIds"
PATH = (CONFIG, NAMES)
_MAX_CANDIDATES = 3
_MAX_IDS = 5


@dataclass(frozen=True, slots=True)
class Resolved:
    """A document that says ids, the id of each name in it, and what is wrong with the others."""

    document: Document
    ids: Mapping[str, int] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def resolve(document: Document, file: str, catalogue: Catalogue | None) -> Resolved:
    """Return a document with ids where it says names; one that says none comes back as it is.

    Without a catalogue, no name means anything.
    """
    names = said(document.value)
    if names is None:
        return Resolved(document)
    if catalogue is None:
        key = document.keys[PATH]
        words = ("no-catalogue", "topics stand here by name, and there is no catalogue.json", _MAKE)
        return Resolved(document, {}, (_at(file, key, words),))
    ids = {name: catalogue.named[name][0] for name in names if len(catalogue.named.get(name, ())) == 1}
    found = problems(document, file, catalogue.named, _HERE)
    return Resolved(replace(document, value=by_id(document.value, ids)), ids, tuple(found))


def said(value: object) -> list[str] | None:
    """Return the names that a document says, whatever else is wrong with it; None where it says ids."""
    config: Any = value.get(CONFIG) if isinstance(value, dict) else None
    names = config.get(NAMES) if isinstance(config, dict) and IDS not in config else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else None


def mark(path: Place, marks: Mapping[Place, Mark]) -> Mark | None:
    """Return the mark of a field, which topics have under either key; None where the file leaves it out."""
    return marks.get(path, marks.get(PATH) if path == (CONFIG, IDS) else None)


def by_id(value: Any, ids: Mapping[str, int]) -> dict[str, Any]:  # noqa: ANN401 - a document's value
    """Return a document's value with ids in the place of the names that have one."""
    names = said(value) or []
    members = {
        IDS if key == NAMES else key: [ids[name] for name in names if name in ids] if key == NAMES else item
        for key, item in value[CONFIG].items()
    }
    return {**value, CONFIG: members}


def problems(
    document: Document,
    file: str,
    named: Mapping[str, Sequence[int]],
    where: tuple[str, str],
    severity: Literal["error", "warning"] = "error",
) -> Iterator[Diagnostic]:
    """Yield each name of a document that is not that of exactly one topic, with those that may be meant.

    `where` names what has the topics, and says what to do where it has none; `named` are their ids by name.
    """
    near = schema.Suggestions()
    for place, here in document.values.items():
        name = _name_at(document.value, place)
        ids = named.get(name, ()) if name else ()
        if not name or len(ids) == 1:
            continue
        if ids:
            summary = f'"{schema.clip(name)}" is the name of {len(ids)} topics: {_listed(ids)}'
            words = ("ambiguous-topic", summary, _AMBIGUOUS)
        else:
            summary = f'no topic in {where[0]} is called "{schema.clip(name)}"'
            candidates = _candidates(near.several(name, named, _MAX_CANDIDATES), named)
            words = ("unknown-topic", summary, f"{candidates}{where[1]}")
        yield _at(file, here, words, severity)


def _name_at(value: Any, place: Place) -> str | None:  # noqa: ANN401 - a document's value
    """Return the name of a topic that stands at a place, None where none does."""
    if place[:-1] != PATH or not isinstance(place[-1], int):
        return None
    name = value[CONFIG][NAMES][place[-1]]
    return name if isinstance(name, str) else None


def _candidates(names: Sequence[str], named: Mapping[str, Sequence[int]]) -> str:
    listed = " or ".join(f'"{schema.clip(name)}" ({_listed(named[name])})' for name in names)
    return f"Did you mean {listed}? " if listed else ""


def _listed(ids: Sequence[int]) -> str:
    """Return ids as a message names them, however many a file has."""
    shown = ", ".join(map(str, ids[:_MAX_IDS]))
    return shown if len(ids) <= _MAX_IDS else f"{shown} and {len(ids) - _MAX_IDS} more"


def _at(
    file: str,
    mark: Mark,
    words: tuple[str, str, str],
    severity: Literal["error", "warning"] = "error",
) -> Diagnostic:
    return Diagnostic(severity, *words, mark.file or file, mark.line, mark.column, f"{CONFIG}.{NAMES}")


_MAKE = "Run `reconciler catalogue update`, and commit what it writes; or write topicIds"
_AMBIGUOUS = "Write topicIds in place of topics, with the one that is meant"
_HERE = ("catalogue.json", "If it is new here, run `reconciler catalogue update`")
