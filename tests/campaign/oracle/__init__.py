"""The oracle: what must never happen, judged by the server's own log and not by what the client says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import asked, convergence, limits, obstacles, planning, reports, resuming, secrets, starts, writes
from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.campaign.evidence import Evidence

__all__ = ["Violation", "judge"]


def judge(evidence: Evidence) -> tuple[Violation, ...]:
    """Give every violation of a run."""
    return tuple(_all(evidence))


def _all(evidence: Evidence) -> Iterator[Violation]:
    wrong = tuple(planning.judge(evidence))
    yield from wrong
    if wrong:
        return  # all that follows would only say it again
    for act in evidence.acts:
        for process in act.processes:
            if process.arguments[:1] == ("apply",):
                yield from writes.judge(evidence, act, process)
                yield from starts.judge(act, process)
                yield from asked.judge(act, process)
                yield from limits.judge(evidence, act, process)
                yield from reports.judge(evidence, act, process)
    yield from obstacles.judge(evidence)
    yield from resuming.judge(evidence)
    yield from convergence.judge(evidence)
    yield from secrets.judge(evidence)
