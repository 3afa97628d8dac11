"""Definitions as git had them where a branch began, read from git's own store and never from a checkout."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_REGULAR = (b"100644", b"100755")
_SECONDS = 60


def files(ref: str, paths: Sequence[str]) -> dict[str, bytes]:
    """Return every regular file below the paths, by name, as it was at the merge base of `ref` and HEAD.

    Raises FileError where git, the repository or the commit is not there.
    """
    commit = merge_base(ref, paths)
    return {name: data for path in paths for name, data in _below(Path(path), commit)}


def unchanged(before: Mapping[str, bytes]) -> frozenset[str]:
    """Return the names of those files that still are as they were."""
    return frozenset(name for name, data in before.items() if _is_same(name, data))


def merge_base(ref: str, paths: Sequence[str]) -> str:
    """Return the commit where the work on HEAD began."""
    trouble = f"git finds no common commit of {ref} and HEAD"
    found = _git(_folder(Path(paths[0])), "merge-base", "--end-of-options", ref, "HEAD", trouble=trouble)
    return found.decode().strip()


def _below(path: Path, commit: str) -> Iterator[tuple[str, bytes]]:
    folder = _folder(path)
    prefix = path if path.is_dir() else path.parent
    wanted = "." if path.is_dir() else path.name
    entries = _git(folder, "ls-tree", "-r", "-z", commit, "--", wanted).split(b"\0")
    for entry in filter(None, entries):
        meta, _, name = entry.partition(b"\t")
        mode, _, identity = meta.split(b" ")
        if mode in _REGULAR:
            yield str(prefix / os.fsdecode(name)), _git(folder, "cat-file", "blob", identity.decode())


def _folder(path: Path) -> Path:
    """Return the nearest folder that exists: a branch may have removed what git still has."""
    folder = path if path.is_dir() else path.parent
    return next(each for each in (folder, *folder.absolute().parents) if each.is_dir())


def _is_same(name: str, data: bytes) -> bool:
    try:
        return Path(name).read_bytes() == data
    except OSError:
        return False


def _git(folder: Path, *arguments: str, trouble: str = "git cannot read its history") -> bytes:
    # Neither the repository's hooks nor a pager, a prompt or a textconv may come into a read.
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.pager=cat", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=_SECONDS)  # noqa: S603 - no shell, and git is asked by name on purpose
    except FileNotFoundError as error:
        raise FileError("git is not installed", "Install git, or plan without --base") from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        raise FileError(trouble, _FETCH) from error
    return done.stdout


_FETCH = "Fetch the history (fetch-depth: 0 for actions/checkout) and name a commit or branch that is there"
