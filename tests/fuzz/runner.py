"""Runs a fuzzer: gives its target many inputs, each within a time and all within some memory."""

from __future__ import annotations

import argparse
import atexit
import faulthandler
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.render import diagnostics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.errors import ReconcilerError

SLOWEST_ALLOWED = 2.0  # CPU seconds
MEMORY_ALLOWED = 150.0  # MiB by which the peak of the process may grow


@dataclass(frozen=True)
class Target:
    """What is fuzzed: `read` takes an input, `kinds` name what it gave, and `check` what is wrong with that.

    `is_accepted` tells a result that passed as valid from one that is a problem.
    """

    cases: Callable[[int, int], Iterator[bytes]]
    read: Callable[[bytes], Any]
    check: Callable[[bytes, Any], list[str]]
    kinds: Callable[[Any], list[str]]
    is_accepted: Callable[[Any], bool]


@dataclass(slots=True)
class Outcome:
    """What a run found: CPU seconds, and MiB by which the peak of the process grew."""

    runs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_input: bytes = b""
    memory: float = 0.0
    accepted: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[bytes, str]] = field(default_factory=list)


def run(target: Target, runs: int, seed: int) -> Outcome:
    """Give the target its inputs and judge what it makes of each."""
    outcome, before = Outcome(), _peak()
    for data in target.cases(runs, seed):
        started = time.process_time()
        try:
            result, faults = target.read(data), []
        except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
            result, faults = None, [f"raised {error!r}"]
        taken = time.process_time() - started
        outcome.runs += 1
        outcome.seconds += taken
        if taken > outcome.slowest:
            outcome.slowest, outcome.slowest_input = taken, data
        outcome.memory = _peak() - before
        if not faults:
            outcome.accepted += target.is_accepted(result)
            outcome.kinds.update(target.kinds(result))
            faults = _checked(target, data, result)
        if taken > SLOWEST_ALLOWED or outcome.memory > MEMORY_ALLOWED:
            faults.append(f"took {taken:.2f} s; memory has grown by {outcome.memory:.0f} MiB")
        outcome.failures += [(data, fault) for fault in faults]
    return outcome


def _checked(target: Target, data: bytes, result: Any) -> list[str]:
    try:
        return target.check(data, result)
    except Exception as error:  # noqa: BLE001 - what is read may break where it is used
        return [f"the check raised {error!r}"]


def is_one_line(error: ReconcilerError) -> bool:
    """Tell whether a person is shown one line, without a control character, that says what to do."""
    shown = diagnostics.diagnostics(error.diagnostics)
    return bool(error.detail) and shown.endswith("\n") and shown[:-1].isprintable()


def scratch(name: str) -> Path:
    """Return a new folder that is removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _peak() -> float:
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(target: Target) -> int:
    """Run from the command line; 1 if anything failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faulthandler.enable()
    outcome = run(target, options.runs, options.seed)
    say = sys.stdout.write
    say(f"runs {outcome.runs}, seed {options.seed}\n")
    say(f"accepted {outcome.accepted}\n")
    say(f"reading took {outcome.seconds:.1f} s, the slowest {outcome.slowest:.3f} s\n")
    say(f"  {len(outcome.slowest_input)} bytes: {outcome.slowest_input[:60]!r}\n")
    say(f"the peak of memory grew by {outcome.memory:.0f} MiB\n")
    say(f"kinds: {', '.join(f'{kind} {count}' for kind, count in outcome.kinds.most_common())}\n")
    for data, fault in outcome.failures[:20]:
        say(f"FAILED {fault}\n  {data[:400]!r}\n")
    say(f"failures {len(outcome.failures)}\n")
    return 1 if outcome.failures else 0
