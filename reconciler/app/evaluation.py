"""The API's word on every changed config, before anybody is asked to apply it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api import evaluation
from reconciler.errors import Diagnostic
from reconciler.model import normalise
from reconciler.plan.evaluation import problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.api.client import ReadClient
    from reconciler.model import Definition, Json, Rules
    from reconciler.plan import Plan

FIRST, SECOND = 1, 2  # generations of the API, of which the second one has the route


async def evaluate(
    plan: Plan, definitions: Sequence[Definition], client: ReadClient, rules: Rules, generation: int | None
) -> Plan:
    """Return the plan with an error for all that the API would refuse, or store otherwise than it is sent.

    Where nothing told the `generation`, an API without the route has nothing to say. Raises ApiError.
    """
    if generation == FIRST:
        return plan
    bodies = _bodies(plan, rules)
    verdicts = await evaluation.ask(client, bodies, rules)
    found = [*plan.diagnostics]
    for definition in definitions:
        verdict = verdicts.get(definition.id)
        if verdict is not None:
            asked = {"config": normalise(bodies[definition.id], rules, ("config",))}
            found += problems(definition, asked, verdict, rules)
    if generation == SECOND and None in verdicts.values():
        found.append(_NOT_EVALUATED)
    return replace(plan, diagnostics=tuple(found))


def _bodies(plan: Plan, rules: Rules) -> Mapping[str, dict[str, Json]]:
    """Return the changed configs by id, but for those of files that an error is known of already."""
    wrong = {diagnostic.file for diagnostic in plan.diagnostics if diagnostic.is_error}
    return {
        change.id: evaluation.body(config, rules)
        for change in plan.changes
        if isinstance(config := change.patch.get("config"), dict) and change.file not in wrong
    }


_NOT_EVALUATED = Diagnostic(
    "warning",
    "not-evaluated",
    "the API has no route that tells what it would store, so nobody asked",
    "Read the changed scores and filters with care",
)
