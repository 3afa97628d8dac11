"""The law of the calm: one clean apply converges, the next sends nothing but what a server cannot remove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.campaign import model
from tests.campaign.evidence import agent

from .limits import allowed_changes, is_protected
from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.campaign.evidence import Act, Evidence, Process
    from tests.campaign.model import Document


def judge(evidence: Evidence) -> Iterator[Violation]:
    """Yield where the calm after a storm did not bring all that is defined, exactly."""
    act = evidence.calm
    if evidence.missing is not None:
        sent = [entry for entry in act.log if agent(entry) == "missing" and entry.method == "PATCH"]
        if evidence.missing.returncode != 1 or sent:
            yield Violation("missing", "missing", f"exit code {evidence.missing.returncode}, sent {sent}")
    state = act.initial
    for process in act.processes:
        due = {name: model.steps_for(one, state[name]) for name, one in act.definitions.items()}
        expected = {
            name: effect(state[name], steps, merges=act.merges) for name, steps in due.items() if steps
        }
        for what in unlike(act, process, expected):
            yield Violation("convergence", process.name, what)
        state = {**state, **{name: one.after for name, one in expected.items()}}
    yield from _unlike_state(act, state)
    yield from _unhealthy_calm(evidence)


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of an audience: the PATCH calls that are sent, what is stored, and the outcome."""

    sent: tuple[bytes, ...]
    after: Document
    outcome: str


def effect(audience: Document, steps: tuple[model.Step, ...], *, merges: bool) -> Effect:
    """Give what a healthy server makes of steps; one that is not as asked is the last."""
    sent: list[bytes] = []
    for step in steps:
        audience = model.stored(audience, step.patch, merges=merges)
        sent.append(model.encode(step.patch))
        if not model.holds(audience, step.patch):
            return Effect(tuple(sent), audience, "failed")
    return Effect(tuple(sent), audience, "applied")


def unlike(act: Act, process: Process, expected: Mapping[str, Effect]) -> Iterator[str]:
    """Yield where a process on a healthy server sent or said anything but what is expected."""
    sent: dict[str | None, tuple[bytes, ...]] = {}
    for entry in act.sent_by(process):
        if entry.method == "PATCH":
            sent[entry.id] = (*sent.get(entry.id, ()), model.spelled(entry.body))
    due = {name: one.sent for name, one in expected.items()}
    if sent != due:
        yield f"sent {sent}, due was {due}"
    outcomes = {name: one.outcome for name, one in expected.items()}
    code = 4 if "failed" in outcomes.values() else 0
    if process.returncode != code:
        said = f"{process.stdout.decode()} {process.stderr.decode()}"
        yield f"exit code {process.returncode}, not {code}: {said}"
        return
    told = {result["id"]: result["outcome"] for result in process.report["results"]}
    if told != outcomes:
        yield f"said {told}, due was {outcomes}"


def _unlike_state(act: Act, state: Mapping[str, Document]) -> Iterator[Violation]:
    for name, one in state.items():
        if model.writable(act.final.get(name)) != model.writable(one):
            yield Violation("convergence", "calm", f"{name} is {act.final.get(name)}, not {one}")


def _unhealthy_calm(evidence: Evidence) -> Iterator[Violation]:
    """Hold a lone apply that nothing disturbed to have done all of it."""
    act = evidence.storm
    is_disturbed = any(entry.faults or entry.method == "EDIT" or entry.status == 403 for entry in act.log)
    is_alone = len(act.processes) == 1 and not act.processes[0].signals
    if is_disturbed or not is_alone or act.merges or _is_forbidden(evidence):
        return
    process = act.processes[0]
    if process.returncode != 0:
        yield Violation("calm", process.name, f"exit code {process.returncode}: {process.stderr.decode()}")


def _is_forbidden(evidence: Evidence) -> bool:
    """Tell whether a limit or a protection must have stopped the apply."""
    definitions = evidence.storm.definitions
    is_limited = "--max-changes" not in evidence.storm.processes[0].arguments
    return any(is_protected(definitions[name]) for name in evidence.steps) or (
        is_limited and len(evidence.steps) > allowed_changes(definitions)
    )
