"""An agency on a fake GitHub: its workflows, job by job, each with its own environment's secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from reconciler.app.fleet.shards import number_of
from tests.actions.machines import Seen
from tests.actions.teams import ACTIONS, ROOT, Team
from tests.doubles.github_peer.results import JobResult
from tests.doubles.github_peer.runner import Runner, does_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.doubles.github_peer import Peer
    from tests.doubles.github_peer.events import Event

SHARDS = 6
_KEYS = "api-keys: ${{ secrets.LEADPIPE_API_KEYS }}"


def workflows() -> dict[str, str]:
    """Return the workflows that the page about many organizations has a reader copy, by name."""
    page = (ROOT / "docs" / "fleet.md").read_text("utf-8")
    named = r"^`\.github/workflows/audiences-([\w-]+)\.yml`\n\n```yaml\n(.*?)^```$"
    return dict(re.findall(named, page, re.MULTILINE | re.DOTALL))


@dataclass
class Run:
    """One run of a workflow: what became of its jobs, and what each machine could see, by job."""

    jobs: dict[str, list[JobResult]] = field(default_factory=dict)
    seen: dict[str, list[list[dict[str, str]]]] = field(default_factory=dict)

    def ends(self, job: str) -> list[str]:
        return [result.conclusion for result in self.jobs[job]]

    def machines_holding(self, secret: str) -> list[str]:
        """Return the jobs on whose machines some process could see a secret."""
        return [
            job
            for job, machines in self.seen.items()
            for processes in machines
            if any(secret in value for process in processes for value in process.values())
        ]


class Agency(Team):
    """A team whose repository has many organizations, with a key for each in its shard's environment."""

    def __init__(
        self, folder: Path, github: Peer, files: Mapping[str, str], keys: dict[str, str], url: str
    ) -> None:
        super().__init__(folder, github, workflows(), files=files, secrets={}, url=url)
        self.keys = keys

    def run_all(self, name: str, event: Event, machine: Mapping[str, str]) -> Run:
        """Run the jobs of a workflow in their order, those of a matrix one after the other."""
        run, artifacts, needs = Run(), dict[str, dict[str, str]](), dict[str, JobResult]()
        first, matrix, last = ("select", *{"fleet-plan": ("plan", "comment")}.get(name, ("apply", "report")))

        def start(job: str, one: Mapping[str, Any] | None = None) -> None:
            runner, path, seen = self._machine(name, event, artifacts, machine)
            ended = runner.run_job(path, job, needs=needs, matrix=one or {})
            run.jobs.setdefault(job, []).append(ended)
            run.seen.setdefault(job, []).append(seen.environments())

        start(first)
        needs[first] = run.jobs[first][0]
        if needs[first].outputs["organizations"] == "0":
            run.jobs[matrix] = [JobResult(conclusion="skipped")]
        else:
            runner, path, _ = self._machine(name, event, artifacts, machine)
            for one in runner.matrix_of(path, matrix, needs):
                start(matrix, one)
        needs[matrix] = JobResult(conclusion=_worst(run.ends(matrix)))
        start(last)
        return run

    def _machine(
        self, name: str, event: Event, artifacts: dict[str, dict[str, str]], machine: Mapping[str, str]
    ) -> tuple[Runner, Path, Seen]:
        self._machines += 1
        folder = self._folder / f"machine-{self._machines}"
        seen = Seen(folder / "seen", self._git)
        seen.artifacts = artifacts
        runner = Runner(
            folder,
            event,
            urls=self.github.urls,
            grant=partial(self.github.actions_token, self.repository),
            environment_secrets=self._environments(),
            actions={
                "actions/checkout": seen.checkout,
                "actions/setup-python": does_nothing,
                "actions/upload-artifact": seen.upload,
                "actions/download-artifact": seen.download,
                "OWNER/reconciler/.github/actions/fleet": ACTIONS / "fleet",
            },
            machine={"BASH_ENV": str(seen.script)} | dict(machine),
        )
        return runner, self._workflow(name, folder), seen

    def _environments(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for number in range(1, SHARDS + 1):
            lines = [
                f"LEADPIPE_API_KEY__{name.upper().replace('-', '_')}={key}"
                for name, key in self.keys.items()
                if number_of(name, SHARDS) == number
            ]
            for what in ("plan", "production"):
                found[f"fleet-{what}-{number}"] = {"LEADPIPE_API_KEYS": "\n".join(lines)}
        return found

    def _workflow(self, name: str, folder: Path) -> Path:
        path = super()._workflow(name, folder)
        given = rf"\1{_KEYS}\n\1base-url: {self._url}"
        path.write_text(
            re.sub(rf"^( *){re.escape(_KEYS)}", given, path.read_text("utf-8"), flags=re.MULTILINE)
        )
        return path


def _worst(ends: Iterable[str]) -> str:
    return next((end for end in ("failure", "cancelled", "skipped") if end in ends), "success")
