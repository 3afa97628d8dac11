"""The command line as a process: how a test starts it, and what it said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
SECONDS = 60  # far more than any run takes
RECONCILER = ("-m", "reconciler")
FAST = ("-m", "tests.cli.fast")
_OURS = ("LEADPIPE_", "NO_COLOR", "FORCE_COLOR", "TERM", "LC_ALL", "PYTHONIOENCODING", "GITHUB_")


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


def line(*arguments: str | Path, program: Sequence[str] = RECONCILER) -> list[str]:
    return [sys.executable, *program, *map(str, arguments)]


def run(
    *arguments: str | Path,
    cwd: Path,
    settings: Mapping[str, str] | None = None,
    program: Sequence[str] = RECONCILER,
    through: Sequence[str] = (),
    stdin: str = "",
) -> Said:
    """Run to the end, away from any terminal; `through` is a command that becomes the one after it."""
    done = subprocess.run(
        [*through, *line(*arguments, program=program)],
        cwd=cwd,
        env=environment(**settings or {}),
        input=stdin.encode(),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def started(
    *arguments: str | Path,
    cwd: Path,
    settings: Mapping[str, str] | None = None,
    program: Sequence[str] = RECONCILER,
    through: Sequence[str] = (),
    stdout: int | IO[bytes] = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """Start, and give the process; it does not outlive the block."""
    with subprocess.Popen(
        [*through, *line(*arguments, program=program)],
        cwd=cwd,
        env=environment(**settings or {}),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def through_python(statements: str) -> list[str]:
    """Return a program that does something to its own process and then becomes what it is told to start."""
    return [sys.executable, "-c", f"import os, sys\n{statements}\nos.execvp(sys.argv[1], sys.argv[1:])"]


def without_privileges() -> list[str]:
    """Return a program that holds a superuser to the permissions of files, as everybody else is."""
    if os.geteuid() != 0:
        return []
    # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: gone with the next exec.
    return through_python("import ctypes\nfor one in (1, 2): ctypes.CDLL(None).prctl(24, one, 0, 0, 0)")
