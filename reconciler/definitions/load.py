"""Definition files in, desired audiences or every diagnostic out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, cast

from reconciler import schema
from reconciler.definitions import files, problems, processes, sure, topic_names
from reconciler.definitions.catalogue import problems as unknown_to
from reconciler.definitions.yaml.source import MAX_BYTES, MAX_PROBLEMS
from reconciler.errors import Diagnostic
from reconciler.model import Definition, Json, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.definitions.extending import Extended
    from reconciler.definitions.pieces import Piece, Pieces, Read
    from reconciler.definitions.yaml.reader import Document
    from reconciler.definitions.yaml.source import Mark
    from reconciler.model import Catalogue, Path, Rules
    from reconciler.schema.messages import Problem


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
    """What one file gave; `elsewhere` is what is wrong in the piece that it extends, at this place."""

    definition: Definition | None = None
    claim: _Claim | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    elsewhere: tuple[Diagnostic, ...] = ()
    extends: str = ""


class _Run:
    """What every file of one run is read with; `pieces` are there once a file extends one."""

    def __init__(self, catalogue: Catalogue | None = None, read_piece: Read | None = None) -> None:
        self.rules = schema.rules(catalogue)
        self.catalogue = catalogue
        self.pieces: Pieces | None = None
        self._read_piece = read_piece

    def find_piece(self, entry: str, document: Document) -> Piece | Diagnostic | None:
        if self.pieces is None:
            from reconciler.definitions.pieces import Pieces

            self.pieces = Pieces(self.catalogue, *([self._read_piece] if self._read_piece else []))
        return self.pieces.find(entry, document)


def load(paths: Sequence[str], catalogue: Catalogue | None = None) -> Definitions:
    """Read every definition below the paths, each file once; never raises for the content of a file.

    The result is sorted by the files' names, whatever the order of the paths. With a catalogue, what it does
    not know is a problem too.
    """
    run, entries = _Run(catalogue), files.find(paths)
    return _gathered([_read_content(entry, _content(entry), run) for entry in entries], entries, run)


def check(paths: Sequence[str], catalogue: Catalogue | None = None) -> Checked:
    """Find the problems that `load` finds, and keep nothing of a file that has none but its id."""
    run, entries = _Run(catalogue), files.find(paths)
    ids: set[str] = set()
    count = claims = 0
    odd: list[_Reading] = []
    for entry, found in zip(entries, processes.ids(entries, partial(_sure_id, run=run)), strict=True):
        data = b"" if found else _content(entry)
        claimed: str | None = found or _sure_id_in(data, run)
        if claimed:
            count += 1
        else:
            reading = _read_content(entry, data, run)
            claimed = reading.claim.id if reading.claim else None
            count += reading.definition is not None
            odd += [reading] if reading.diagnostics or reading.elsewhere else []
        if claimed is not None:
            claims += 1
            ids.add(claimed)
    if len(ids) < claims:  # two files share an id, which is told with both places
        loaded = load(paths, catalogue)
        return Checked(len(loaded.definitions), loaded.diagnostics)
    return Checked(count, _in_order(_diagnostics(odd, entries, run)))


def parse(
    files: Mapping[str, bytes], catalogue: Catalogue | None = None, read_piece: Read | None = None
) -> Definitions:
    """Read definitions from bytes, by the names of their files; the result is as from `load`.

    Pieces are what `read_piece` has, by the repository's root and the path from there; they lie on the disk
    without it.
    """
    run, entries = _Run(catalogue, read_piece), sorted(files)
    return _gathered([_parsed(entry, files[entry], run) for entry in entries], entries, run)


def _gathered(readings: Sequence[_Reading], entries: Sequence[str | Diagnostic], run: _Run) -> Definitions:
    diagnostics = [*_diagnostics(readings, entries, run)]
    diagnostics += _shared_ids(reading.claim for reading in readings if reading.claim is not None)
    definitions = tuple(reading.definition for reading in readings if reading.definition is not None)
    return Definitions(definitions, _in_order(diagnostics), run.catalogue)


def _diagnostics(
    readings: Sequence[_Reading], entries: Sequence[str | Diagnostic], run: _Run
) -> Iterator[Diagnostic]:
    """Yield every problem of the files and, each once, those of the pieces that they extend."""
    from_files = (diagnostic for reading in readings for diagnostic in reading.diagnostics)
    if run.pieces is None:
        yield from from_files
        return
    from reconciler.definitions.pieces import extended_by, misplaced

    lost = misplaced(entries, run.pieces.used)
    yield from (one for one in from_files if one.file not in lost)
    yield from lost.values()
    places: dict[Diagnostic, list[str]] = {}
    for reading in readings:
        for diagnostic in reading.elsewhere:
            places.setdefault(diagnostic, []).append(reading.extends)
    yield from (extended_by(diagnostic, found) for diagnostic, found in places.items())


def _in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(diagnostics, key=_place_and_summary))


def _place_and_summary(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    return diagnostic.file or "", diagnostic.line or 0, diagnostic.column or 0, diagnostic.summary


def _content(entry: str | Diagnostic) -> bytes | Diagnostic:
    """Return the bytes of what `files.find` found, up to one more than the reader takes."""
    return entry if isinstance(entry, Diagnostic) else files.read(entry, MAX_BYTES + 1)


def _sure_id(entry: str | Diagnostic, run: _Run) -> str:
    """Return the id of a file that plainly has no problem, "" for any other."""
    return _sure_id_in(_content(entry), run)


def _sure_id_in(data: bytes | Diagnostic, run: _Run) -> str:
    found = None if isinstance(data, Diagnostic) else sure.read(data, run.rules, run.catalogue)
    return "" if found is None else found.value["id"].lower()


def _read_content(entry: str | Diagnostic, data: bytes | Diagnostic, run: _Run) -> _Reading:
    if isinstance(data, Diagnostic):
        return _Reading(diagnostics=(data,))
    return _parsed(cast("str", entry), data, run)


def _parsed(entry: str, data: bytes, run: _Run) -> _Reading:
    """Read one definition: with care only where it is not plain that nothing is wrong with it."""
    found = sure.read(data, run.rules, run.catalogue)
    if found is None:
        return _parsed_with_care(entry, data, run)
    file, places = files.shown(entry), sure.Places(data, run.rules)
    definition = _definition(found.value, file, found.mark, run.rules, places, topics=found.topics)
    return _Reading(definition, _Claim(definition.id, file, found.mark))


def _parsed_with_care(entry: str, data: bytes, run: _Run) -> _Reading:
    from reconciler.definitions.yaml import reader

    file = files.shown(entry)
    document, found = reader.read(data, file)
    if document is None:
        return _Reading(diagnostics=found)
    if not (isinstance(document.value, dict) and "extends" in document.value):
        return _checked(document, file, found, run)
    piece = run.find_piece(entry, document)
    is_usable = not isinstance(piece, Diagnostic | None) and not piece.diagnostics
    reading = (
        _extended(document, cast("Piece", piece), found, run, file)
        if is_usable
        else _alone(document, piece, found, run, file)
    )
    return replace(reading, extends=problems.spot(document.values["extends",], file))


def _extended(
    document: Document, piece: Piece, found: Sequence[Diagnostic], run: _Run, file: str
) -> _Reading:
    """Read a definition together with the piece that it extends."""
    from reconciler.definitions import extending

    extended = extending.extend(document, cast("Document", piece.document), file, run.catalogue)
    checked = _checked(extended.document, file, [*found, *extended.diagnostics], run, extended)
    definition = checked.definition and replace(
        checked.definition, extends=piece.file, origins=extended.origins(run.rules)
    )
    own = tuple(one for one in checked.diagnostics if one.file == file)
    elsewhere = tuple(one for one in checked.diagnostics if one.file != file)
    return _Reading(definition, checked.claim, own, elsewhere)


def _alone(
    document: Document,
    piece: Piece | Diagnostic | None,
    found: Sequence[Diagnostic],
    run: _Run,
    file: str,
) -> _Reading:
    """Tell what is wrong with a definition whose piece cannot be extended, and with that."""
    from reconciler.definitions import extending

    own = extending.without_changes(document, run.catalogue)
    against = tuple(problems.of_schema(own, "partial", run.catalogue))
    worded = (problems.diagnostic(problem, own, file) for problem in against)
    named = (piece,) if isinstance(piece, Diagnostic) else ()
    elsewhere = () if isinstance(piece, Diagnostic | None) else piece.diagnostics
    diagnostics = _first(chain(found, named, worded))
    return _Reading(None, _claim(document, file, against), diagnostics, elsewhere)


def _checked(
    document: Document,
    file: str,
    found: Sequence[Diagnostic],
    run: _Run,
    extended: Extended | None = None,
) -> _Reading:
    rules, catalogue = run.rules, run.catalogue
    against = tuple(problems.of_schema(document, "audience", catalogue))
    worded = (
        problems.diagnostic(problem, document, file, extended.note(problem, rules) if extended else "")
        for problem in against
    )
    resolved = topic_names.resolve(document, file, catalogue)
    others = (
        resolved.diagnostics,
        problems.of_ignored(document, file, rules),
        problems.of_generations(document, file, rules),
    )
    unknown = () if catalogue is None else unknown_to(document, file, rules, catalogue)
    diagnostics = _first(chain(found, worded, *others, unknown))
    definition = None
    if not any(one.is_error for one in diagnostics):
        value, places = cast("dict[str, Json]", resolved.document.value), sure.of_fields(document, rules)
        definition = _definition(value, file, document.keys["id",], rules, places, topics=resolved.ids)
    return _Reading(definition, _claim(document, file, against), diagnostics)


def _first(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return as many problems of one file as anybody reads, the last one saying if there are more."""
    found = tuple(islice(diagnostics, MAX_PROBLEMS + 1))
    if len(found) <= MAX_PROBLEMS:
        return found
    summary = f"more than {MAX_PROBLEMS:,} problems in one file"
    more = replace(found[-1], code="many-problems", summary=summary, detail=_FIRST_ONES, path=None)
    return (*found[:-1], more)


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
        labels=cast("dict[str, str]", metadata.get("labels", {})),
        overrides=cast("dict[str, str]", metadata.get("overrides", {})),
        places=places,
        topics=topics,
    )


def _claim(document: Document, file: str, against: Iterable[Problem]) -> _Claim | None:
    value = document.value.get("id") if isinstance(document.value, dict) else None
    if not isinstance(value, str) or any(problem.place == ("id",) for problem in against):
        return None
    return _Claim(value.lower(), file, document.keys["id",])


def _shared_ids(claims: Iterable[_Claim]) -> Iterator[Diagnostic]:
    first: dict[str, _Claim] = {}
    for claim in claims:
        other = first.setdefault(claim.id, claim)
        if other is not claim:
            summary = f"this id is also in {other.file}:{other.mark.line}:{other.mark.column}"
            yield problems.at(claim.file, claim.mark, "id", ("shared-id", summary, _ONE_FILE))


_FIRST_ONES = "Fix the first ones and run again"
_ONE_FILE = "One audience has one file: remove one, or correct its id"
