"""What a fork of the server does to be the process `python ARGUMENTS`."""

from __future__ import annotations

import atexit
import fcntl
import gc
import os
import runpy
import signal
import sys
import termios
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Job:
    """
    What to become; the descriptors are stdin, stdout, stderr, and one whose closing tells of the end.

    A terminal is stdin's, and becomes the controlling one of a session of its own.
    """

    arguments: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    ignored: Sequence[int]
    has_terminal: bool
    descriptors: Sequence[int]


def become(job: Job) -> None:
    """Run the job's program to its end."""
    *streams, life = job.descriptors
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.set_inheritable(life, False)  # noqa: FBT003 - the system's own signature
    if job.has_terminal:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(job.folder)
    os.environ.clear()
    os.environ.update(job.environment)
    for ignored in job.ignored:
        signal.signal(ignored, signal.SIG_IGN)
    _open_streams()
    code = 0
    try:
        _run(job.arguments)
    except SystemExit as stop:
        if isinstance(stop.code, str):
            raise
        code = stop.code or 0
    _exit(code)


def _open_streams() -> None:
    """Make the three streams as an interpreter does that starts with these descriptors."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        ours = getattr(sys, name)  # set up for the same locale
        stream = open(  # noqa: SIM115 - a descriptor, for as long as the process lives
            number, ours.mode, encoding=ours.encoding, errors=ours.errors, newline="\n", closefd=False
        )
        stream.reconfigure(line_buffering=name == "stderr" or stream.isatty())
        stream.mode, stream.buffer.raw.name = ours.mode, ours.name
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _run(arguments: Sequence[str]) -> None:
    added = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    match arguments:
        case ["-m", module, *rest]:
            sys.argv, sys.path[:1] = [module, *rest], [str(Path.cwd()), *added]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", code, *rest]:
            sys.argv, sys.path[:1] = ["-c", *rest], ["", *added]
            sys.modules["__main__"] = ModuleType("__main__")
            exec(compile(code, "<string>", "exec"), vars(sys.modules["__main__"]))  # noqa: S102 - what -c is
        case [script, *rest]:
            sys.argv, sys.path[:1] = [script, *rest], [str(Path(script).resolve().parent), *added]
            runpy.run_path(script, run_name="__main__")


def _exit(code: int) -> None:
    """End as an interpreter does, but for taking every module apart: that would cost as much as the rest."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = 120
    os._exit(code)
