"""Command lines as processes: started through a zygote, signalled while they live, waited for."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0  # seconds; more than any run's waits add up to
_OURS = ("LEADPIPE_", "RECONCILER_", "COVERAGE_")  # a killed process would leave torn coverage data


@dataclass(slots=True)
class Command:
    """A command line that was started; `signals` are those that it was sent while it lived."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    pid: int
    life: int
    is_alive: bool = True
    is_hung: bool = False
    signals: list[int] = field(default_factory=list)

    @property
    def stdout(self) -> Path:
        return self.folder / f"{self.name}.stdout"

    @property
    def stderr(self) -> Path:
        return self.folder / f"{self.name}.stderr"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; the process is not reaped before `is_alive` is false, so the pid is its own."""
        if self.is_alive:
            self.signals.append(number)
            os.kill(self.pid, number)

    def ended(self, deadline: float) -> None:
        """Wait until the process has ended, and end it where it does not: only its death closes the pipe."""
        if not select.select([self.life], [], [], max(0, deadline - time.monotonic()))[0]:
            self.is_hung = True
            self.signal(signal.SIGKILL)
            select.select([self.life], [], [])
        os.close(self.life)


class Zygote:
    """The client's end of `tests.campaign.zygote`."""

    def __enter__(self) -> Self:
        self._channel, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.campaign.zygote", str(theirs.fileno())],
                cwd=ROOT,
                env=environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the campaign, which then closes the channel
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self._process.wait()

    def start(
        self, name: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], scale: float
    ) -> Command:
        job = {
            "name": name,
            "arguments": [*arguments],
            "folder": str(folder),
            "environment": dict(environment),
            "scale": scale,
        }
        life, theirs = os.pipe()
        with (folder / f"{name}.stdout").open("wb") as out, (folder / f"{name}.stderr").open("wb") as err:
            socket.send_fds(self._channel, [json.dumps(job).encode()], [out.fileno(), err.fileno(), theirs])
        pid = self._reply()
        os.close(theirs)
        return Command(name, tuple(arguments), folder, pid, life)

    def reap(self, command: Command) -> int:
        """Give the exit code of a command that has ended, or minus the signal that ended it."""
        command.is_alive = False
        self._channel.sendall(json.dumps({"wait": command.pid}).encode())
        return self._reply()

    def _reply(self) -> int:
        reply = self._channel.recv(64)
        if not reply:
            raise RuntimeError("the zygote has died; its message is on stderr")
        return int(reply)
