"""A reviewed plan applied once more: it goes on with what is left of it, and with nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.campaign import model

from . import planning
from .convergence import effect, unlike
from .limits import is_protected
from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.campaign.evidence import Act, Evidence, Process

    Steps = tuple[model.Step, ...]

STALE, ERROR = 3, 1


def judge(evidence: Evidence) -> Iterator[Violation]:
    """Yield where a resumed apply did not bring what is left of its plan, or sent what nobody reviewed."""
    act = evidence.resumed
    if act is None:
        return
    process, after = act.processes
    due = _due(act)
    code = _refusal(evidence, act, due)
    if code is not None:
        sent = [entry for entry in act.sent_by(process) if entry.method == "PATCH"]
        if process.returncode != code or sent:
            what = f"exit code {process.returncode}, not {code}; sent {sent}: {process.stderr.decode()}"
            yield Violation("resumed", process.name, what)
        state = act.initial
    else:
        expected = {name: effect(act.initial[name], steps, merges=act.merges) for name, steps in due.items()}
        yield from (Violation("resumed", process.name, what) for what in unlike(act, process, expected))
        state = {**act.initial, **{name: one.after for name, one in expected.items()}}
    yield from _judge_plan(act, after, state)


def _due(act: Act) -> dict[str, Steps]:
    pairs = {
        name: model.steps_for(one, act.initial[name])
        for name, one in act.definitions.items()
        if name in act.initial and not model.is_odd(act.initial[name], one)
    }
    return {name: steps for name, steps in pairs.items() if steps}


def _is_obstructed(act: Act) -> bool:
    """Tell whether an audience that has a definition is gone, or cannot be read."""
    return any(
        name not in act.initial or model.is_odd(act.initial[name], one)
        for name, one in act.definitions.items()
    )


def _refusal(evidence: Evidence, act: Act, due: Mapping[str, Steps]) -> int | None:
    """Give the exit code of what must be refused, None where all that is left was reviewed."""
    if _is_obstructed(act):
        return ERROR
    reviewed = evidence.steps
    if not all(
        any(planning.is_same(step, one) for one in reviewed.get(name, ()))
        for name, steps in due.items()
        for step in steps
    ):
        return STALE
    return STALE if any(is_protected(act.definitions[name]) for name in due) else None


def _judge_plan(act: Act, after: Process, state: Mapping[str, model.Document]) -> Iterator[Violation]:
    """Hold the plan afterwards to be empty, or to name what is in the way."""
    if _is_obstructed(act):
        return
    if after.returncode or after.saved is None:
        yield Violation("resumed", after.name, f"exit code {after.returncode}: {after.stderr.decode()}")
        return
    planned = planning.steps_of(json.loads(after.saved))
    due = {name: model.steps_for(one, state[name]) for name, one in act.definitions.items()}
    yield from planning.unlike(after.name, planned, due)
