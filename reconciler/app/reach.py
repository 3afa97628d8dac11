"""How many people each changed audience reaches, before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api.reach import Count, Counter, body
from reconciler.model import canonical
from reconciler.plan import funnel, reach
from reconciler.plan.model import Reach, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.api.client import ReadClient
    from reconciler.model import Json, Rules
    from reconciler.plan import Limits, Plan

    Configs = tuple[dict[str, Json], dict[str, Json]]  # before and after
    Steps = Sequence[tuple[str, dict[str, Json]]]


async def add(
    plan: Plan, client: ReadClient, limits: Limits, budget: int, rules: Rules, *, has_funnels: bool = False
) -> Plan:
    """Return the plan with the reach of its changes, and what the limits say of it; never fails.

    A `budget` of 0 requests asks nothing, and leaves all as it was. For `has_funnels`, what is left of it is
    spent on how the filters narrow down the audiences, first those whose number of people moves most.
    """
    if not budget or not plan.changes:
        return plan
    configs = _configs(plan)
    asked = [config for pair in configs.values() for config in pair if config.get("topicIds")]
    counter = Counter(client, budget)
    counts = await counter.count(asked)
    found = {
        key: _reach(*(counts[canonical(config)] for config in pair))
        for key, pair in configs.items()
        if all(config.get("topicIds") for config in pair)
    }
    if has_funnels:
        found |= await _funnels(_steps(plan, configs, found, rules), found, counter)
    counted = replace(plan, changes=tuple(replace(one, reach=found.get(one.id)) for one in plan.changes))
    return replace(counted, diagnostics=(*plan.diagnostics, *reach.warnings(counted, limits)))


def _steps(
    plan: Plan, configs: Mapping[str, Configs], found: Mapping[str, Reach], rules: Rules
) -> Mapping[str, Steps]:
    """Return the steps of each audience whose numbers are known, the largest effect first."""
    moved = {key: number for key, one in found.items() if (number := _moved(one)) is not None}
    wanted = dict.fromkeys(one.id for one in plan.changes if one.id in moved and funnel.is_wanted(one))
    return {
        key: funnel.configs(configs[key][1], rules) for key in sorted(wanted, key=lambda key: -moved[key])
    }


async def _funnels(
    steps: Mapping[str, Steps], found: Mapping[str, Reach], counter: Counter
) -> Mapping[str, Reach]:
    """Return the reaches that got a funnel: whole ones only, as many as fit in what is left of the budget."""
    chosen: dict[str, Steps] = {}
    asked: set[str] = set()
    for key, one in steps.items():
        more = asked | counter.unknown(config for _, config in one).keys()
        if one and len(more) <= counter.left:
            chosen[key], asked = one, more
    counts = await counter.count(config for one in chosen.values() for _, config in one)
    return {
        key: replace(found[key], funnel=_funnel([(path, counts[canonical(config)]) for path, config in one]))
        for key, one in chosen.items()
    }


def _moved(reach: Reach) -> int | None:
    if reach.before is None or reach.after is None:
        return None
    return abs(reach.after - reach.before)


def _funnel(counted: Sequence[tuple[str, Count | str]]) -> tuple[Step, ...]:
    """Return the steps where all are known, of one day; without one of them the others say little."""
    known = [(path, count) for path, count in counted if isinstance(count, Count)]
    is_whole = len(known) == len(counted) and len({count.data_date for _, count in known}) == 1
    return tuple(Step(path, count.people) for path, count in known) if is_whole else ()


def _configs(plan: Plan) -> dict[str, Configs]:
    """Return what to count of each changed audience, before and after all of its changes."""
    found: dict[str, Configs] = {}
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
