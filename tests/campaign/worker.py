"""A worker of the pool: plays runs one after the other, with a fork server of its own."""

from __future__ import annotations

import atexit
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.doubles.fork_server import ForkServer

from . import figures, oracle, scenario
from .evidence import agent
from .figures import Figures
from .oracle import Violation
from .run import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .evidence import Act, Evidence

_servers: list[ForkServer] = []


def prepare() -> None:
    """Give the worker its fork server, which ends with it."""
    server = ForkServer(is_measured=False)  # what is killed would leave torn data
    atexit.register(server.close)
    _servers.append(server)


def play(seed: int, number: int, keep: Path | None) -> tuple[Figures, tuple[Violation, ...]]:
    """Play one run and judge it; where it fails, what it left is kept."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        try:
            evidence = run(scenario.draw(f"{seed}:{number}"), Path(folder), _servers[0])
            violations = oracle.judge(evidence)
            counted = figures.of(evidence, violations)
        except Exception:  # noqa: BLE001 - a run that breaks the campaign itself is a finding too
            broken = Violation("campaign", "", traceback.format_exc())
            return Figures(runs=1, violations=Counter(["campaign"])), (broken,)
    if violations and keep is not None:
        _keep(keep / f"{seed}-{number}.txt", evidence, violations)
    return counted, violations


def _keep(file: Path, evidence: Evidence, violations: Sequence[Violation]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        *map(str, violations),
        "",
        *(line for act in evidence.acts for line in (*_story(act), "")),
        str(evidence.plan),
    ]
    file.write_text("\n".join(lines), "utf-8", "backslashreplace")


def _story(act: Act) -> Iterator[str]:
    for entry in act.log:
        yield (
            f"{entry.number} {entry.time_monotonic:.4f} {agent(entry)} {entry.method} {entry.target} "
            f"{entry.status} {entry.faults} {'STORED' if entry.stored else ''} {entry.body!r}\n"
            f"        {entry.before}\n        {entry.after}"
        )
    for process in act.processes:
        yield f"{process.name} {process.arguments} -> {process.returncode}, signals {process.signals}"
        yield from (f"{name}: {getattr(process, name)!r}" for name in ("stdout", "stderr", "journal"))
