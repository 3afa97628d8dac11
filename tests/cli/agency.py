"""Many organizations to test with: one repository, one server on a socket, and a key for each."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.cli.command import run, started
from tests.doubles.peer import Fleet, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.cli.command import Running, Said


def identity(organization: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{organization}.example"))


def audience(organization: str, number: int, score: int = 60) -> dict[str, Any]:
    return {
        "id": identity(organization, number),
        "name": f"Audience {number} of {organization}",
        "status": "paused",
        "config": {"topicIds": [117805], "minScore": score},
    }


class Agency:
    """Organizations of four audiences each, live as defined; `edit` lets files differ from that."""

    def __init__(self, folder: Path, names: Sequence[str], size: int = 4) -> None:
        self.folder = folder
        self.names = names
        self.size = size
        self.peers = {
            name: Peer([audience(name, n) for n in range(size)], key=f"sk_{name}") for name in names
        }
        self.fleet = Fleet({f"sk_{name}": peer for name, peer in self.peers.items()})
        self.settings = {
            f"LEADPIPE_API_KEY__{name.upper().replace('-', '_')}": f"sk_{name}" for name in names
        }
        for name in names:
            for number in range(size):
                self.define(name, number)

    @contextmanager
    def running(self) -> Iterator[None]:
        with self.fleet.running() as url:
            self.settings["LEADPIPE_BASE_URL"] = url
            yield

    def define(self, name: str, number: int, score: int = 60) -> None:
        """Write a definition, which asks for another score than is live where one is given."""
        file = self.folder / "orgs" / name / "audiences.d" / f"{number}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(audience(name, number, score), indent=1) + "\n", "utf-8")

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def run(self, *arguments: str, settings: Mapping[str, str] | None = None, **how: Any) -> Said:
        return run("fleet", *arguments, cwd=self.folder, settings=self.settings | dict(settings or {}), **how)

    def started(self, *arguments: str, **how: Any) -> AbstractContextManager[Running]:
        return started("fleet", *arguments, cwd=self.folder, settings=self.settings, **how)

    def report(self, *arguments: str, **how: Any) -> tuple[int, dict[str, Any], Any]:
        """Run with JSON; return the exit code, each organization's result by name, and the whole report."""
        said = self.run(*arguments, "--format", "json", **how)
        report = said.document("fleet-report")
        assert report["exit_code"] == said.code
        return said.code, {one["name"]: one for one in report["organizations"]}, report

    def outcomes(self, *arguments: str, **how: Any) -> tuple[int, dict[str, str]]:
        code, found, _ = self.report(*arguments, **how)
        return code, {name: one["outcome"] for name, one in found.items()}

    def written(self) -> dict[str, int]:
        """Return how many PATCH calls each organization got, without those that got none."""
        return {name: len(peer.patches()) for name, peer in self.peers.items() if peer.patches()}
