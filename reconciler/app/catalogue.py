"""A project's catalogue: fetched, kept beside its settings, read back, and made a schema for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import schema, strict_json
from reconciler.api import catalogue as wire
from reconciler.app import project
from reconciler.definitions import files
from reconciler.errors import Diagnostic, FileError
from reconciler.model import Catalogue, Filter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.api.connection import Connection
    from reconciler.model import Definition

MAX_BYTES = 4 * 1024 * 1024
MAX_VALUES = 500_000
_FORMAT = "1.0"
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
    try:
        document: Any = strict_json.loads(data, MAX_VALUES) if len(data) <= MAX_BYTES else None
    except strict_json.NotStrictError as error:
        raise FileError(f"{files.shown(path)} is not JSON ({error.summary})", _MAKE) from error
    found = schema.check(document, "catalogue-file", max_problems=1)
    if found or not document["format_version"].startswith("1."):
        reason = (
            f"{found[0].path or 'the file'}: {found[0].summary}"
            if found
            else "its format is of another version"
        )
        raise FileError(f"{files.shown(path)} is not a catalogue: {reason}", _MAKE)
    return _from_document(document)


def _from_document(document: Mapping[str, Any]) -> Catalogue:
    return Catalogue(
        document["generation"],
        {key: _filter(value) for key, value in document["filters"].items()},
        {topic["id"]: topic.get("name") for topic in document["topics"]},
        is_fallback=document["status"] == wire.FALLBACK,
        version=document.get("version", ""),
        built=document.get("built", ""),
    )


def _filter(value: Mapping[str, Any]) -> Filter:
    return Filter(value.get("type", ""), tuple(value.get("operators", ())), tuple(value.get("values", ())))


async def fetch(connection: Connection, definitions: Sequence[Definition]) -> Catalogue:
    """Return the organization's catalogue, with the topics of these definitions; raises ApiError."""
    from reconciler.api import topics
    from reconciler.api.client import ReadClient

    used = sorted({topic for one in definitions for topic in _topic_ids(one)})
    async with ReadClient(connection) as client:
        names = {topic.id: topic.name for topic in await topics.fetch(client)} if used else {}
        return await wire.fetch(client, {topic: names.get(topic) for topic in used})


def _topic_ids(definition: Definition) -> frozenset[int]:
    config: Any = definition.fields.get("config") or {}
    found: frozenset[int] = config.get("topicIds") or frozenset()
    return found


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
        "status": wire.FALLBACK if catalogue.is_fallback else "catalog",
        **{key: value for key, value in said.items() if value},
        "filters": filters,
        "topics": named,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _compact(one: Filter) -> dict[str, Any]:
    parts: dict[str, Any] = {"type": one.type, "operators": list(one.operators), "values": list(one.values)}
    return {key: value for key, value in parts.items() if value}


def editor_schema(catalogue: Catalogue) -> str:
    """Return the audience schema with the catalogue's values, operators and topics, for editors to complete.

    Where the vendor fell back on a list that may be old, other values are not underlined.
    """
    import copy

    whole = copy.deepcopy(schema.load("audience"))
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
    plain = config["topicIds"]["items"]
    named = [
        {"const": key, "description": name} for key, name in catalogue.topics.items() if name is not None
    ]
    config["topicIds"]["items"] = {**plain, "anyOf": [*named, {"type": "integer"}]}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


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


def _files(catalogue: Catalogue, paths: Sequence[str]) -> tuple[tuple[Path, str], tuple[Path, str]]:
    path, schema_path = find(paths)
    return (path, text(catalogue)), (schema_path, editor_schema(catalogue))


def write(catalogue: Catalogue, paths: Sequence[str]) -> tuple[str, ...]:
    """Replace what is outdated of the project's two files, each in one step, and return their names.

    Raises FileError.
    """
    from reconciler.app import saved_files

    written = outdated(catalogue, paths)
    for path, wanted in _files(catalogue, paths):
        if files.shown(path) in written:
            saved_files.save(wanted, str(path))
    return written
