"""Real git for tests, untouched by whatever the machine's git is set to."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

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


def start(folder: Path) -> Path:
    """Make a repository with the branch main, which has one empty commit."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    return folder


def commit(folder: Path, message: str) -> str:
    """Commit everything there is, and return the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")
