"""The processes of a job's steps: started as the runner starts them, and cancelled as it cancels them."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from .values import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SHELLS = {
    None: "bash -e {0}",
    "bash": "bash --noprofile --norc -e -o pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python {0}",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a process; the code of one that a signal ended is 128 and the signal's number."""

    exit_code: int
    log: str
    is_cancelled: bool = False


class Shell:
    """Runs one script at a time; `cancel` may be called from another thread."""

    def __init__(self, folder: Path, *, grace: tuple[float, float], patience: float) -> None:
        self._folder = folder
        self._grace = grace
        self._patience = patience
        self._numbers = count(1)
        self._groups: list[int] = []
        self._changed = threading.Condition()
        self._is_cancelled = False

    @property
    def is_cancelled(self) -> bool:
        return self._is_cancelled

    def cancel(self) -> None:
        with self._changed:
            self._is_cancelled = True
            self._changed.notify_all()

    def run(
        self, script: str, shell: str | None, cwd: Path, env: Mapping[str, str], survives: Callable[[], bool]
    ) -> Ran:
        """Run a step's script; it is interrupted when the job is cancelled, unless it survives that."""
        number = next(self._numbers)
        path = self._folder / f"script-{number}"
        path.write_text(script)
        words = [word.replace("{0}", str(path)) for word in shlex.split(_template(shell))]
        program = shutil.which(words[0], path=env["PATH"])
        if program is None or not cwd.is_dir():
            return Ran(1, f"There is no {words[0] if program is None else cwd}.\n")
        log = self._folder / f"log-{number}"
        with log.open("wb") as output:
            # A group of its own, so that what it leaves behind can be found at the job's end.
            process = subprocess.Popen(
                [program, *words[1:]],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._groups.append(process.pid)
        is_cancelled = self._settle(process, survives)
        code = process.returncode
        text = log.read_bytes().decode("utf-8", "replace")
        return Ran(code if code >= 0 else 128 - code, text, is_cancelled)

    def close(self) -> None:
        """End what the steps left behind, as the runner does when a job is over."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def _settle(self, process: subprocess.Popen[bytes], survives: Callable[[], bool]) -> bool:
        ended = threading.Event()
        waiter = threading.Thread(target=self._wait, args=(process, ended))
        waiter.start()
        with self._changed:
            in_time = self._changed.wait_for(lambda: ended.is_set() or self._is_cancelled, self._patience)
        is_cancelled = in_time and not ended.is_set() and not survives()
        if is_cancelled:
            self._interrupt(process, ended)
        elif not in_time or not ended.wait(self._patience):
            process.kill()
            raise TimeoutError(f"a step took more than {self._patience} s")
        waiter.join()
        return is_cancelled

    def _wait(self, process: subprocess.Popen[bytes], ended: threading.Event) -> None:
        process.wait()
        with self._changed:
            ended.set()
            self._changed.notify_all()

    def _interrupt(self, process: subprocess.Popen[bytes], ended: threading.Event) -> None:
        # Each signal goes to the one process that was started, not to what it started.
        for number, seconds in zip((signal.SIGINT, signal.SIGTERM), self._grace, strict=True):
            process.send_signal(number)
            if ended.wait(seconds):
                return
        process.kill()


def _template(shell: str | None) -> str:
    template = _SHELLS.get(shell) or shell or ""
    if "{0}" not in template:
        raise Unsupported(f"the shell {shell!r} is not known here")
    return template
