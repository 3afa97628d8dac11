"""Measures organizations a second by workers: `python -m benchmarks.workers [--organizations N]`.

Each organization has four audiences, of which one changes, behind a server that answers after --latency. The
time runs from when the applies are asked for until the last one is over; the workers stand ready.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.__main__ import ROOT, machine
from reconciler.app.fleet import durable
from tests.cli.agency import Agency
from tests.doubles import postgres
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.secret import Secret

_FLEET = (sys.executable, "-m", "reconciler", "fleet")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each engine with each number of workers, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers")
    parser.add_argument("--organizations", type=int, default=300)
    parser.add_argument("--latency", type=float, default=50.0, metavar="MS")
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--jobs", type=int, default=16, help="organizations at once, of each worker")
    options = parser.parse_args(arguments)
    durable.enable()
    os.environ["PYTHONPATH"] = str(ROOT)
    workers = [int(number) for number in options.workers.split(",")]
    print(f"{options.organizations} organizations, {options.latency:g} ms a request; {machine()}")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = _Bench(scratch, options.organizations, options.latency / 1000, options.jobs)
        stack.enter_context(bench.agency.running())
        _say("local, one process", options.organizations, bench.local())
        for number in workers:
            url = f"sqlite:///{scratch}/{number}.sqlite3"
            _say(f"SQLite, {number} workers", options.organizations, bench.durable(url, number))
        if postgres.program("initdb") is None:
            print("PostgreSQL is not on this machine.")
            return 0
        server = stack.enter_context(postgres.running(is_durable=True))
        for number in workers:
            taken = bench.durable(server.url(f"bench_{number}"), number)
            _say(f"PostgreSQL, {number} workers", options.organizations, taken)
    return 0


def _say(what: str, organizations: int, taken: tuple[float, float]) -> None:
    wall, cpu = taken
    rate = f"{organizations / wall:6.1f} organizations a second"
    print(f"{what:<24} {wall:6.1f} s  {rate}, {1000 * cpu / organizations:4.0f} ms of CPU each", flush=True)


class _Bench:
    """An agency whose every organization has one change more before each measurement."""

    def __init__(self, folder: Path, count: int, latency: float, jobs: int) -> None:
        self.agency = Agency(folder, [f"org-{number:04d}" for number in range(count)])
        for peer in self.agency.peers.values():
            for method in ("GET", "PATCH"):
                peer.inject(Fault("delay", method=method, seconds=latency, times=None))
        self._jobs = ("--jobs", str(jobs))
        self._score = 60

    def local(self) -> tuple[float, float]:
        self._change()
        began, before = time.monotonic(), _cpu()
        self._call("apply", "--plan", "plans", *self._jobs)
        return time.monotonic() - began, _cpu() - before

    def durable(self, url: str, workers: int) -> tuple[float, float]:
        """Return the seconds from asking until all is over, and the CPU of all processes, start included."""
        from reconciler.app.fleet.durable import database

        self._change()
        self.agency.settings[database.VARIABLE] = url
        where = database.address(url)
        database.migrate(where)
        before = _cpu()
        with ExitStack() as stack:
            for _ in range(workers):
                stack.callback(_end, self._start("worker", *self._jobs))
            _wait_for_workers(where, workers)
            began = time.monotonic()
            self._call("apply", "--engine", "dbos", "--plan", "plans")
            wall = time.monotonic() - began
        return wall, _cpu() - before

    def _change(self) -> None:
        self._score += 1
        for name in self.agency.names:
            self.agency.define(name, 0, self._score)
        self._call("plan", "--out", "plans", *self._jobs)

    def _call(self, *arguments: str) -> None:
        if self._start(*arguments).wait() != 0:
            raise SystemExit(f"fleet {' '.join(arguments)} failed")

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = os.environ | self.agency.settings
        quiet = subprocess.DEVNULL
        command = [*_FLEET, *arguments]
        return subprocess.Popen(command, cwd=self.agency.folder, env=environment, stdout=quiet, stderr=quiet)


def _wait_for_workers(where: Secret, number: int) -> None:
    from reconciler.app.fleet.durable import overview

    while len(overview.read(where).workers) < number:
        time.sleep(0.1)
    time.sleep(2)  # their queues are looked at from then on


def _cpu() -> float:
    """Return the seconds of CPU of the processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
