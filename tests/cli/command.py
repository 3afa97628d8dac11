"""The command line as a process: how a test starts it, and what it said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from tests.doubles.fork_server import SHARED, Process

if TYPE_CHECKING:
    import signal
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tests.doubles.fork_server import Stream

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")
SECONDS = 60  # far more than any run takes
RECONCILER = ("-m", "reconciler")
FAST = ("-m", "tests.cli.fast")
PEAK = ("-m", "tests.cli.peak")
Running = subprocess.Popen[str] | Process
_INTERPRETER = ("PYTHON", "LC_")  # variables that only an interpreter that starts reads
_OURS = (
    "LEADPIPE_",
    "RECONCILER_KEY",
    "RECONCILER_DATABASE",
    "NO_COLOR",
    "FORCE_COLOR",
    "TERM",
    "LC_ALL",
    "PYTHONIOENCODING",
    "GITHUB_",
)


@dataclass(frozen=True)
class Said:
    """What a process said, and its exit code."""

    code: int
    out: str
    err: str

    def document(self, name: str) -> Any:
        """Return stdout as the one JSON document that it is, checked against its schema."""
        return checked(self.out, name)


def checked(text: str, name: str) -> Any:
    document = json.loads(text)
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(document)
    return document


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of this process, without what a developer's shell may hold, and the settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | settings


def run(*arguments: str | Path, cwd: Path, stdin: str = "", seconds: float = SECONDS, **how: Any) -> Said:
    """Run to the end, away from any terminal; the rest is as for `start`."""
    reading, writing = os.pipe()
    os.write(writing, stdin.encode())  # a pipe holds more than any test has to say
    os.close(writing)
    with os.fdopen(reading) as pipe, started(*arguments, cwd=cwd, stdin=pipe.fileno(), **how) as process:
        out, err = process.communicate(timeout=seconds)
    assert process.returncode is not None
    return Said(process.returncode, out, err)


@contextmanager
def started(*arguments: str | Path, **how: Any) -> Iterator[Running]:
    """Start, and give the process; it does not outlive the block."""
    with start(*arguments, **how) as process:
        try:
            yield process
        finally:
            process.kill()


def start(
    *arguments: str | Path,
    cwd: Path,
    settings: Mapping[str, str] | None = None,
    program: Sequence[str] = RECONCILER,
    through: Sequence[str] = (),
    is_fresh: bool = False,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = subprocess.PIPE,
    ignored: Collection[signal.Signals] = (),
    has_terminal: bool = False,
) -> Running:
    """
    Start a process: a fork, or an interpreter of its own where that is asked for or decides something.

    One test of every command asks for it: nothing is imported there but what the command itself imports.

    `through` is a command that becomes the one after it; `ignored` are signals that a fork finds ignored.
    """
    given = environment(**settings or {})
    if is_fresh or through or any(name.startswith(_INTERPRETER) for name in settings or ()):
        assert (*ignored, has_terminal) == (False,), "only a fork can be started so"
        return subprocess.Popen(
            [*through, sys.executable, *program, *map(str, arguments)],
            cwd=cwd,
            env=given,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
        )
    return SHARED.start(
        [*program, *map(str, arguments)],
        folder=cwd,
        environment=given,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        ignored=ignored,
        has_terminal=has_terminal,
    )


def through_python(statements: str) -> list[str]:
    """Return a program that does something to its own process and then becomes what it is told to start."""
    return [sys.executable, "-c", f"import os, sys\n{statements}\nos.execvp(sys.argv[1], sys.argv[1:])"]


def without_privileges() -> list[str]:
    """Return a program that holds a superuser to the permissions of files, as everybody else is."""
    if os.geteuid() != 0:
        return []
    # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: gone with the next exec.
    return through_python("import ctypes\nfor one in (1, 2): ctypes.CDLL(None).prctl(24, one, 0, 0, 0)")
