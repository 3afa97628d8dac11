"""Definition files in, desired audiences or every diagnostic out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, cast

from reconciler import schema
from reconciler.definitions import files, sure, topic_names
from reconciler.definitions.catalogue import problems as unknown_to
from reconciler.definitions.catalogue import unsettable
from reconciler.definitions.yaml.source import MAX_BYTES, MAX_PROBLEMS
from reconciler.errors import Diagnostic
from reconciler.model import Definition, Json, dotted, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.definitions.yaml.reader import Document
    from reconciler.definitions.yaml.source import Mark
    from reconciler.model import Catalogue, Path, Rules
    from reconciler.schema.messages import Problem

_IGNORABLE_DEPTH = 3  # a whole filter may be ignored, not a part of its value


@dataclass(frozen=True, slots=True)
class Definitions:
    """What was read: the usable definitions, and every problem of every file by a catalogue, where given."""

    definitions: tuple[Definition, ...]
    diagnostics: tuple[Diagnostic, ...]
    catalogue: Catalogue | None = None

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Checked:
    """How many usable definitions there are, and every problem of every file."""

    count: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class _Claim:
    """The id that a file claims, and where, whatever else is wrong with it."""

    id: str
    file: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one file gave."""

    definition: Definition | None = None
    claim: _Claim | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def load(paths: Sequence[str], catalogue: Catalogue | None = None) -> Definitions:
    """Read every definition below the paths, each file once; never raises for the content of a file.

    The result is sorted by the files' names, whatever the order of the paths. With a catalogue, what it does
    not know is a problem too.
    """
    rules = schema.rules(catalogue)
    readings = [_read(entry, rules, catalogue) for entry in files.find(paths)]
    return _gathered(readings, catalogue)


def check(paths: Sequence[str], catalogue: Catalogue | None = None) -> Checked:
    """Find the problems that `load` finds, and keep nothing of a file that has none but its id."""
    rules = schema.rules(catalogue)
    ids: set[str] = set()
    count = claims = 0
    diagnostics: list[Diagnostic] = []
    for entry in files.find(paths):
        data = _content(entry)
        found = None if isinstance(data, Diagnostic) else sure.read(data, rules, catalogue)
        if found is not None:
            claimed: str | None = found.value["id"].lower()
            count += 1
        else:
            reading = _read_content(entry, data, rules, catalogue)
            claimed = reading.claim.id if reading.claim else None
            count += reading.definition is not None
            diagnostics += reading.diagnostics
        if claimed is not None:
            claims += 1
            ids.add(claimed)
    if len(ids) < claims:  # two files share an id, which is told with both places
        loaded = load(paths, catalogue)
        return Checked(len(loaded.definitions), loaded.diagnostics)
    return Checked(count, _in_order(diagnostics))


def parse(files: Mapping[str, bytes], catalogue: Catalogue | None = None) -> Definitions:
    """Read definitions from bytes, by the names of their files; the result is as from `load`."""
    rules = schema.rules(catalogue)
    return _gathered([_parsed(file, files[file], rules, catalogue) for file in sorted(files)], catalogue)


def _gathered(readings: Sequence[_Reading], catalogue: Catalogue | None) -> Definitions:
    diagnostics = [diagnostic for reading in readings for diagnostic in reading.diagnostics]
    diagnostics += _shared_ids(reading.claim for reading in readings if reading.claim is not None)
    definitions = tuple(reading.definition for reading in readings if reading.definition is not None)
    return Definitions(definitions, _in_order(diagnostics), catalogue)


def _in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(diagnostics, key=_place_and_summary))


