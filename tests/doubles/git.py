"""Real git for tests, untouched by whatever the machine's git is set to."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHO = "tests@example.com"
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": _WHO,
    "GIT_AUTHOR_EMAIL": _WHO,
    "GIT_COMMITTER_NAME": _WHO,
    "GIT_COMMITTER_EMAIL": _WHO,
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints."""
    environment = os.environ | ENVIRONMENT
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def start(folder: Path, files: Mapping[str, str | None] | None = None) -> Path:
    """Make a repository with the branch main, which has one commit of these files.

    Git makes a repository of the same files once; from then on a copy of all that it left is one.
    """
    for name, data in _made(frozenset((files or {}).items())).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@cache
def _made(files: frozenset[tuple[str, str | None]]) -> dict[Path, bytes]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        git(folder, "init", "--quiet", "--template=", "--initial-branch", "main")
        write(folder, dict(files))
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--allow-empty", "--message", "Begin")
        found = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder): path.read_bytes() for path in found}


def write(folder: Path, files: Mapping[str, str | None]) -> None:
    """Write files, and remove those that are None."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


def commit(folder: Path, message: str) -> str:
    """Commit everything there is, and return the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return head(folder)


def head(folder: Path, branch: str | None = None) -> str:
    """Return the commit that a branch is at, or else what is checked out, as git wrote it down."""
    text = (folder / ".git" / ("HEAD" if branch is None else f"refs/heads/{branch}")).read_text().strip()
    return text if not text.startswith("ref: ") else head(folder, text.removeprefix("ref: refs/heads/"))
