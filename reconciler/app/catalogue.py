"""A project's catalogue: fetched, kept beside its settings, read back, and made a schema for editors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import schema, strict_json
from reconciler.app import project
from reconciler.definitions import files
from reconciler.errors import Diagnostic, FileError
from reconciler.model import FALLBACK, Catalogue, Filter
from reconciler.schema import derived

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.api.audiences import LiveState
    from reconciler.api.connection import Connection
    from reconciler.definitions.mentions import Mentions

MAX_BYTES = 4 * 1024 * 1024
MAX_VALUES = 500_000
MAX_FILTERS = 2_000  # each is a rule that every definition is held against
_FORMAT = "1.0"
_MARKS = (project.CATALOGUE, project.SETTINGS)  # of the folder that definitions belong to
_MAKE = "Make it again with `reconciler catalogue update`"


def find(paths: Sequence[str]) -> tuple[Path, Path]:
    """Return where the catalogue and its schema for editors belong."""
    base = project.root(Path(paths[0]))
    return base / project.CATALOGUE, base / project.CATALOGUE_SCHEMA


def read(paths: Sequence[str]) -> Catalogue | None:
    """Return the project's catalogue, None where there is none.

    Raises FileError for one that cannot be used: what it would check must not go unchecked in silence.
    """
    path, _ = find(paths)
    if not path.is_symlink() and not path.exists():
        return None
    data = files.read(path, MAX_BYTES + 1)
    if isinstance(data, Diagnostic):
        raise FileError(f"{data.file}: {data.summary}", _MAKE)
    return _parsed(data, files.shown(path))


def read_lenient(paths: Sequence[str]) -> Catalogue | None:
    """Return the project's catalogue as one by which nothing but a topic's name can be an error.

    For what only needs to know what a definition says. Raises FileError as `read` does.
    """
    found = read(paths)
    return None if found is None else replace(found, is_fallback=True)


def _parsed(data: bytes, file: str) -> Catalogue:
    """Return the catalogue in a file's bytes; raises FileError."""
    try:
        document: Any = strict_json.loads(data, MAX_VALUES) if len(data) <= MAX_BYTES else None
    except strict_json.NotStrictError as error:
        raise FileError(f"{file} is not JSON ({error.summary})", _MAKE) from error
    is_sure = schema.surely_valid("catalogue-file")(document)
    found = () if is_sure else schema.check(document, "catalogue-file", max_problems=1)
    if found or not document["format_version"].startswith("1."):
        reason = (
            f"{found[0].path or 'the file'}: {found[0].summary}"
            if found
            else "its format is of another version"
        )
        raise FileError(f"{file} is not a catalogue: {reason}", _MAKE)
    if len(document["filters"]) > MAX_FILTERS:
        raise FileError(f"{file} has over {MAX_FILTERS:,} filters", _MAKE)
    return _from_document(document)


def _from_document(document: Mapping[str, Any]) -> Catalogue:
    return Catalogue(
        document["generation"],
        {key: _filter(value) for key, value in document["filters"].items()},
        {topic["id"]: topic.get("name") for topic in document["topics"]},
        is_fallback=document["status"] == FALLBACK,
        version=document.get("version", ""),
        built=document.get("built", ""),
    )


def _filter(value: Mapping[str, Any]) -> Filter:
    return Filter(value.get("type", ""), tuple(value.get("operators", ())), tuple(value.get("values", ())))


def read_commit(commit: str, paths: Sequence[str]) -> Catalogue | None:
    """Return the catalogue that git had at a commit, None where it had none or none that could be used.

    Raises FileError where git cannot tell.
    """
    from reconciler import git_history

    folders = project.folders(Path(paths[0]))
    names = [str(folder / name) for folder in folders for name in _MARKS]
    found = git_history.files(commit, names, lambda _: False)
    nearest = next(
        (folder for folder in folders if {str(folder / name) for name in _MARKS} & found.keys()), None
    )
    data = None if nearest is None else found.get(str(nearest / project.CATALOGUE))
    try:
        return None if data is None else _parsed(data, project.CATALOGUE)
    except FileError:
        return None


def named(live: LiveState, catalogue: Catalogue | None) -> LiveState:
    """Return live audiences with the catalogue's names of topics, where the API gave none."""
    if catalogue is None:
        return live
    from reconciler.api.documents import TOPICS

    known = {str(topic): name for topic, name in catalogue.topics.items() if name is not None}
    found = {id(one.names): one.names for one in live.audiences.values()}  # audiences share their names
    merged = {key: {**names, TOPICS: {**known, **names.get(TOPICS, {})}} for key, names in found.items()}
    audiences = {key: replace(one, names=merged[id(one.names)]) for key, one in live.audiences.items()}
    return replace(live, audiences=audiences)


