"""A record of what was about to be written and how it ended, on disk before anything is sent.

It is never an input: recovery is a fresh plan.
"""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from errno import ELOOP
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reconciler.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Json


class Journal:
    """A JSON Lines file, mode 0600, appended to; each record is on disk before `write` returns."""

    def __init__(self, path: str) -> None:
        """Open the file for records; raises FileError for anything but a regular file that can be written."""
        self._path = path
        # Without O_NONBLOCK, opening a FIFO would wait for a reader.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags, 0o600)
            size = _size(self._descriptor)
            os.fchmod(self._descriptor, 0o600)
            self._is_torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"
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
        # A record that a crash or a full disk cut off must not swallow this one.
        line = b"\n" * self._is_torn + json.dumps(stamped).encode() + b"\n"
        self._is_torn = True  # until all of it is on disk: the next record then starts a line of its own
        try:
            written = os.write(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._failed(error) from error
        if written != len(line):
            raise FileError(f"the journal {self._path} took only a part of a record", _FIX)
        self._is_torn = False

    def _failed(self, error: OSError) -> FileError:
        reason = "it is a symbolic link" if error.errno == ELOOP else error.strerror
        return FileError(f"the journal {self._path} cannot be written: {reason}", _FIX)


def _size(descriptor: int) -> int:
    """Return the size of what was opened; raises OSError for a device, FIFO or folder."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is not a regular file")
    return status.st_size


def _sync_folder(path: str) -> None:
    """Make the file's own name durable too, or a crash could lose the journal with all that is in it."""
    folder = os.open(Path(path).absolute().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


_FIX = "Make room, or name a file that can be written; without a durable journal nothing is sent"
