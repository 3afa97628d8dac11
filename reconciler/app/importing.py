"""Live audiences that no file owns, into definition files: read, drafted, written, and planned as proof."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from reconciler import schema
from reconciler.api import audiences, topics
from reconciler.app import catalogue, planning, project
from reconciler.definitions import Definitions, canonical, file_names, load, new_file, parse
from reconciler.definitions.files import shown
from reconciler.errors import ApiError, DefinitionError, Diagnostic, SettingsError
from reconciler.model import ListedAudience
from reconciler.plan import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence

    from reconciler.api.connection import Connection
    from reconciler.model import Audience, Catalogue, Definition
    from reconciler.plan import Plan

DEFAULT_FOLDER = "audiences.d"
TOPICS = "config.topicIds"
_BATCH = 24  # audiences between two words on how far the reading is


@dataclass(frozen=True, slots=True)
class Candidates:
    """The live audiences without a definition, by name; `owned` names the files that own the others."""

    audiences: tuple[ListedAudience, ...]
    owned: tuple[Definition, ...]
    generation: int | None
    doubt: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One definition to be written: `problem` says why it cannot be, and `definition` is what it reads as."""

    audience: ListedAudience
    file: str
    text: str = ""
    definition: Definition | None = None
    problem: Diagnostic | None = None


def owned(into: str) -> Definitions:
    """Return the definitions that there are already, below `into` and the default folder.

    What a catalogue lacks is no error here. Raises DefinitionError: of a file that cannot be read nobody
    knows which audience it owns.
    """
    folders = {folder for folder in (into, DEFAULT_FOLDER) if os.path.lexists(folder)}
    found = load(sorted(folders), catalogue.read_lenient([into]))
    problems = [one for one in found.diagnostics if one.is_error and one.code != "no-definitions"]
    if problems:
        raise DefinitionError(problems)
    return found


async def candidates(connection: Connection, definitions: Sequence[Definition]) -> Candidates:
    """Read which audiences there are, and return those without a definition; raises ApiError."""
    from reconciler.api.client import ReadClient

    async with ReadClient(connection) as client:
        live = await audiences.fetch(client, (), schema.rules())
    known = {definition.id for definition in definitions}
    found = [audience for audience in live.others if audience.id not in known]
    ordered = sorted(found, key=lambda audience: (audience.name.casefold(), audience.id))
    return Candidates(tuple(ordered), tuple(definitions), live.generation, live.doubt)


def choose(found: Candidates, targets: Sequence[str], *, is_all: bool) -> tuple[ListedAudience, ...]:
    """Return the audiences to import; raises SettingsError for a target that means none of them.

    An id that the list lacks is tried all the same: the list may be short.
    """
    if is_all:
        return found.audiences
    chosen: dict[str, ListedAudience] = {}
    for target in targets:
        matches = [one for one in found.audiences if planning.is_target(one, target)]
        chosen |= {one.id: one for one in matches or [_unlisted(found, target)]}
    return tuple(chosen.values())


def doubts(found: Candidates) -> Iterator[Diagnostic]:
    """Yield a warning where the list of audiences may not have been all of it."""
    if found.doubt:
        summary = f"the API's list of audiences may not be all of it: {found.doubt}"
        yield Diagnostic(
            "warning", "list-may-be-short", summary, "What is not in it can be imported by its id"
        )


def _unlisted(found: Candidates, target: str) -> ListedAudience:
    """Return the audience that an id stands for although it is not in the list; raises SettingsError."""
    owner = next((one for one in found.owned if planning.is_target(one, target)), None)
    if owner is not None:
        hint = "Run `reconciler plan` to see how they differ"
        raise SettingsError(f'"{target}" has a definition already: {owner.file}', hint)
    try:
        return ListedAudience(str(UUID(target)), "", "")
    except ValueError:
        near = schema.Suggestions().nearest(target, [audience.name for audience in found.audiences])
        hint = f'Did you mean "{near}"?' if near else "Give an id, or a glob over names: 'CFO*'"
        raise SettingsError(f'"{target}" matches no live audience without a definition', hint) from None


async def read(
    connection: Connection,
    chosen: Sequence[ListedAudience],
    generation: int | None,
    catalogue: Catalogue | None,
) -> AsyncGenerator[Mapping[str, Audience], None]:
    """Yield the chosen audiences by id, in parts as they are read; one that is gone is left out.

    The first generation lists audiences whole. Raises ApiError.
    """
    from reconciler.api.client import ReadClient

    rules, ids = schema.rules(catalogue), [audience.id for audience in chosen]
    async with ReadClient(connection) as client:
        if generation == 1:
            yield (await audiences.fetch(client, ids, rules)).audiences
            return
        for start in range(0, len(ids), _BATCH):
            yield await audiences.fetch_each(client, ids[start : start + _BATCH], rules)


