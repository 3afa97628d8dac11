"""A short run of each fuzzer; a long one is for a person to start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from . import definitions, pieces, policies, runner, saved_files, settings


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "runs", "accepted", "kinds"),
    [
        pytest.param(definitions.TARGET, 500, 40, 20, id="definitions"),
        pytest.param(policies.TARGET, 500, 40, 10, id="policies"),
        pytest.param(settings.TARGET, 1000, 100, 8, id="settings"),
        pytest.param(saved_files.TARGET, 500, 50, 8, id="saved_files"),
        pytest.param(pieces.TARGET, 500, 100, 15, id="pieces"),
    ],
)
def test_mutated_inputs(target: runner.Target, runs: int, accepted: int, kinds: int) -> None:
    outcome = runner.run(target, runs, seed=2026)
    assert outcome.failures == []
    assert outcome.runs == runs
    # A fuzzer that only meets syntax errors tests nothing.
    assert outcome.accepted > accepted
    assert len(outcome.kinds) > kinds


def test_what_goes_wrong_is_found() -> None:
    def check(_: bytes, result: int) -> list[str]:
        return ["it is one"] * (1 // result)

    target = runner.Target(
        lambda runs, _: iter([b"1", b"x", b"2", b"0"] * runs), int, check, lambda result: [str(result)], bool
    )
    outcome = runner.run(target, 1, seed=0)
    faults = [(data, fault.partition("Error")[0]) for data, fault in outcome.failures]
    assert faults == [(b"1", "it is one"), (b"x", "raised Value"), (b"0", "the check raised ZeroDivision")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["definitions", "pieces", "policies", "settings", "saved_files"])
def test_fuzzers_run_by_hand(name: str) -> None:
    command = [sys.executable, "-m", f"tests.fuzz.{name}", "--runs", "50", "--seed", "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stderr) == (0, "")
    assert "runs 50, seed 4\n" in done.stdout
    assert done.stdout.endswith("failures 0\n")
