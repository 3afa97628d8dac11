"""The command line, reading few definitions by two processes too: `python -m tests.cli.two ARGS`.

The second one writes its number into the file CHILD before its second definition, and the first one waits for
that. Then it sends itself the signal SIGNAL before each.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import main
from reconciler.definitions import files, processes

if TYPE_CHECKING:
    from reconciler.errors import Diagnostic

CHILD = Path("child.pid")
_FIRST = os.getpid()
_fork, _read = os.fork, files.read
_read_by_child: list[str] = []


def fork() -> int:
    child = _fork()
    while child and not CHILD.exists():
        time.sleep(0.001)
    return child


def read(path: str | Path, max_bytes: int) -> bytes | Diagnostic:
    if os.getpid() != _FIRST:
        _read_by_child.append(str(path))
        if len(_read_by_child) > 1:
            CHILD.with_suffix(".new").write_text(str(os.getpid()))
            CHILD.with_suffix(".new").rename(CHILD)
            os.kill(os.getpid(), int(os.environ.get("SIGNAL", "0")))
    return _read(path, max_bytes)


if __name__ == "__main__":
    processes.MIN_FILES = 1
    os.sched_getaffinity = lambda _: {0, 1}
    os.fork, files.read = fork, read
    main()
