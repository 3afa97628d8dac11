"""One audience that cannot be read, or not be written so: an error of its own, which stops nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.campaign import model

from . import planning
from .convergence import effect, unlike
from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.campaign.evidence import Act, Evidence, Process


def judge(evidence: Evidence) -> Iterator[Violation]:
    """Yield where a plan hid the error, an apply went on all the same, or others were held up."""
    act = evidence.obstructed
    if act is None:
        return
    plan, apply, *targeted = act.processes
    for process in (plan, apply):
        for what in _unrefused(act, process):
            yield Violation("obstacle", process.name, what)
    if model.is_odd(act.initial[act.obstacle], act.definitions[act.obstacle]) and plan.saved is not None:
        due = {name: model.steps_for(one, act.initial[name]) for name, one in _others(act)}
        yield from planning.unlike(plan.name, planning.steps_of(json.loads(plan.saved)), due)
    for process in targeted:
        name = process.arguments[process.arguments.index("--target") + 1]
        steps = model.steps_for(act.definitions[name], act.initial[name])
        expected = {name: effect(act.initial[name], steps, merges=act.merges)} if steps else {}
        yield from (Violation("obstacle", process.name, what) for what in unlike(act, process, expected))


def _others(act: Act) -> Iterator[tuple[str, model.Document]]:
    return ((name, one) for name, one in act.definitions.items() if name != act.obstacle)


def _unrefused(act: Act, process: Process) -> Iterator[str]:
    sent = [entry for entry in act.sent_by(process) if entry.method == "PATCH"]
    said = process.stdout.decode("utf-8", "replace") + process.stderr.decode("utf-8", "replace")
    if process.returncode != 1 or sent:
        yield f"exit code {process.returncode}, sent {sent}: {said}"
    if act.obstacle not in said:
        yield f"{act.obstacle} is not named: {said}"
