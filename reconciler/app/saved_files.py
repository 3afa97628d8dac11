"""Saved plans and results: written whole or not at all, read as data and never obeyed."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import schema, strict_json
from reconciler.errors import FileError
from reconciler.plan import ApplyResult, Plan, from_document, result_from_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.schema import SchemaName

MAX_BYTES = 10 * 1024 * 1024
MAX_VALUES = 1_000_000  # and their separators
MAX_OBJECTS = 50_000  # each costs the check against the schema tens of microseconds


def save(text: str, file: str) -> None:
    """Replace a file in one step; raises FileError and leaves what was there."""
    with _beside(file) as (temporary, descriptor):
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        temporary.replace(os.path.realpath(file))


def require_writable(file: str) -> None:
    """Raise FileError where `save` would, as far as that can be known beforehand."""
    with _beside(file) as (_, descriptor):
        os.close(descriptor)


@contextmanager
def _beside(file: str) -> Iterator[tuple[Path, int]]:
    """Give an open file in the same folder, which is removed at the end unless it has been moved."""
    try:
        if Path(file).exists() and not Path(file).is_file():
            raise _irregular()
        folder = Path(os.path.realpath(file)).parent
        descriptor, name = tempfile.mkstemp(prefix=".reconciler-", dir=folder)
        try:
            yield Path(name), descriptor
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        hint = "Name a file that can be written"
        raise FileError(f"{file} cannot be written: {error.strerror}", hint) from error


def read(file: str) -> Plan | ApplyResult:
    """Read a saved plan or result; raises FileError for anything else."""
    document = read_document(file)
    version = document.get("format_version")
    if not (isinstance(version, str) and version.startswith("1.")):
        raise FileError(
            f"{file} has a format_version that this version does not know", "Use the version that saved it"
        )
    name: SchemaName = "plan" if "changes" in document else "apply-result"
    problems = schema.check(document, name, max_problems=1)
    if problems:
        first = problems[0]
        raise FileError(
            f"{file} is not a saved plan or result: {first.path or 'the file'}: {first.summary}", _SAVE
        )
    try:
        return from_document(document) if name == "plan" else result_from_document(document)
    except FileError as error:
        raise FileError(f"{file}: {error.summary}", error.detail) from error


def read_plan(file: str) -> Plan:
    """Read a saved plan; raises FileError for anything else."""
    document = read(file)
    if isinstance(document, ApplyResult):
        raise FileError(
            f"{file} is the result of an apply, not a plan", "Save one with `reconciler plan --out FILE`"
        )
    return document


def read_document(file: str) -> dict[str, Any]:
    """Read a JSON object strictly, within bounds; raises FileError."""
    data = _bytes(file)
    if len(data) > MAX_BYTES:
        raise FileError(f"{file} is over {MAX_BYTES // 1024**2} MiB", _SAVE)
    if data.count(b"{") > MAX_OBJECTS:
        raise FileError(f"{file} holds over {MAX_OBJECTS:,} objects", _SAVE)
    try:
        document = strict_json.loads(data, MAX_VALUES)
    except strict_json.NotStrictError as error:
        raise FileError(f"{file} is not JSON ({error.summary})", _SAVE) from error
    if not isinstance(document, dict):
        raise FileError(f"{file} is not a saved plan or result", _SAVE)
    return document


def _bytes(file: str) -> bytes:
    """Return a file's bytes, up to one more than may be; never waits for a named pipe."""
    try:
        with open(file, "rb", opener=_regular) as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"{file} cannot be read: {error.strerror}", _SAVE) from error


def _regular(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _irregular()
    return descriptor


def _irregular() -> OSError:
    return OSError(0, "not a regular file")


_SAVE = "Save one with `reconciler plan --out FILE` or `reconciler apply --out FILE`"