async def fetch(connection: Connection, used: Mentions) -> tuple[Catalogue, tuple[Diagnostic, ...]]:
    """Return the organization's catalogue with the topics that definitions mention; raises ApiError.

    With it come warnings of names that are not those of one topic. Topics that share a name are all in it, so
    that a name which means two is known to.
    """
    from reconciler.api import catalogue as wire
    from reconciler.api import topics
    from reconciler.api.client import ReadClient

    async with ReadClient(connection) as client:
        everything = await topics.fetch(client) if used.ids or used.names else ()
        names = {topic.id: topic.name for topic in everything}
        wanted = used.names | {names[topic] for topic in used.ids if topic in names}
        found = used.ids | {topic.id for topic in everything if topic.name in wanted}
        catalogue = await wire.fetch(client, {topic: names.get(topic) for topic in sorted(found)})
    whole = Catalogue(catalogue.generation, topics=names).named
    return catalogue, tuple(used.problems(whole))


def text(catalogue: Catalogue) -> str:
    """Return the file that keeps a catalogue: sorted, and the same text for the same catalogue."""
    said = {"version": catalogue.version, "built": catalogue.built}
    filters = {key: _compact(one) for key, one in sorted(catalogue.filters.items())}
    named = [
        {"id": key} | ({"name": name} if name is not None else {}) for key, name in catalogue.topics.items()
    ]
    document: dict[str, Any] = {
        "format_version": _FORMAT,
        "generation": catalogue.generation,
        "status": FALLBACK if catalogue.is_fallback else "catalog",
        **{key: value for key, value in said.items() if value},
        "filters": filters,
        "topics": named,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _compact(one: Filter) -> dict[str, Any]:
    parts: dict[str, Any] = {"type": one.type, "operators": list(one.operators), "values": list(one.values)}
    return {key: value for key, value in parts.items() if value}


def editor_schema(catalogue: Catalogue, made: Callable[[schema.Schema], schema.Schema] = dict) -> str:
    """Return the audience schema with the catalogue's values, operators and topics, for editors to complete.

    It is what is `made` of that. Where the vendor fell back on a list that may be old, other values are not
    underlined.
    """
    import copy

    whole = copy.deepcopy(schema.audience(catalogue))
    whole["$id"] = "urn:audience-reconciler:schema:audience:1:catalogue"
    config = whole["properties"]["config"]["properties"]
    for key, known in catalogue.filters.items():
        fields = config["filters"]["properties"].get(key, {})
        parts = fields.get("properties", {})
        _offer(parts.get("operator"), known.operators, catalogue)
        _offer(
            parts.get("values", fields).get("items") or (fields if fields.get("type") == "string" else None),
            known.values,
            catalogue,
        )
    ids = [{"const": key, "description": name} for key, name in catalogue.topics.items() if name is not None]
    names = [
        {"const": name, "description": f"Topic {topics[0]}"}
        for name, topics in sorted(catalogue.named.items())
        if len(topics) == 1
    ]
    for key, listed in (("topicIds", ids), ("topics", names)):
        plain = config[key]["items"]
        config[key]["items"] = {**plain, "anyOf": [*listed, {"type": plain["type"]}]}
    return json.dumps(made(whole), indent=1, ensure_ascii=False) + "\n"


def _offer(field: dict[str, Any] | None, values: Sequence[str], catalogue: Catalogue) -> None:
    if field is not None and values:
        enum = {"enum": list(values)}
        field.update({"anyOf": [enum, {"type": "string"}]} if catalogue.is_fallback else enum)


def outdated(catalogue: Catalogue, paths: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the project's files that differ from what this catalogue makes of them."""
    return tuple(files.shown(path) for path, wanted in _files(catalogue, paths) if not _holds(path, wanted))


def _holds(path: Path, wanted: str) -> bool:
    data = files.read(path, 2 * MAX_BYTES)
    return not isinstance(data, Diagnostic) and data == wanted.encode()


def _files(catalogue: Catalogue, paths: Sequence[str]) -> list[tuple[Path, str]]:
    from reconciler.definitions import pieces

    path, schema_path = find(paths)
    if not pieces.used_below(paths):
        return [(path, text(catalogue)), (schema_path, editor_schema(catalogue))]
    return [
        (path, text(catalogue)),
        (schema_path, editor_schema(catalogue, derived.either)),
        (path.with_name(project.PIECE_SCHEMA), editor_schema(catalogue, derived.piece)),
    ]


def write(catalogue: Catalogue, paths: Sequence[str]) -> tuple[str, ...]:
    """Replace what is outdated of the project's files, each in one step, and return their names.

    Raises FileError.
    """
    from reconciler.app import saved_files

    written = outdated(catalogue, paths)
    for path, wanted in _files(catalogue, paths):
        if files.shown(path) in written:
            saved_files.save(wanted, str(path))
    return written
