"""Two processes that validate many definitions say what one says, byte for byte, and end as one does."""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.definitions import processes
from tests.cli.command import ROOT, SECONDS, Running, run, started
from tests.unit.strategies import UUIDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TWO = ("-m", "tests.cli.two")
PIECE = "config:\n  minScore: 101\n"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is one process")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give definitions of every kind of problem, first and last of which share an id."""
    below = tmp_path / "audiences.d"
    for name in ("valid", "invalid"):
        shutil.copytree(ROOT / "tests" / "unit" / "definitions" / name, below / name)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/base.yaml").write_text(PIECE, "utf-8")
    (below / "link.yaml").symlink_to("valid")
    for number, name in enumerate(("a", "b", "v", "w", "x", "y", "z")):
        extends = "extends: ../shared/base.yaml\n" if name in "bx" else ""
        text = f"id: {UUIDS[0] if name == 'z' else UUIDS[number]}\nname: {name}\n{extends}"
        (below / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path


@contextmanager
def stopped_at_work(folder: Path, **how: Any) -> Iterator[tuple[Running, int]]:
    """Start two processes, the second of which stops; give the first, and a descriptor of the other."""
    settings = {"SIGNAL": str(int(signal.SIGSTOP))}
    with started("validate", cwd=folder, program=TWO, settings=settings, **how) as process:
        deadline = time.monotonic() + SECONDS
        while not (folder / "child.pid").exists():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        child = os.pidfd_open(int((folder / "child.pid").read_text()))
        try:
            yield process, child
        finally:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(child, signal.SIGKILL)
            os.close(child)


def has_ended(child: int) -> bool:
    return child in select.select([child], [], [], SECONDS)[0]


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize("shares_id", [False, True])
def test_two_processes_print_what_one_does(folder: Path, format_: str, *, shares_id: bool) -> None:
    if not shares_id:
        (folder / "audiences.d/z.yaml").unlink()
    arguments = ("validate", "--format", format_)
    two = run(*arguments, cwd=folder, program=TWO)

    assert (folder / "child.pid").exists()
    assert two == run(*arguments, cwd=folder)
    assert ("this id is also in audiences.d/a.yaml:1:1" in two.out) == shares_id
    assert "minScore" in two.out


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_child_costs_no_result(folder: Path, number: int) -> None:
    two = run("validate", cwd=folder, program=TWO, settings={"SIGNAL": str(int(number))})

    assert (folder / "child.pid").exists()
    assert two == run("validate", cwd=folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_both_processes(folder: Path, number: signal.Signals) -> None:
    with stopped_at_work(folder) as (process, child):
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
        assert has_ended(child)

    assert (process.returncode, out) == (130, "")
    assert err == "Error: interrupted. Nothing was written.\n"


def test_child_ends_with_a_killed_parent(folder: Path) -> None:
    with stopped_at_work(folder, is_fresh=True) as (process, child):
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
        signal.pidfd_send_signal(child, signal.SIGCONT)
        assert has_ended(child)


def test_process_that_cannot_fork_leaves_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MIN_FILES", 2)
    monkeypatch.setattr("os.listdir", lambda _: ["1"])
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("os.fork", lambda: os.open("/nowhere", os.O_RDONLY))

    assert [*processes.ids(["a", "b"], str.upper)] == ["", ""]
