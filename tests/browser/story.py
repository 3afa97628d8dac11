"""A pull request worth seeing: it asks for what the samples tell, and a colleague edited something else."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from subprocess import run

from tests.doubles import git

ROOT = Path(__file__).parents[2]
# What a team had on main before: as live, so that the samples as they are become what its branch asks for.
_BEFORE = {
    "marketing-directors": (
        "    hasBusiness",
        "    companySize: [101 to 250, 251 to 500, 501 to 1000]\n    hasBusiness",
    ),
    "webinar-follow-up": ("status: paused", "status: active"),
    "crm-switchers": ("CRM\nstatus: active", "CRM (old, ask Ana)\nstatus: paused"),
}
_REPOSITORY = "acme/audiences"


def pull_request(folder: Path) -> Path:
    """Make a repository in which a branch asks for the story; its commits are the same every time."""
    after = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in [*(ROOT / "audiences.d").rglob("*.yaml"), ROOT / "reconciler.toml"]
    }
    before = dict(after)
    for name, (new, old) in _BEFORE.items():
        before[f"audiences.d/{name}.yaml"] = after[f"audiences.d/{name}.yaml"].replace(new, old, 1)
    git.start(folder)
    _commit(folder, before, "Ana Ruiz", "2026-04-21")
    git.git(folder, "checkout", "--quiet", "-b", "story")
    _commit(folder, after, "Mia Chen", "2026-05-04")
    return folder


def plan(folder: Path, *arguments: str) -> str:
    """Return what `plan` prints of it, against the embedded API."""
    return _reconciler(folder, "plan", "--sandbox", "--base", "main", *arguments)


def comment(folder: Path) -> str:
    """Return the Markdown of its comment, as the job on GitHub makes it; without a number none is posted."""
    head, base = (git.head(folder, branch) for branch in ("story", "main"))
    proposed = {"sha": head, "repo": {"full_name": _REPOSITORY}}
    event, summary = folder / "event.json", folder / "summary.md"
    pull = {"head": proposed, "base": {"sha": base}, "user": {"login": "mia-chen"}}
    event.write_text(json.dumps({"pull_request": pull}), "utf-8")
    job = {"EVENT_NAME": "pull_request", "EVENT_PATH": str(event), "STEP_SUMMARY": str(summary)}
    job |= {"REPOSITORY": _REPOSITORY, "RUN_ID": "81", "RUN_ATTEMPT": "1"}
    variables = {f"GITHUB_{name}": value for name, value in job.items()} | {"RUNNER_TEMP": str(folder)}
    _reconciler(folder, "github", "plan", "--sandbox", "--page", "plan-1.html", **variables)
    return summary.read_text("utf-8")


def _reconciler(folder: Path, *arguments: str, **variables: str) -> str:
    command = [sys.executable, "-m", "reconciler", *arguments]
    env = os.environ | variables
    return run(command, cwd=folder, env=env, check=True, capture_output=True, text=True).stdout


def _commit(folder: Path, files: dict[str, str], author: str, day: str) -> None:
    git.write(folder, dict(files))
    git.git(folder, "add", "--all")
    who = {
        "GIT_COMMITTER_DATE": f"{day}T09:00:00Z",
        "GIT_AUTHOR_DATE": f"{day}T09:00:00Z",
        "GIT_AUTHOR_NAME": author,
    }
    command = ["git", "commit", "--quiet", "--message", "Tell the story"]
    run(command, cwd=folder, env=os.environ | git.ENVIRONMENT | who, check=True)
