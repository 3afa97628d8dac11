"""A new definition file, written whole or not at all, and never over another one."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from reconciler.definitions.files import shown
from reconciler.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def create(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, in one step; raises FileError and leaves nothing.

    Until all of it is on the disk it has a hidden name, which is no definition's. A link then gives it its
    own, which the system refuses where anything has that name already, whoever made it and when.
    """
    hidden = path.with_name(f".reconciler-{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(hidden, _FLAGS, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(descriptor)
            os.link(hidden, path)
        finally:
            hidden.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{shown(path)} cannot be written: {error.strerror}", _HINT) from error


_HINT = "Nothing of it was kept. Make room, or name another folder with --into"
