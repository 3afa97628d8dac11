"""The reviewed plan against what the definitions mean, on a server where all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.campaign import model

from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.campaign.evidence import Evidence


def judge(evidence: Evidence) -> Iterator[Violation]:
    """Yield where the plan is not what the definitions say."""
    planning, storm = evidence.planning, evidence.storm
    if planning.returncode or evidence.plan is None:
        yield Violation("plan", planning.name, f"exit code {planning.returncode}: {planning.stderr.decode()}")
        return
    wanted = {
        name: patch
        for name, definition in storm.definitions.items()
        if (patch := model.patch_for(definition, storm.initial[name])) is not None
    }
    for name in sorted({*wanted, *evidence.changes}):
        live, change = storm.initial[name], evidence.changes.get(name)
        if change is None or name not in wanted:
            yield Violation("plan", planning.name, f"{name}: {change} is planned, due is {wanted.get(name)}")
        elif model.encode(change["patch"]) != model.encode(wanted[name]):
            yield Violation(
                "plan", planning.name, f"{name}: {change['patch']} is planned, due is {wanted[name]}"
            )
        elif change["phase"] != model.phase_of(wanted[name], live) or not model.same(change["before"], live):
            yield Violation("plan", planning.name, f"{name}: wrong phase or before in {change}")