def _place_and_summary(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    return diagnostic.file or "", diagnostic.line or 0, diagnostic.column or 0, diagnostic.summary


def _read(entry: str | Diagnostic, rules: Rules, catalogue: Catalogue | None) -> _Reading:
    return _read_content(entry, _content(entry), rules, catalogue)


def _content(entry: str | Diagnostic) -> bytes | Diagnostic:
    """Return the bytes of what `files.find` found, up to one more than the reader takes."""
    return entry if isinstance(entry, Diagnostic) else files.read(entry, MAX_BYTES + 1)


def _read_content(
    entry: str | Diagnostic, data: bytes | Diagnostic, rules: Rules, catalogue: Catalogue | None
) -> _Reading:
    if isinstance(data, Diagnostic):
        return _Reading(diagnostics=(data,))
    return _parsed(files.shown(cast("str", entry)), data, rules, catalogue)


def _parsed(file: str, data: bytes, rules: Rules, catalogue: Catalogue | None) -> _Reading:
    """Read one definition: with care only where it is not plain that nothing is wrong with it."""
    found = sure.read(data, rules, catalogue)
    if found is None:
        return _parsed_with_care(file, data, rules, catalogue)
    places = sure.Places(data, rules)
    definition = _definition(found.value, file, found.mark, rules, places, topics=found.topics)
    return _Reading(definition, _Claim(definition.id, file, found.mark))


def _parsed_with_care(file: str, data: bytes, rules: Rules, catalogue: Catalogue | None) -> _Reading:
    from reconciler.definitions.yaml import reader

    document, found = reader.read(data, file)
    if document is None:
        return _Reading(diagnostics=found)
    problems = tuple(_problems(document, catalogue))
    worded = (_diagnostic(problem, document, file) for problem in problems)
    resolved = topic_names.resolve(document, file, catalogue)
    others = (
        resolved.diagnostics,
        _ignore_problems(document, file, rules),
        _generation_problems(document, file, rules),
    )
    unknown = () if catalogue is None else unknown_to(document, file, rules, catalogue)
    diagnostics = _first(chain(found, worded, *others, unknown))
    definition = None
    if not any(one.is_error for one in diagnostics):
        value, places = cast("dict[str, Json]", resolved.document.value), sure.of_fields(document, rules)
        definition = _definition(value, file, document.keys["id",], rules, places, topics=resolved.ids)
    return _Reading(definition, _claim(document, file, problems), diagnostics)


def _first(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return as many problems of one file as anybody reads, the last one saying if there are more."""
    found = tuple(islice(diagnostics, MAX_PROBLEMS + 1))
    if len(found) <= MAX_PROBLEMS:
        return found
    summary = f"more than {MAX_PROBLEMS:,} problems in one file"
    more = replace(found[-1], code="many-problems", summary=summary, detail=_FIRST_ONES, path=None)
    return (*found[:-1], more)


def _problems(document: Document, catalogue: Catalogue | None) -> Iterator[Problem]:
    """Yield what the schema has against a document, but for values that the reader refused."""
    for problem in schema.check(document.value, "audience", MAX_PROBLEMS + 1, catalogue):
        if problem.at_key or problem.place not in document.refused:
            yield problem if catalogue is None else unsettable(problem, catalogue)


def _item(value: object, place: Sequence[str | int]) -> object:
    for step in place:
        value = cast("dict[str | int, object]", value)[step]
    return value


def _diagnostic(problem: Problem, document: Document, file: str) -> Diagnostic:
    mark = (document.keys if problem.at_key else document.values)[problem.place]
    return _at(file, mark, problem.path or None, (problem.code, problem.summary, problem.detail))


def _definition(
    value: Mapping[str, Json],
    file: str,
    mark: Mark,
    rules: Rules,
    places: Mapping[Path, tuple[int, int]],
    *,
    topics: Mapping[str, int],
) -> Definition:
    lifecycle, metadata = (cast("dict[str, Json]", value.get(key, {})) for key in ("lifecycle", "metadata"))
    return Definition(
        id=cast("str", value["id"]).lower(),
        name=cast("str", value["name"]),
        file=file,
        line=mark.line,
        column=mark.column,
        fields={key: normalise(item, rules, (key,)) for key, item in value.items() if (key,) in rules},
        ignore=frozenset(cast("list[str]", lifecycle.get("ignore", ()))),
        is_protected=bool(lifecycle.get("protect", False)),
        owner=cast("str", metadata.get("owner", "")),
        description=cast("str", metadata.get("description", "")),
        places=places,
        topics=topics,
    )


def _ignored(document: Document) -> Iterator[tuple[Mark, str]]:
    """Yield each path in `lifecycle.ignore` and its place, whatever else is wrong with it."""
    for place, mark in document.values.items():
        path = _item(document.value, place) if place[:-1] == ("lifecycle", "ignore") else None
        if isinstance(path, str) and path and isinstance(place[-1], int):
            yield mark, path


def _ignore_problems(document: Document, file: str, rules: Rules) -> Iterator[Diagnostic]:
    """Yield what is wrong with `lifecycle.ignore`: a path that is not a field, or that the file sets."""
    known = {dotted(path): path for path in rules if len(path) <= _IGNORABLE_DEPTH}
    suggestions = schema.Suggestions()
    for mark, path in _ignored(document):
        if path not in known:
            near = suggestions.nearest(path, known)
            fix = f'Did you mean "{near}"?' if near else "Name a field by its whole path, as a plan shows it"
            summary = f'"{schema.clip(path)}" is not a field that can be ignored'
            yield _at(file, mark, "lifecycle.ignore", ("unknown-path", summary, fix))
        elif (key := topic_names.mark(known[path], document.keys)) is not None:
            summary = f'"{path}" is ignored here and set at line {key.line}'
            yield _at(file, mark, "lifecycle.ignore", ("ignored-and-set", summary, "Remove one of the two"))


def _generation_problems(document: Document, file: str, rules: Rules) -> Iterator[Diagnostic]:
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
            f'"{other[-1]}" at line {place.line}, one of generation {of.generation}'
        )
        yield _at(file, mark, dotted(path[:-1]), ("mixed-generations", summary, _ONE_GENERATION))


def _claim(document: Document, file: str, problems: Iterable[Problem]) -> _Claim | None:
    value = document.value.get("id") if isinstance(document.value, dict) else None
    if not isinstance(value, str) or any(problem.place == ("id",) for problem in problems):
        return None
    return _Claim(value.lower(), file, document.keys["id",])


def _shared_ids(claims: Iterable[_Claim]) -> Iterator[Diagnostic]:
    first: dict[str, _Claim] = {}
    for claim in claims:
        other = first.setdefault(claim.id, claim)
        if other is not claim:
            summary = f"this id is also in {other.file}:{other.mark.line}:{other.mark.column}"
            yield _at(claim.file, claim.mark, "id", ("shared-id", summary, _ONE_FILE))


def _at(file: str, mark: Mark, path: str | None, words: tuple[str, str, str]) -> Diagnostic:
    code, summary, detail = words
    return Diagnostic("error", code, summary, detail, file, mark.line, mark.column, path)


_ONE_GENERATION = "Keep the filters of the generation that your organization's API speaks"
_FIRST_ONES = "Fix the first ones and run again"
_ONE_FILE = "One audience has one file: remove one, or correct its id"
