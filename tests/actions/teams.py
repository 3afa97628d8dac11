"""A team on a fake GitHub: its repository in real git, its pull requests, and the runs of its workflows."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.actions.machines import Seen
from tests.doubles.git import commit, git, head, start, write
from tests.doubles.github_peer import events
from tests.doubles.github_peer.runner import Runner, does_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.doubles.github_peer import Peer
    from tests.doubles.github_peer.events import Event
    from tests.doubles.github_peer.results import JobResult, StepResult

ROOT = Path(__file__).parents[2]
ACTIONS = ROOT / ".github" / "actions"
CRON = "17 6 * * 1-5"
_TOOL = [".github", "requirements", "reconciler", "schemas", "pyproject.toml", "README.md", "LICENSE"]
_KEY = "api-key: ${{ secrets.LEADPIPE_API_KEY }}"

Change = dict[str, str]


def quick_start() -> dict[str, str]:
    """Return the workflows that the quick start has a reader copy, by name."""
    page = (ROOT / "docs" / "quick-start.md").read_text("utf-8")
    named = r"^`\.github/workflows/audiences-(\w+)\.yml`\n\n```yaml\n(.*?)^```$"
    return dict(re.findall(named, page, re.MULTILINE | re.DOTALL))


def own() -> dict[str, str]:
    """Return this repository's own workflows, by name."""
    return {file.stem: file.read_text("utf-8") for file in (ROOT / ".github" / "workflows").glob("*.yml")}


def samples() -> dict[str, str]:
    """Return the sample definitions, by path."""
    return _files("audiences.d")


def tool() -> dict[str, str]:
    """Return the files of the repository that the tool itself lies in."""
    return _files(*_TOOL)


