"""A repository on a fake GitHub: its pull requests, and the commands of its workflows, run as steps are."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from tests.cli.command import RECONCILER, SECONDS, start
from tests.cli.organization import KEY
from tests.doubles import git as repositories
from tests.doubles.git import commit, git, head
from tests.doubles.github_peer import Comment, Peer, command_files, events
from tests.doubles.peer import Peer as Vendor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.cli.command import Running
    from tests.doubles.github_peer.events import Event

PERMISSIONS = {"contents": "read", "pull-requests": "write", "issues": "write"}
BOT = "github-actions[bot]"
Merge = Literal["merge", "squash", "rebase"]
Files = dict[str, dict[str, Any] | str | None]


@dataclass(frozen=True)
class Ran:
    """What a step did: its exit code, its log, its summary, its outputs, and the files that it left."""

    code: int
    out: str
    err: str
    summary: str
    outputs: Mapping[str, str]
    folder: Path

    def file(self, name: str) -> str:
        return (self.folder / "runner_temp" / f"reconciler-{name}").read_text("utf-8")

    def texts(self) -> Iterator[str]:
        """Yield everything that anybody could read of it."""
        yield from (self.out, self.err, self.summary, *self.outputs.values())
        for path in (self.folder / "runner_temp").rglob("*"):
            yield path.read_text("utf-8", "replace")


@contextmanager
def founded(folder: Path, audiences: list[dict[str, Any]], documents: Files) -> Iterator[Team]:
    """Give a team with these live audiences and these definitions on main."""
    github, vendor = Peer(), Vendor(audiences, key=KEY)
    with vendor.running() as url, github.running():
        settings = {"LEADPIPE_API_KEY": KEY, "LEADPIPE_BASE_URL": url}
        yield Team(folder, github, vendor, settings, documents)


def unlinked(text: str) -> str:
    """Return what a comment says of audiences: names without addresses, and without who committed what."""
    text = re.sub(r"<br><sub>last commit [^<]*</sub>|<br>last commit [^<]*(?=</sub>)", "", text)
    return re.sub(r"\[([^\]\n]*)\]\(https://[^)\n]*/blob/[^)\n]*\)", r"\1", text)


def texts(documents: Files) -> dict[str, str | None]:
    """Return the files of definitions, each in the folder of definitions unless it names another."""
    return {
        name if "/" in name else f"audiences.d/{name}": document
        if document is None or isinstance(document, str)
        else json.dumps(document, indent=1, ensure_ascii=False) + "\n"  # JSON is YAML too
        for name, document in documents.items()
    }


class Team:
    """A repository with definitions on its main branch, a checkout of it, and what people do in it."""

    def __init__(
        self, folder: Path, github: Peer, vendor: Vendor, settings: Mapping[str, str], documents: Files
    ) -> None:
        self.github = github
        self.vendor = vendor
        self.repository = github.repository()
        self.token = github.actions_token(self.repository, PERMISSIONS)
        self.settings = dict(settings)
        self.checkout = repositories.start(folder / "checkout", texts(documents))
        self._folder = folder
        self._runs = 0
        self._branches: dict[int, str] = {}

    @property
    def patched(self) -> dict[str, Any]:
        """The bodies of the PATCH calls that the vendor got, by audience."""
        return {entry.id or "": entry.document for entry in self.vendor.patches()}

    def define(self, documents: Files, branch: str = "main") -> str:
        """Commit definitions, or remove the ones that are None, and return the commit."""
        git(self.checkout, "switch", "--quiet", branch)
        repositories.write(self.checkout, texts(documents))
        return commit(self.checkout, "Define")

    def open(self, documents: Files, **how: Any) -> int:
        """Open a pull request that asks for this, and return its number."""
        branch = f"change-{len(self._branches)}"
        base = head(self.checkout, "main")
        git(self.checkout, "branch", branch, "main")
        sha = self.define(documents, branch)
        number = self.repository.seed_pull(
            head_ref=branch, head_sha=sha, base_sha=base, test_merge_sha=self._merged(branch), **how
        )
        self._branches[number] = branch
        return number

    def update(self, number: int, documents: Files) -> str:
        """Push to a pull request, and return the commit that was its head before."""
        branch = self._branches[number]
        sha = self.define(documents, branch)
        return self.repository.synchronize(number, sha, self._merged(branch))

    def force_push(self, number: int, documents: Files) -> str:
        """Replace all commits of a pull request by one on main, and return its head before."""
        git(self.checkout, "switch", "--quiet", "main")
        git(self.checkout, "branch", "--force", self._branches[number], "main")
        return self.update(number, documents)

    def merge_queue(self, *numbers: int, how: Merge = "merge") -> Event:
        """Merge pull requests as a merge queue does, and return the one push that this makes."""
        pushes = [self.merge(number, how) for number in numbers]
        return replace(pushes[-1], payload={**pushes[-1].payload, "before": pushes[0].payload["before"]})

    def merge(self, number: int, how: Merge = "merge") -> Event:
        """Merge a pull request, and return the push that this makes."""
        branch, before = self._branches[number], head(self.checkout, "main")
        if how == "merge":
            sha = self._merged(branch)
        else:
            git(self.checkout, "switch", "--quiet", "--detach", "main")
            if how == "squash":
                git(self.checkout, "merge", "--quiet", "--squash", branch)
                sha = commit(self.checkout, "Squash")
            else:
                git(self.checkout, "cherry-pick", f"main..{branch}")
                sha = head(self.checkout)
        git(self.checkout, "branch", "--force", "main", sha)
        self.repository.merge(number, sha)
        event = events.merge(self.github.documents, self.repository, number)
        return replace(event, payload={**event.payload, "before": before})

    def queue(self, number: int) -> Event:
        """Put a pull request into the merge queue, and return what its group is asked for."""
        base, sha = head(self.checkout, "main"), self._merged(self._branches[number])
        return events.merge_group(self.github.documents, self.repository, sha, base, number)

    def push(self, documents: Files) -> Event:
        """Commit to main without a pull request."""
        sha = self.define(documents)
        self.repository.push(sha)
        return events.push(self.github.documents, self.repository, sha)

    def told(self, number: int, action: str = "opened", **more: Any) -> Event:
        return events.pull_request(self.github.documents, self.repository, number, action, **more)

    def plan(self, number: int, *arguments: str, **how: Any) -> Ran:
        """Run the plan of a pull request on what merging it would give."""
        return self.run("plan", self.told(number), *arguments, **how)

    def apply(self, event: Event, *arguments: str, **how: Any) -> Ran:
        return self.run("apply", event, *arguments, **how)

    def dispatch(self) -> Event:
        """Start a workflow by hand, on what main is at."""
        sha = head(self.checkout, "main")
        return events.dispatch(self.github.documents, self.repository, sha)

    def drift(self, *arguments: str, **how: Any) -> Ran:
        sha = head(self.checkout, "main")
        event = events.schedule(self.github.documents, self.repository, sha, "17 6 * * 1-5")
        return self.run("drift", event, *arguments, **how)

    def run(self, command: str, event: Event, *arguments: str, **how: Any) -> Ran:
        with self.started(command, event, *arguments, **how) as step:
            return step.ended()

    def started(
        self,
        command: str,
        event: Event,
        *arguments: str,
        settings: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        program: Sequence[str] = RECONCILER,
    ) -> Step:
        """Check out the event's commit, unless a folder is given, and start a command on it."""
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        if cwd is None:
            git(self.checkout, "checkout", "--quiet", "--detach", event.sha)
        given = event.environment(folder) | self.github.urls | {"GITHUB_TOKEN": self.token}
        given |= self.settings | dict(settings or {})
        process = start(
            "github", command, *arguments, cwd=cwd or self.checkout, settings=given, program=program
        )
        return Step(process, folder)

    def wait_for(self, method: str, path: str) -> None:
        """Wait until GitHub has a request, answered or not."""
        self.github.wait(lambda entry: (entry.method, entry.path) == (method, path), SECONDS)

    def comments(self, number: int) -> tuple[Comment, ...]:
        return self.repository.comments(number)

    def ours(self, number: int, kind: str) -> list[str]:
        """Return our comments of a kind on a pull request, the oldest first."""
        bodies = [one.body for one in self.comments(number) if one.author.login == BOT]
        return [body for body in bodies if body.startswith(f"<!-- reconciler:{kind} ")]

    def comment(self, number: int) -> str:
        """Return the one comment that shows the plan of a pull request."""
        (body,) = self.ours(number, "plan")
        return body

    def ended(self, number: int) -> str:
        """Return the newest comment that says how an apply ended, empty where there is none."""
        return "".join(self.ours(number, "result")[-1:])

    def _merged(self, branch: str) -> str:
        git(self.checkout, "switch", "--quiet", "--detach", "main")
        git(self.checkout, "merge", "--quiet", "--no-ff", "--message", "Merge", branch)
        return head(self.checkout)


@dataclass(frozen=True)
class Step:
    """A command that runs; it does not outlive the block."""

    process: Running
    folder: Path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def ended(self) -> Ran:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=SECONDS)
        summary = (self.folder / "github_summary").read_text("utf-8")
        outputs = dict(command_files.entries((self.folder / "github_output").read_text("utf-8")))
        return Ran(self.process.wait(), out, err, summary, outputs, self.folder)
