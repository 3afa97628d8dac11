"""Definition files: which there are below some paths, and the bytes of each."""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES = (".yaml", ".yml")
_CHUNK = 64 * 1024


def find(paths: Iterable[str]) -> list[str | Diagnostic]:
    """Return each file below the paths, or what is wrong with a path: once, sorted by name."""
    found: dict[str, dict[str, str | Diagnostic]] = {}  # by real folder, and by name
    real = cache(os.path.realpath)
    for text in sorted(paths, key=lambda text: (len(text), text)):
        for path, entry in _below(str(Path(text))) if text else [("", _NO_PATH)]:
            # A file that is named in several spellings is one; a link is itself, not what it leads to.
            folder, name = os.path.split(path)
            found.setdefault(real(folder), {}).setdefault(name, entry)
    return sorted((entry for entries in found.values() for entry in entries.values()), key=_order)


def _order(entry: str | Diagnostic) -> tuple[str, str]:
    return (shown(entry), entry) if isinstance(entry, str) else (entry.file or "", "")


def read(path: str | Path, max_bytes: int) -> bytes | Diagnostic:
    """Return the first bytes of a regular file, or what is wrong with it; a link is not followed."""
    mode = _mode(path)
    if mode and not stat.S_ISREG(mode):
        return _not_a_file(path, mode)
    try:
        # Since its mode was read it may have become a link, or a FIFO, whose opening would block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return _not_a_file(path, status.st_mode)
            return _content(descriptor, status.st_size, max_bytes)
        finally:
            os.close(descriptor)
    except OSError as error:
        return _unreadable(path, error)


def _content(descriptor: int, size: int, max_bytes: int) -> bytes:
    """Return what a file holds to its end, whatever its size was said to be, and at most so many bytes."""
    data = os.read(descriptor, min(size + 1, max_bytes))
    while len(data) < max_bytes and (more := os.read(descriptor, min(_CHUNK, max_bytes - len(data)))):
        data += more
    return data


def is_definition(name: str) -> bool:
    """Return whether an entry below a folder of definitions is one, by its path from that folder.

    Hidden files and folders are not, such as `.git` and an editor's lock; and `A.YAML` is, since a disk that
    does not tell capitals apart would make it so.
    """
    return name.lower().endswith(SUFFIXES) and "/." not in f"/{name}"


def shown(path: str | Path) -> str:
    """Return the file's name as text that is always valid Unicode."""
    name = os.fspath(path)
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def _below(path: str) -> Iterator[tuple[str, str | Diagnostic]]:
    if not stat.S_ISDIR(_mode(path)):
        yield path, path
        return
    problems: list[OSError] = []
    is_empty = True
    for root, folders, names in os.walk(path, onerror=problems.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = {name for name in folders if os.path.islink(os.path.join(root, name))}  # noqa: PTH118, PTH114
        for name in (*folders, *names):
            if name in links or is_definition(name):
                is_empty = False
                found = os.path.join(root, name).removeprefix("./")  # noqa: PTH118 - one for each file
                yield found, found
    for problem in problems:
        folder = str(Path(problem.filename))
        yield folder, _unreadable(folder, problem)
    if is_empty and not problems:
        yield path, _about(path, "no-definitions", "no definition in this folder", _ADD)


def _mode(path: str | Path) -> int:
    """Return the mode of what the path names, a link's own for a link; 0 where it cannot be read."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def _not_a_file(path: str | Path, mode: int) -> Diagnostic:
    if stat.S_ISLNK(mode):
        return _about(path, "not-a-file", "is a symbolic link, which is not followed", _LINK)
    kind = _KINDS.get(stat.S_IFMT(mode), "a device")
    return _about(path, "not-a-file", f"is {kind}, not a regular file", "Put the definition itself here")


def _unreadable(path: str | Path, error: OSError) -> Diagnostic:
    if isinstance(error, FileNotFoundError):
        return _about(path, "unreadable", "there is no such file or folder", _SPELLED)
    return _about(path, "unreadable", f"cannot be read: {error.strerror}", "Check that you may read it")


def _about(path: str | Path, code: str, summary: str, detail: str) -> Diagnostic:
    return Diagnostic("error", code, summary, detail, file=shown(path))


_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}
_ADD = "Add a file that ends in .yaml"
_LINK = "Put here what it leads to, or name that"
_NO_PATH = Diagnostic("error", "no-path", "a path is empty", "Name a file or a folder")
_SPELLED = "Check how it is spelled, and the folder that you are in"
