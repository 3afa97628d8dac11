"""How many people each changed audience reaches, before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api.reach import Count, Counter, body
from reconciler.model import canonical
from reconciler.plan import reach
from reconciler.plan.model import Reach

if TYPE_CHECKING:
    from reconciler.api.client import ReadClient
    from reconciler.model import Json
    from reconciler.plan import Limits, Plan


async def add(plan: Plan, client: ReadClient, limits: Limits, budget: int) -> Plan:
    """Return the plan with the reach of its changes, and what the limits say of it; never fails.

    A `budget` of 0 requests asks nothing, and leaves all as it was.
    """
    if not budget or not plan.changes:
        return plan
    configs = _configs(plan)
    asked = [config for pair in configs.values() for config in pair if config.get("topicIds")]
    counts = await Counter(client, budget).count(asked)
    found = {
        key: _reach(*(counts[canonical(config)] for config in pair))
        for key, pair in configs.items()
        if all(config.get("topicIds") for config in pair)
    }
    counted = replace(plan, changes=tuple(replace(one, reach=found.get(one.id)) for one in plan.changes))
    return replace(counted, diagnostics=(*plan.diagnostics, *reach.warnings(counted, limits)))


def _configs(plan: Plan) -> dict[str, tuple[dict[str, Json], dict[str, Json]]]:
    """Return what to count of each changed audience, before and after all of its changes."""
    found: dict[str, tuple[dict[str, Json], dict[str, Json]]] = {}
    for change in plan.changes:
        now, wanted = change.before.get("config"), change.patch.get("config")
        before = found[change.id][0] if change.id in found else _body(now)
        found[change.id] = (before, _body(now if wanted is None else wanted))
    return found


def _body(config: Json) -> dict[str, Json]:
    return body(config) if isinstance(config, dict) else {}


def _reach(before: Count | str, after: Count | str) -> Reach:
    if isinstance(before, str):
        return Reach(unknown=before)
    if isinstance(after, str):
        return Reach(unknown=after)
    if before.data_date != after.data_date:
        return Reach(unknown="the API's data changed between two counts")
    return Reach(before.people, after.people, before.data_date)
