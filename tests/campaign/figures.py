"""What many runs add up to, and how it is printed."""

from __future__ import annotations

import signal
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .evidence import Act, Evidence, Process
    from .oracle import Violation

_ROUND = 6  # items in a row of the table


@dataclass(slots=True)
class Figures:
    """Counts by kind; they add up."""

    runs: int = 0
    processes: int = 0
    requests: int = 0
    writes: int = 0
    edits: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    exit_codes: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)

    def add(self, other: Figures) -> None:
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, mine + theirs)

    def lines(self) -> Iterator[str]:
        """Yield the table."""
        yield f"runs: {self.runs}; applies: {self.processes}"
        yield f"requests: {self.requests}; writes stored: {self.writes}"
        yield f"foreign edits: {self.edits}"
        for title in ("faults", "signals", "outcomes", "exit_codes", "violations"):
            counter: Counter[str] = getattr(self, title)
            yield f"{title.replace('_', ' ')}: {counter.total()}"
            items = [f"{name} {number}" for name, number in sorted(counter.items())]
            for start in range(0, len(items), _ROUND):
                yield "    " + ", ".join(items[start : start + _ROUND])


def of(evidence: Evidence, violations: Iterable[Violation]) -> Figures:
    """Count one run: its storm, whose calm is only its proof."""
    figures = Figures(runs=1, violations=Counter(one.rule for one in violations))
    act = evidence.storm
    figures.edits = sum(entry.method == "EDIT" for entry in act.log)
    for process in act.processes:
        _count(figures, act, process)
    return figures


def _count(figures: Figures, act: Act, process: Process) -> None:
    sent = act.sent_by(process)
    figures.processes += 1
    figures.requests += len(sent)
    figures.writes += sum(entry.stored for entry in sent)
    figures.faults.update(kind for entry in sent for kind in entry.faults)
    figures.signals.update(signal.Signals(number).name for number in process.signals)
    figures.exit_codes[str(process.returncode)] += 1
    try:
        figures.outcomes.update(result["outcome"] for result in process.report["results"])
    except (ValueError, LookupError, TypeError):
        figures.outcomes["(no report)"] += 1