async def topic_names(
    connection: Connection, live: Iterable[Audience]
) -> tuple[Mapping[str, str], Diagnostic | None]:
    """Return the names of topics by id, and a warning where they cannot be had: they are only comments.

    The list of all topics is asked for only where the audiences did not bring their names with them.
    """
    from reconciler.api.client import ReadClient

    found = tuple(live)
    known = {key: name for one in found for key, name in one.names.get(TOPICS, {}).items()}
    wanted = {str(topic) for one in found for topic in _topic_ids(one)}
    if wanted <= known.keys():
        return known, None
    try:
        async with ReadClient(connection) as client:
            everything = await topics.fetch(client)
    except ApiError as error:
        return known, _nameless(error)
    return {str(one.id): one.name for one in everything if str(one.id) in wanted} | known, None


def _topic_ids(audience: Audience) -> Iterable[object]:
    config = audience.fields.get("config")
    found = config.get("topicIds") if isinstance(config, Mapping) else None
    return found if isinstance(found, frozenset) else ()


def _nameless(error: ApiError) -> Diagnostic:
    summary = f"the names of topics are not known: {error.summary}"
    return Diagnostic("warning", "no-topic-names", summary, "The files have the ids alone")


def draft(
    chosen: Sequence[ListedAudience],
    live: Mapping[str, Audience],
    names: Mapping[str, str],
    into: str,
    catalogue: Catalogue | None,
) -> tuple[Draft, ...]:
    """Return a draft for each chosen audience, sorted by file; nothing is written."""
    folder = Path(into)
    named = [_named(audience, live.get(audience.id)) for audience in chosen]
    taken = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    files = file_names.assign(named, taken)
    place = project.schema_for(folder)
    drafts = [
        _draft(audience, live.get(audience.id), shown(folder / files[audience.id]), catalogue, (place, names))
        for audience in named
    ]
    return tuple(sorted(drafts, key=lambda one: one.file))


def _named(audience: ListedAudience, live: Audience | None) -> ListedAudience:
    """Return the audience with the name that its own GET gave: the list may be older, or lack it."""
    name = None if live is None else live.fields.get("name")
    return replace(audience, name=name) if isinstance(name, str) else audience


def _draft(
    audience: ListedAudience,
    live: Audience | None,
    file: str,
    catalogue: Catalogue | None,
    context: tuple[str, Mapping[str, str]],
) -> Draft:
    if live is None:
        return Draft(
            audience, file, problem=_problem(audience, "it does not exist in this organization", _GONE)
        )
    odd = [problem for key, problem in live.unreadable.items() if not schema.rules()[key,].is_volatile]
    if odd:
        return Draft(audience, file, problem=_problem(audience, f"it cannot be read: {odd[0]}"))
    place, names = context
    rules = schema.rules(catalogue)
    text = canonical.text(audience.id, live.fields, rules, schema=place, names={TOPICS: names})
    found = parse({file: text.encode()}, catalogue)
    if found.has_errors:
        first = found.diagnostics[0]
        where = f"{first.path}: " if first.path else ""
        return Draft(audience, file, problem=_problem(audience, f"{where}{first.summary}"))
    (definition,) = found.definitions
    return Draft(audience, file, text, definition)


def _problem(audience: ListedAudience, summary: str, hint: str = "") -> Diagnostic:
    what = f'"{audience.name}" ({audience.id})' if audience.name else audience.id
    return Diagnostic("error", "not-imported", f"{what} was not imported: {summary}", hint or _SAVE_AGAIN)


def write(one: Draft) -> None:
    """Write a draft's file, which must not be there yet; raises FileError."""
    new_file.create(Path(one.file), one.text.encode())


async def prove(connection: Connection, definitions: Definitions) -> Plan:
    """Plan what was imported; raises ApiError."""
    return await planning.plan(definitions, connection, Limits())


def defined(drafts: Sequence[Draft], catalogue: Catalogue | None) -> Definitions:
    """Return the definitions that the drafts would be as files."""
    found = tuple(one.definition for one in drafts if one.definition is not None)
    return Definitions(found, (), catalogue)


def reread(drafts: Sequence[Draft], catalogue: Catalogue | None) -> Definitions:
    """Return the definitions as they are in the files now; raises DefinitionError."""
    return planning.valid(load([one.file for one in drafts], catalogue))


def unproven(plan: Plan) -> Iterator[Diagnostic]:
    """Yield what the plan of imported definitions says, and an error for each that differs from live."""
    yield from (one for one in plan.diagnostics if one.code != _SHORT)  # the import's own list was as short
    for change in plan.audience_changes:
        fields = ", ".join(field.path for field in change.fields)
        summary = f'"{change.name}" differs from what was imported just now, in {fields}'
        yield Diagnostic("error", "not-as-live", summary, _MEANWHILE, change.file, change.line)


_SHORT = "list-may-be-short"
_GONE = "Check the id, and which organization the key is of"
_SAVE_AGAIN = "Change it in the dashboard and import again; the others are not affected"
_MEANWHILE = "Somebody may have changed it meanwhile: delete the file and import again, or report this"
