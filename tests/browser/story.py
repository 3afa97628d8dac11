"""A pull request worth seeing: a loosened filter, a swap of slots, a file that goes, a colleague's edits."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import run

from tests.doubles import git

ROOT = Path(__file__).parents[2]
_EDITS = {
    "audiences.d/marketing-directors.yaml": ("    companyIndustry: [software development]\n", ""),
    "audiences.d/sales-leaders.yaml": ("status: active", "status: paused"),
    "audiences.d/ecommerce-growth.yaml": ("status: paused", "status: active"),
}


def pull_request(folder: Path) -> Path:
    """Make the sample definitions a repository in which a branch asks for the story."""
    files = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in [*(ROOT / "audiences.d").rglob("*.yaml"), ROOT / "reconciler.toml"]
    }
    files["reconciler.toml"] = files["reconciler.toml"].replace('"30%"', '"60%"')
    git.start(folder, files)
    git.git(folder, "checkout", "--quiet", "-b", "story")
    for name, (before, after) in _EDITS.items():
        path = folder / name
        path.write_text(path.read_text("utf-8").replace(before, after, 1), "utf-8")
    (folder / "audiences.d" / "healthcare-security.yaml").unlink()
    git.commit(folder, "Tell the story")
    return folder


def plan(folder: Path, *arguments: str) -> str:
    """Return what `plan` prints of it, against the embedded API."""
    command = [sys.executable, "-m", "reconciler", "plan", "--sandbox", "--base", "main", *arguments]
    return run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
