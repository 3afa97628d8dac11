"""A stop that falls where Python drops exceptions is not lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, time, weakref
import reconciler.cli as cli
from reconciler import interrupts
from reconciler.cli import boundary

class Held: pass

def broken(_):
    raise ValueError("cut off")

def run(group):
    interrupts.release()
    held = Held()
    def gone(_):
        raise {error}
    watch = weakref.ref(held, gone)
    del held
    try:
        time.sleep({wait})
    finally:
        {last}
    print("went on")
    return 0

boundary.run_group = run
try:
    cli.main()
except KeyboardInterrupt:
    print("stopped")
"""


def run(error: str, wait: float, last: str = "pass") -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-c", SCRIPT.format(error=error, wait=wait, last=last)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_interrupt_in_a_weakref_callback_comes_again() -> None:
    done = run("KeyboardInterrupt", wait=30)

    assert done.stdout == "stopped\n"
    assert done.stderr == ""


def test_what_an_interrupt_cuts_off_is_quiet() -> None:
    done = run(
        "KeyboardInterrupt", wait=30, last="held = Held(); watch = weakref.ref(held, broken); del held"
    )

    assert done.stdout == "stopped\n"
    assert done.stderr == ""


def test_what_a_library_logs_is_not_for_users() -> None:
    log = "import logging; logging.getLogger('asyncio').error('noise')"
    done = run("ValueError('seen')", wait=0, last=f"group.get_command(None, 'plan'); {log}")

    assert done.returncode == 0
    assert "noise" not in done.stderr


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_after_the_report_keeps_the_exit_code(number: str) -> None:
    late = f"import atexit, os, signal; atexit.register(lambda: os.kill(os.getpid(), signal.{number}))"
    done = run("ValueError('seen')", wait=0, last=late)

    assert done.returncode == 0
    assert done.stdout == "went on\n"
    assert "KeyboardInterrupt" not in done.stderr


def test_what_else_is_dropped_is_still_shown() -> None:
    done = run("ValueError('seen')", wait=0)

    assert done.stdout == "went on\n"
    assert "ValueError: seen" in done.stderr
