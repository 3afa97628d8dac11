"""The client's side of the server: processes that are started, signalled, read from and waited for."""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

ROOT = Path(__file__).parents[3]
Stream = int | IO[bytes]


class ForkServer:
    """A server, started with the first process that is asked of it, and ended by `close`."""

    def __init__(self, *, is_measured: bool = True) -> None:
        self._is_measured = is_measured
        self._lock = threading.Lock()
        self._channel: socket.socket | None = None

    def start(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = subprocess.PIPE,
        stderr: Stream = subprocess.PIPE,
        ignored: Collection[signal.Signals] = (),
        has_terminal: bool = False,
    ) -> Process:
        """
        Start what `python ARGUMENTS` would start: `-m MODULE`, `-c CODE` or a script, and its arguments.

        `ignored` are signals that it finds ignored, as under nohup; with a terminal on stdin, that becomes
        its controlling one. Raises RuntimeError where the server has died.
        """
        job = {
            "arguments": [*arguments],
            "folder": str(folder),
            "environment": dict(environment),
            "ignored": [*ignored],
            "has_terminal": has_terminal,
        }
        (_, in_), (out, out_), (err, err_) = map(_ends, (stdin, stdout, stderr))
        life, end = os.pipe()
        try:
            process = Process(self, self._request(job, [in_, out_, err_, end]), life, out, err)
        except BaseException:
            os.close(life)
            for ours in (out, err):
                if ours is not None:
                    ours.close()
            raise
        finally:
            for theirs in (in_, out_, err_, end):
                os.close(theirs)
        return process

    def reap(self, pid: int) -> int:
        """Return the exit code of a process that has ended, or minus the signal that ended it."""
        return self._request(pid)

    def close(self) -> None:
        """End the server, and wait until it has written down what it measured."""
        if self._channel is not None:
            self._channel.close()
            self._server.wait()
            self._channel = None

    def _request(self, request: object, descriptors: Sequence[int] = ()) -> int:
        data = json.dumps(request).encode()
        with self._lock:
            channel = self._connected()
            socket.send_fds(channel, [len(data).to_bytes(4)], descriptors)
            channel.sendall(data)
            reply = b""
            while not reply.endswith(b"\n"):
                part = channel.recv(64)
                if not part:
                    raise RuntimeError("the fork server has died; its message is on stderr")
                reply += part
        return int(reply)

    def _connected(self) -> socket.socket:
        if self._channel is None:
            self._channel, theirs = socket.socketpair()
            with theirs:
                self._server = subprocess.Popen(
                    [sys.executable, "-m", "tests.doubles.fork_server", str(theirs.fileno())],
                    cwd=ROOT,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C is for the tests, which then close the channel
                )
        return self._channel

    def _environment(self) -> dict[str, str]:
        if self._is_measured:
            return dict(os.environ)
        return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


class Process:
    """
    A process of the server's, with the parts of `subprocess.Popen` that tests use.

    It is reaped by `wait` alone, so that until then its pid is its own; signals may come from any thread.
    """

    def __init__(
        self, server: ForkServer, pid: int, life: int, stdout: IO[str] | None, stderr: IO[str] | None
    ) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._server = server
        self._life = life
        self._reaping = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait()
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()

    def send_signal(self, number: int) -> bool:
        """Send a signal to a process that nobody has waited for yet; tells whether that was so."""
        with self._reaping:
            if self.returncode is None:
                os.kill(self.pid, number)
            return self.returncode is None

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises TimeoutError where that does not come in time."""
        if self.returncode is None and not select.select([self._life], [], [], timeout)[0]:
            raise TimeoutError(f"process {self.pid} did not end in {timeout} s")
        with self._reaping:
            if self.returncode is None:
                os.close(self._life)
                self.returncode = self._server.reap(self.pid)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Read both streams to their ends, wait, and return what came; raises TimeoutError."""
        deadline = None if timeout is None else time.monotonic() + timeout
        found = {stream.fileno(): b"" for stream in (self.stdout, self.stderr) if stream is not None}
        with selectors.DefaultSelector() as selector:
            for number in found:
                selector.register(number, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(None if deadline is None else max(0, deadline - time.monotonic()))
                if not ready:
                    raise TimeoutError(f"process {self.pid} did not end in {timeout} s")
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    found[key.fd] += data
                    if not data:
                        selector.unregister(key.fd)
        self.wait(None if deadline is None else max(0, deadline - time.monotonic()))
        out, err = (
            found[stream.fileno()].decode() if stream else "" for stream in (self.stdout, self.stderr)
        )
        return out, err


def _ends(stream: Stream) -> tuple[IO[str] | None, int]:
    """Return our end of a stream, where there is one, and a descriptor for the process."""
    if stream == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    if stream == subprocess.PIPE:
        reading, writing = os.pipe()
        return os.fdopen(reading), writing
    return None, os.dup(stream if isinstance(stream, int) else stream.fileno())
