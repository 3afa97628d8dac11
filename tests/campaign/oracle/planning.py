"""The reviewed plan against what the definitions mean, on a server where all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.campaign import model
from tests.campaign.evidence import steps_of

from .violation import Violation

__all__ = ["is_same", "judge", "steps_of", "unlike"]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.campaign.evidence import Evidence

    Steps = tuple[model.Step, ...]


def judge(evidence: Evidence) -> Iterator[Violation]:
    """Yield where the plan is not what the definitions say."""
    planning, storm = evidence.planning, evidence.storm
    if planning.returncode or evidence.plan is None:
        yield Violation("plan", planning.name, f"exit code {planning.returncode}: {planning.stderr.decode()}")
        return
    due = {name: model.steps_for(one, storm.initial[name]) for name, one in storm.definitions.items()}
    yield from unlike(planning.name, steps_of(evidence.plan), due)
    phases = [model.PHASES.index(change["phase"]) for change in evidence.plan["changes"]]
    if phases != sorted(phases):
        yield Violation("plan", planning.name, f"its phases are in another order: {phases}")


def unlike(name: str, planned: Mapping[str, Steps], due: Mapping[str, Steps]) -> Iterator[Violation]:
    """Yield each audience whose planned steps are not those that are due."""
    for audience_id in sorted({*planned, *due}):
        one, other = planned.get(audience_id, ()), due.get(audience_id, ())
        if len(one) != len(other) or not all(map(is_same, one, other)):
            yield Violation("plan", name, f"{audience_id}: {one} is planned, due is {other}")


def is_same(one: model.Step, other: model.Step) -> bool:
    """Tell whether two steps are one, whoever planned them."""
    return (
        one.phase == other.phase
        and model.encode(one.patch) == model.encode(other.patch)
        and model.same(one.before, other.before)
    )
