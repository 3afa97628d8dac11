"""A stop that falls where Python drops exceptions is not lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys, time, weakref
import reconciler.cli as cli

class Held: pass

def run():
    held = Held()
    def gone(_):
        raise {error}
    watch = weakref.ref(held, gone)
    del held
    time.sleep({wait})
    print("went on")
    return 0

cli._run = run
try:
    cli.main()
except KeyboardInterrupt:
    print("stopped")
"""


def run(error: str, wait: float) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-c", SCRIPT.format(error=error, wait=wait)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_an_interrupt_in_a_weak_reference_s_end_comes_again() -> None:
    done = run("KeyboardInterrupt", wait=30)

    assert done.stdout == "stopped\n"
    assert done.stderr == ""


def test_what_else_is_dropped_is_still_shown() -> None:
    done = run("ValueError('seen')", wait=0)

    assert done.stdout == "went on\n"
    assert "ValueError: seen" in done.stderr
