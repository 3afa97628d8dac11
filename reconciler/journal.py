"""A record of what was about to be written and how it ended, on disk before anything is sent.

It is never an input: recovery is a fresh plan.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reconciler.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Json


class Journal:
    """A JSON Lines file, mode 0600, appended to; each record is on disk before `write` returns."""

    def __init__(self, path: str) -> None:
        """Open the file, and make sure that it can hold a record; raises FileError."""
        self._path = path
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags, 0o600)
            os.fchmod(self._descriptor, 0o600)
            _sync_folder(path)
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def write(self, record: Mapping[str, Json]) -> None:
        """Append one record with the time; raises FileError unless all of it is on disk."""
        stamped = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **record}
        line = json.dumps(stamped).encode() + b"\n"
        try:
            written = os.write(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._failed(error) from error
        if written != len(line):
            raise FileError(f"the journal {self._path} took only a part of a record", _MEND)

    def _failed(self, error: OSError) -> FileError:
        return FileError(f"the journal {self._path} cannot be written: {error.strerror}", _MEND)


def _sync_folder(path: str) -> None:
    """Make the file's own name durable too, or a crash could lose the journal with all that is in it."""
    folder = os.open(Path(path).absolute().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


_MEND = "Make room, or name a file that can be written; without a durable journal nothing is sent"
