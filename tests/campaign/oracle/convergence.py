"""The law of the calm: one clean apply converges, the next sends nothing but what a server cannot remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.campaign import model
from tests.campaign.evidence import agent

from .violation import Violation
from .writes import allowed_changes, is_protected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.campaign.evidence import Act, Evidence, Process
    from tests.campaign.model import Document


def judge(evidence: Evidence) -> Iterator[Violation]:
    """Yield where the calm after a storm did not bring all that is defined, exactly."""
    act = evidence.calm
    if evidence.missing is not None:
        sent = [entry for entry in act.log if agent(entry) == "missing" and entry.method != "GET"]
        if evidence.missing.returncode != 1 or sent:
            yield Violation("missing", "missing", f"exit code {evidence.missing.returncode}, sent {sent}")
    state = act.initial
    for process in act.processes:
        patches = _due(act, state)
        after = {
            name: model.stored(one, patches[name], merges=act.merges) if name in patches else one
            for name, one in state.items()
        }
        outcomes = {
            name: "applied" if model.holds(after[name], patch) else "failed"
            for name, patch in patches.items()
        }
        for what in _unlike(act, process, patches, outcomes):
            yield Violation("convergence", process.name, what)
        state = after
    for name, one in state.items():
        if model.writable(act.final.get(name)) != model.writable(one):
            yield Violation("convergence", "calm", f"{name} is {act.final.get(name)}, not {one}")
    yield from _unhealthy_calm(evidence)


def _due(act: Act, state: Mapping[str, Document]) -> dict[str, Document]:
    pairs = ((name, model.patch_for(one, state[name])) for name, one in act.definitions.items())
    return {name: patch for name, patch in pairs if patch is not None}


def _unlike(
    act: Act, process: Process, patches: Mapping[str, Document], outcomes: Mapping[str, str]
) -> Iterator[str]:
    sent = {(entry.id, entry.body) for entry in act.sent_by(process) if entry.method == "PATCH"}
    due = {(name, model.encode(patch)) for name, patch in patches.items()}
    if sent != due:
        yield f"sent {sorted(map(str, sent))}, due was {sorted(map(str, due))}"
    expected = 4 if "failed" in outcomes.values() else 0
    if process.returncode != expected:
        said = f"{process.stdout.decode()} {process.stderr.decode()}"
        yield f"exit code {process.returncode}, not {expected}: {said}"
        return
    told = {result["id"]: result["outcome"] for result in process.report["results"]}
    if told != outcomes:
        yield f"said {told}, due was {outcomes}"


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
    return any(is_protected(definitions[name]) for name in evidence.changes) or (
        is_limited and len(evidence.changes) > allowed_changes(definitions)
    )
