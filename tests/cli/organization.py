"""An organization to test with: a peer that holds its audiences, and a project that defines them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.cli.command import PEAK, SECONDS, checked, run, started
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.cli.command import Running, Said
    from tests.doubles.peer import Entry, Peer

KEY = "sk_test"
PAUSING = "0d8b7a35-5a0e-4d57-9f0f-1f7c3a2b9c11"
CHANGING = "3c5e1f0a-7f0f-4a57-8a44-2b8f5f0e6d21"
STARTING = "6fb81599-f601-4afe-b3ff-e8a211cae27d"
STEADY = "b2f7f0de-8a55-4b0f-9a53-7d1f0c9f4e22"
FOREIGN = "e1d3a7c0-3b52-4c4b-9df8-0f2f7b6a5c33"
ORDER = [PAUSING, CHANGING, STARTING]
ABSENT = "f0000000-0000-4000-8000-000000000000"
AUTO = ("apply", "--auto-approve")

Audience = dict[str, Any]


def audience(identity: str, name: str, status: str = "active", **config: Any) -> Audience:
    return {"id": identity, "name": name, "status": status, "config": {"topicIds": [117805], **config}}


def live() -> list[Audience]:
    """Return the audiences as they are: one for each kind of change, a right one and a foreign one."""
    return [
        audience(PAUSING, "Webinar guests", topicIds=[117890]),
        audience(CHANGING, "Chief financial officers", minScore=60, filters={"seniority": ["vp", "cxo"]}),
        audience(STARTING, "Marketing directors", "paused", topicIds=[117801]),
        audience(STEADY, "Security leads"),
        audience(FOREIGN, "Made by hand"),
    ]


def desired() -> dict[str, Audience]:
    """Return the definitions by file, each as the data of its document."""
    return {
        "cfo.yaml": audience(
            CHANGING, "Chief financial officers", minScore=80, filters={"seniority": ["cxo", "c_suite"]}
        ),
        "guests.yaml": audience(PAUSING, "Webinar guests", "paused", topicIds=[117890]),
        "marketing.yaml": audience(STARTING, "Marketing directors", "active", topicIds=[117801]),
        "security.yaml": audience(STEADY, "Security leads"),
    }


def many(count: int, padding: str = "") -> tuple[list[Audience], dict[str, Audience]]:
    """Return as many audiences, live and defined, that differ in their score."""
    names = {
        f"{number:08d}-0000-4000-8000-000000000000": f"Audience {number:02d}{padding}"
        for number in range(count)
    }
    return (
        [audience(identity, name, minScore=60) for identity, name in names.items()],
        {f"{name}.yaml": audience(identity, name, minScore=80) for identity, name in names.items()},
    )


class Project:
    """A folder with definitions, and the command line run in it."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = settings
        self.definitions = folder / "audiences.d"
        self.definitions.mkdir()

    def define(self, documents: dict[str, Audience]) -> None:
        for file, document in documents.items():
            # JSON is YAML too.
            (self.definitions / file).write_text(json.dumps(document, indent=1) + "\n", "utf-8")

    def run(self, *arguments: str | Path, settings: dict[str, str] | None = None, **how: Any) -> Said:
        return run(*arguments, cwd=self.folder, settings=self.settings | (settings or {}), **how)

    def measured(self, *arguments: str) -> tuple[int, str, float]:
        """Run; return the exit code, what stderr held, and the peak of its memory in MiB."""
        peak = self.folder / "peak"
        unmeasured = {
            "COVERAGE_PROCESS_START": "",
            "COVERAGE_PROCESS_CONFIG": "",
        }  # it has a memory of its own
        settings = {"PEAK": str(peak), **unmeasured}
        said = self.run(*arguments, settings=settings, program=PEAK, is_fresh=True, seconds=5 * SECONDS)
        return said.code, said.err, float(peak.read_text())

    def started(self, *arguments: str | Path, **how: Any) -> AbstractContextManager[Running]:
        return started(*arguments, cwd=self.folder, settings=self.settings, **how)

    def terminal(
        self, *arguments: str | Path, settings: dict[str, str] | None = None, **how: Any
    ) -> Terminal:
        return Terminal(*arguments, cwd=self.folder, settings=self.settings | (settings or {}), **how)

    def files(self) -> set[str]:
        """Return the names of the files beside the definitions."""
        return {path.name for path in self.folder.iterdir()} - {"audiences.d"}


class Organization(Project):
    """A project and the peer that it is about."""

    def __init__(self, folder: Path, peer: Peer, url: str) -> None:
        super().__init__(folder, {"LEADPIPE_API_KEY": KEY, "LEADPIPE_BASE_URL": url})
        self.peer = peer
        self.url = url

    @property
    def patched(self) -> list[str]:
        """The ids of the PATCH calls that arrived, in their order."""
        return [entry.id or "" for entry in self.peer.patches()]

    @property
    def methods(self) -> set[str]:
        """The methods of all requests but previews, which only count."""
        return {entry.method for entry in self.peer.log if not entry.target.endswith("/preview")}

    def arrival(self, method: str, after: Entry | None = None) -> Entry:
        """Wait for the first request of a method, or the first one after another."""
        number = 0 if after is None else after.number
        return self.peer.wait(lambda entry: entry.method == method and entry.number > number, SECONDS)

    def stored(self) -> dict[str, Audience]:
        """Return what the peer holds of each audience, of the fields that a definition can set."""
        fields = ("id", "name", "status", "config")
        return {key: {field: one[field] for field in fields} for key, one in self.peer.state.items()}

    def result(self) -> Any:
        """Return the saved result of an apply."""
        return checked((self.folder / "result.json").read_text(), "apply-result")

    def apply(self, *arguments: str | Path, **how: Any) -> tuple[int, Any, str]:
        """Apply; hold that the result is one valid document, on stdout and saved; return it with the rest."""
        said = self.run("apply", "--format", "json", "--out", "result.json", *arguments, **how)
        document = said.document("apply-result")
        assert document == self.result()
        return said.code, document, said.err


def outcomes(result: Any) -> list[str]:
    return [one["outcome"] for one in result["results"]]
