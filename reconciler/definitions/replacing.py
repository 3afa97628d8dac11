"""A definition's file replaced in one step by one who has read it, and by nobody who has not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from reconciler.definitions import files
from reconciler.definitions.yaml.source import MAX_BYTES
from reconciler.errors import Diagnostic, FileError


def replace(file: str, before: bytes, after: bytes) -> None:
    """Put new bytes in the place of those that were read; whatever ends the process, the file is whole.

    Raises FileError where the file has changed since, is a link or no regular file, or cannot be written;
    then it stays as it is.
    """
    require_unchanged(file, before)
    try:
        descriptor, name = tempfile.mkstemp(prefix=".reconciler-", dir=Path(file).parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, os.lstat(file).st_mode & 0o7777)
                stream.write(after)
                stream.flush()
                os.fsync(descriptor)
            require_unchanged(file, before)  # writing took its time
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(
            f"{file} cannot be written: {error.strerror}", "Check that you may write it"
        ) from error


def require_unchanged(file: str, before: bytes) -> None:
    """Raise FileError where a file is not what was read of it."""
    data = files.read(Path(file), MAX_BYTES + 1)
    if isinstance(data, Diagnostic):
        raise FileError(f"{file} {data.summary}", data.detail)
    if data != before:
        raise FileError(f"{file} changed while it was read", "It is left as it is: run the command again")
