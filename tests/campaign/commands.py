"""Command lines as processes: started as forks, signalled while they live, waited for."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence

    from tests.doubles.fork_server import ForkServer, Process

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0  # seconds; more than any run's waits add up to
_OURS = ("LEADPIPE_", "RECONCILER_")


@dataclass(slots=True)
class Command:
    """A command line that was started; `signals` are those that it was sent while it lived."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    process: Process
    is_hung: bool = False
    signals: list[int] = field(default_factory=list)

    @property
    def stdout(self) -> Path:
        return self.folder / f"{self.name}.stdout"

    @property
    def stderr(self) -> Path:
        return self.folder / f"{self.name}.stderr"

    def signal(self, number: signal.Signals) -> None:
        if self.process.send_signal(number):
            self.signals.append(number)

    def ended(self, deadline: float) -> int:
        """Wait until the process has ended, and end it where it does not; return its exit code."""
        try:
            return self.process.wait(max(0, deadline - time.monotonic()))
        except TimeoutError:
            self.is_hung = True
            self.process.kill()
            return self.process.wait()


def start(
    server: ForkServer,
    name: str,
    arguments: Sequence[str],
    folder: Path,
    *,
    settings: Mapping[str, str],
    scale: float,
) -> Command:
    """Start a command line that names itself in its User-Agent, so that a log tells who sent what."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
    named = {"RECONCILER_TEST_NAME": name, "RECONCILER_TEST_SCALE": str(scale)}
    with (folder / f"{name}.stdout").open("wb") as out, (folder / f"{name}.stderr").open("wb") as err:
        process = server.start(
            ["-m", "tests.campaign.command_line", *arguments],
            folder=folder,
            environment=kept | named | dict(settings),
            stdout=out,
            stderr=err,
        )
    return Command(name, tuple(arguments), folder, process)
