"""Definition files: which there are below some paths, and the bytes of each."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES = (".yaml", ".yml")


def find(paths: Iterable[str]) -> list[Path | Diagnostic]:
    """Return each file below the paths, or what is wrong with a path: once, sorted by name."""
    found: dict[tuple[str, str], tuple[Path, Path | Diagnostic]] = {}
    for text in sorted(paths, key=lambda text: (len(text), text)):
        for path, entry in _below(Path(text)) if text else [(Path(), _NO_PATH)]:
            # A file that is named in several spellings is one; a link is itself, not what it leads to.
            found.setdefault((os.path.realpath(path.parent), path.name), (path, entry))
    return [entry for _, entry in sorted(found.values(), key=lambda pair: (shown(pair[0]), pair[0]))]


def read(path: Path, max_bytes: int) -> bytes | Diagnostic:
    """Return the first bytes of a regular file, or what is wrong with it; a link is not followed."""
    mode = _mode(path)
    if mode and not stat.S_ISREG(mode):
        return _not_a_file(path, mode)
    try:
        # Since its mode was read it may have become a link, or a FIFO, whose opening would block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            return file.read(max_bytes) if stat.S_ISREG(mode) else _not_a_file(path, mode)
    except OSError as error:
        return _unreadable(path, error)


def is_definition(name: str) -> bool:
    """Return whether an entry below a folder of definitions is one, by its path from that folder.

    Hidden files and folders are not, such as `.git` and an editor's lock; and `A.YAML` is, since a disk that
    does not tell capitals apart would make it so.
    """
    return name.lower().endswith(SUFFIXES) and not any(part.startswith(".") for part in Path(name).parts)


def shown(path: Path) -> str:
    """Return the file's name as text that is always valid Unicode."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _below(path: Path) -> Iterator[tuple[Path, Path | Diagnostic]]:
    if not stat.S_ISDIR(_mode(path)):
        yield path, path
        return
    problems: list[OSError] = []
    is_empty = True
    for root, folders, names in os.walk(path, onerror=problems.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links = {name for name in folders if stat.S_ISLNK(_mode(Path(root, name)))}
        for name in (*folders, *names):
            if name in links or is_definition(name):
                is_empty = False
                yield Path(root, name), Path(root, name)
    for problem in problems:
        folder = Path(problem.filename)
        yield folder, _unreadable(folder, problem)
    if is_empty and not problems:
        yield path, _about(path, "no-definitions", "no definition in this folder", _ADD)


def _mode(path: Path) -> int:
    """Return the mode of what the path names, a link's own for a link; 0 where it cannot be read."""
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _not_a_file(path: Path, mode: int) -> Diagnostic:
    if stat.S_ISLNK(mode):
        return _about(path, "not-a-file", "is a symbolic link, which is not followed", _LINK)
    kind = _KINDS.get(stat.S_IFMT(mode), "a device")
    return _about(path, "not-a-file", f"is {kind}, not a regular file", "Put the definition itself here")


def _unreadable(path: Path, error: OSError) -> Diagnostic:
    if isinstance(error, FileNotFoundError):
        return _about(path, "unreadable", "there is no such file or folder", _SPELLED)
    return _about(path, "unreadable", f"cannot be read: {error.strerror}", "Check that you may read it")


def _about(path: Path, code: str, summary: str, detail: str) -> Diagnostic:
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
