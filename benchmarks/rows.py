"""The rows of the table: what is run, beside which floors, and what it should take."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RECONCILER = (sys.executable, "-c", "from reconciler.entry_point import main; main()")
REQUESTS_OF_A_CHANGE = 2  # a read and a write; what is read afterwards can overlap other changes
_PLAN = ("plan", "--no-reach")  # as what stands beside it, which asks nothing about reach
_APPLY = (
    "apply",
    "--auto-approve",
    "--max-changes",
    "100%",
    "--format",
    "json",
    "--parallelism",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is measured, over `size` definitions of which `changed` differ live.

    `latency` is None where no API is needed. `goal` is the most that `measure` should be, in seconds or, for
    an apply or `organizations` at once, in times its bound; `memory_goal` is in MiB. Of several
    organizations each has these definitions.
    """

    name: str
    arguments: tuple[str, ...]
    runs: int
    goal: float
    size: int = 0
    changed: int = 0
    latency: float | None = None
    workers: int = 0
    memory_goal: float | None = None
    floors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    with_opentofu: bool = False
    organizations: int = 0

    @property
    def measure(self) -> str:
        """What the goal is about: an apply waits for the API, everything else for the processor."""
        return "wall" if self.workers else "cpu"

    @property
    def bound(self) -> float | None:
        """The seconds that its requests take at least, one after the other in each worker.

        They are an apply's reads and writes, or one list of each organization.
        """
        if self.latency is None or not self.workers:
            return None
        if self.organizations:
            return self.organizations * self.latency / self.workers
        return self.changed * REQUESTS_OF_A_CHANGE * self.latency / self.workers

    @property
    def command(self) -> tuple[str, ...]:
        return (*RECONCILER, *self.arguments)


def rows(scale: float = 1.0) -> tuple[Row, ...]:
    """Return the table's rows; `scale` makes every organization smaller, to try the benchmark itself."""

    def of(number: int) -> int:
        return max(int(number * scale), 1)

    files = {name: _floor(name) for name in ("read", "events", "load")}
    script = {"script": _floor("script")}
    imports = {name: (sys.executable, "-c", f"import {name}") for name in ("click", "httpx")}
    parts = (sys.executable, "-c", "import click, yaml")
    click, one_file, one_plan = (
        {"click": imports["click"]},
        {"click, yaml": parts},
        {"httpx": imports["httpx"]},
    )
    return (
        Row("help", ("--help",), 15, 0.055, floors=click),
        Row("version", ("--version",), 15, 0.055, floors=click),
        Row("validate-1", ("validate",), 15, 0.115, size=1, floors=one_file),
        Row("validate-10000", ("validate",), 5, 2.0, of(10_000), memory_goal=80, floors=files),
        Row("validate-100000", ("validate",), 1, 20.0, of(100_000), memory_goal=80, floors=files),
        Row("plan-1", _PLAN, 15, 0.2, size=1, latency=0, floors=one_plan),
        Row("plan-1000", _PLAN, 5, 0.6, of(1000), of(50), 0.0, 0, 60, script, with_opentofu=True),
        Row("plan-10000", _PLAN, 3, 6.0, of(10_000), of(50), 0.0, 0, 300, script),
        *(
            Row(
                f"apply-{workers}",
                (*_APPLY, str(workers)),
                5,
                goal,
                of(100),
                of(100),
                0.05,
                workers,
                floors={"exchange": _floor("exchange", str(workers))},
            )
            for workers, goal in ((4, 1.15), (8, 1.3), (16, 1.4))
        ),
        Row(
            "fleet-drift-2000",
            ("fleet", "drift", "--jobs", "16", "--format", "json"),
            1,
            2.4,  # of 25 s: about a minute
            size=10,
            latency=0.2,
            workers=16,
            memory_goal=300,
            organizations=of(2000),
        ),
    )


def _floor(name: str, *more: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "benchmarks.floors", name, "audiences.d", *more)
