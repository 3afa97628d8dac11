"""A real terminal, for what depends on one: questions, colour, a live count, Ctrl-C."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
from typing import IO, TYPE_CHECKING, Self

from tests.cli.command import SECONDS, start

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

END_OF_INPUT, INTERRUPT = "\x04", "\x03"


class Terminal:
    """A command line in a terminal of its own.

    `piped` names a stream that goes to a pipe instead, and `stdin` is what it reads instead.
    """

    def __init__(
        self,
        *arguments: str | Path,
        cwd: Path,
        settings: Mapping[str, str] | None = None,
        piped: str = "",
        stdin: IO[bytes] | None = None,
    ) -> None:
        self._ours, theirs = pty.openpty()
        modes = termios.tcgetattr(theirs)
        modes[3] |= termios.NOFLSH  # or Ctrl-C may drop what the process says to it
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        self.process = start(
            *arguments,
            cwd=cwd,
            settings=settings,
            has_terminal=stdin is None,
            stdin=stdin or theirs,
            stdout=subprocess.PIPE if piped == "stdout" else theirs,
            stderr=subprocess.PIPE if piped == "stderr" else theirs,
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self._shown = b""
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()
        os.close(self._ours)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until the terminal has shown a text."""
        while text not in self.shown:
            assert self._read(), f"{text!r} never came: {self.shown!r}"

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self.process.wait(SECONDS)

    @property
    def shown(self) -> str:
        """Everything that the terminal has shown, with its line ends as a file has them."""
        return self._shown.decode().replace("\r\n", "\n")

    def _read(self) -> bool:
        if not self._is_open:
            return False
        readable, _, _ = select.select([self._ours], [], [], SECONDS)
        assert readable, f"nothing more came: {self.shown!r}"
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            data = b""
        self._shown += data
        self._is_open = bool(data)
        return self._is_open