def _files(*names: str) -> dict[str, str]:
    paths = [path for name in names for path in [ROOT / name, *(ROOT / name).rglob("*")] if path.is_file()]
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in paths if path.suffix != ".pyc"}


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a run; `environments` has the variables of every bash and of every action in it."""

    result: JobResult
    workspace: Path
    temp: Path
    environments: list[dict[str, str]]
    artifacts: dict[str, dict[str, str]]

    def code(self, name: str) -> int | None:
        """Return the exit code of a step that runs a script, by its name or id."""
        return self._script(self.result.steps, name)

    @property
    def outputs(self) -> Mapping[str, str]:
        """What our action said, for the steps after it."""
        return next(step.outputs for step in self.result.steps if step.steps)

    def file(self, name: str) -> str:
        """Return what a step left on the machine."""
        return (self.temp / name).read_text("utf-8")

    def _script(self, steps: Iterable[StepResult], name: str) -> int | None:
        found = [one for step in steps for one in step.all() if name in {one.id, one.name}]
        return next(one.exit_code for one in reversed(found))

    def holding(self, secret: str) -> int:
        """Count the environments that hold a secret, whatever its name there."""
        return sum(any(secret in value for value in each.values()) for each in self.environments)


class Team:
    """A repository whose main branch has these files, and what people do in it."""

    def __init__(
        self,
        folder: Path,
        github: Peer,
        workflows: Mapping[str, str],
        *,
        files: Mapping[str, str],
        secrets: Mapping[str, str],
        url: str,
    ) -> None:
        self.github = github
        self.repository = github.repository()
        self._folder = folder
        self._workflows = workflows
        self._secrets = secrets
        self._url = url
        self._git = start(folder / "git", files)
        self._machines = 0
        self._branches: dict[int, str] = {}

    @property
    def head(self) -> str:
        """The commit that main is at."""
        return head(self._git, "main")

    def push(self, change: Change) -> Event:
        """Commit to main without a pull request."""
        sha = self._commit("main", change)
        self.repository.push(sha)
        return events.push(self.github.documents, self.repository, sha, changed=tuple(change))

    def open(self, change: Change, fork: str | None = None) -> tuple[int, Event]:
        """Open a pull request, and return its number and the event."""
        branch = f"change-{len(self._branches)}"
        git(self._git, "branch", branch, "main")
        sha = self._commit(branch, change)
        author = "marta" if fork is None else fork.partition("/")[0]
        number = self.repository.seed_pull(
            author=author,
            head_ref=branch,
            head_sha=sha,
            base_sha=self.head,
            test_merge_sha=self._merged(branch),
            fork=fork,
        )
        self._branches[number] = branch
        self._keep_merge(number)
        return number, self._told(number, "opened", change)

    def update(self, number: int, change: Change) -> Event:
        """Push to a pull request's branch."""
        sha = self._commit(self._branches[number], change)
        before = self.repository.synchronize(number, sha, self._merged(self._branches[number]))
        self._keep_merge(number)
        return self._told(number, "synchronize", change, before=before)

    def _keep_merge(self, number: int) -> None:
        """Keep what merging a pull request would give where GitHub does."""
        git(self._git, "update-ref", f"refs/pull/{number}/merge", self._merged(self._branches[number]))

    def merge(self, number: int) -> Event:
        sha = self._merged(self._branches[number])
        git(self._git, "branch", "--force", "main", sha)
        changed = git(self._git, "diff", "--name-only", f"{sha}^", sha).splitlines()
        self.repository.merge(number, sha)
        return events.merge(self.github.documents, self.repository, number, changed=tuple(changed))

    def schedule(self) -> Event:
        return events.schedule(self.github.documents, self.repository, self.head, CRON)

    def dispatch(self, **inputs: str) -> Event:
        return events.dispatch(self.github.documents, self.repository, self.head, inputs)

    def queue(self, number: int) -> Event:
        """Put a pull request into the merge queue, and return what its group is asked for."""
        sha = self._merged(self._branches[number])
        return events.merge_group(self.github.documents, self.repository, sha, self.head, number)

    def comments(self, number: int) -> list[str]:
        return [comment.body for comment in self.repository.comments(number)]

    def run(
        self,
        name: str,
        event: Event,
        *,
        job: str = "",
        meanwhile: Callable[[Runner], None] | None = None,
        machine: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a job of a workflow on a fresh machine, with the team's secrets in its environments.

        It is the job with the workflow's name where none is given.
        """
        self._machines += 1
        folder = self._folder / f"machine-{self._machines}"
        seen = Seen(folder / "seen", self._git)
        runner = Runner(
            folder,
            event,
            urls=self.github.urls,
            grant=partial(self.github.actions_token, self.repository),
            environment_secrets={"plan": self._secrets, "production": self._secrets},
            actions={
                "actions/checkout": seen.checkout,
                "actions/setup-python": does_nothing,
                "actions/upload-artifact": seen.upload,
                **{f"{owner}/.github/actions/{one}": ACTIONS / one for owner in _OWNERS for one in own()},
            },
            machine={"BASH_ENV": str(seen.script)} | dict(machine or {}),
        )
        if meanwhile is not None:
            threading.Thread(target=meanwhile, args=(runner,), daemon=True).start()
        result = runner.run_job(self._workflow(name, folder), job or name)
        return Ran(result, runner.workspace, runner.temp, seen.environments(), seen.artifacts)

    def _workflow(self, name: str, folder: Path) -> Path:
        """Write a workflow as the stand-ins for the runner and for the vendor need it."""
        given = rf"\1{_KEY}\n\1base-url: {self._url}"
        text = re.sub(rf"^( *){re.escape(_KEY)}", given, self._workflows[name], flags=re.MULTILINE)
        # The runner's stand-in does not know `$/`, the run's own commit: it is told where an action lies.
        text = re.sub(r"uses: \$/(\S+)", r"uses: self/\1@running", text)
        path = folder / f"{name}.yml"
        path.write_text(text, "utf-8")
        return path

    def _commit(self, branch: str, change: Change) -> str:
        git(self._git, "switch", "--quiet", branch)
        write(self._git, change)
        sha = commit(self._git, "Change files")
        git(self._git, "switch", "--quiet", "--detach")
        return sha

    def _merged(self, branch: str) -> str:
        git(self._git, "switch", "--quiet", "--detach", "main")
        git(self._git, "merge", "--quiet", "--no-ff", "--message", "Merge", branch)
        return head(self._git)

    def _told(self, number: int, action: str, change: Change, before: str | None = None) -> Event:
        return events.pull_request(
            self.github.documents, self.repository, number, action, before=before, changed=tuple(change)
        )


_OWNERS = ("OWNER/reconciler", "self")
