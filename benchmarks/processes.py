"""Whole processes and what each of them took."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import SPAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

KEY = "sk_benchmark"


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: CPU and wall-clock seconds, and the peak of its memory in MiB.

    On Linux the peak is at least what this process held when it started the other: so it stays small.
    `exchange` is how much of the time passed from the first request for one audience to the last response.
    """

    cpu: float
    wall: float
    memory: float
    exchange: float = 0.0


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Sample:
    """Run a command to its end; raises RuntimeError, with what it said, for one that fails."""
    with (folder / "stderr").open("wb+") as stderr:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=stderr
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            stderr.seek(0)
            said = stderr.read().decode("utf-8", "replace")
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said}")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Sample(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


@contextmanager
def served(live: Path, latency: float) -> Iterator[dict[str, str]]:
    """Serve an organization afresh, and give the environment in which a client finds it."""
    command = [sys.executable, "-m", "benchmarks.api", str(live), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe, as asked for
            port = process.stdout.readline().strip()
            yield {"LEADPIPE_API_KEY": KEY, "LEADPIPE_BASE_URL": f"http://127.0.0.1:{port}"}
        finally:
            process.terminate()


def exchange(environment: Mapping[str, str]) -> float:
    """Return the seconds that an organization's requests took, from the first one for one audience."""
    port = int(environment["LEADPIPE_BASE_URL"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {SPAN} HTTP/1.1\r\n\r\n".encode())
        return float(connection.recv(1024).rpartition(b"\r\n")[2])
