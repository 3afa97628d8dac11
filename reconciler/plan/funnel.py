"""How the filters of a config narrow down whom it reaches, one after the other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.model import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Json, Path, Rules
    from reconciler.plan.model import Change, Step

CONFIG: Path = ("config",)


def configs(config: Mapping[str, Json], rules: Rules) -> Sequence[tuple[str, dict[str, Json]]]:
    """Return the config without filters, and then with each filter added in the schema's order.

    Each with the path of what is added; the last one is the config itself, and one without filters has none.
    What the schema does not know comes last, by its name.
    """
    group = next(
        (path for path, rule in rules.items() if rule.kind == "group" and path[:-1] == CONFIG), CONFIG
    )
    filters = config.get(group[-1])
    if not isinstance(filters, dict) or not filters:
        return []
    bare = {key: value for key, value in config.items() if key != group[-1]}
    order = {path: place for place, path in enumerate(rules)}
    keys = sorted(filters, key=lambda key: (order.get((*group, key), len(order)), key))
    steps = [{key: filters[key] for key in keys[: nth + 1]} for nth in range(len(keys))]
    return [
        (dotted(CONFIG), bare),
        *((dotted((*group, key)), {**bare, group[-1]: step}) for key, step in zip(keys, steps, strict=True)),
    ]


def is_wanted(change: Change) -> bool:
    """Whether a change makes one ask whom the filters leave: it brings a config, or starts with it."""
    return "config" in change.patch or change.phase == "activate"


def largest_cut(funnel: Sequence[Step]) -> tuple[str, float] | None:
    """Return the path of the filter that takes away the largest share, and the share; None without any."""
    cuts = [
        (after.path, 1 - after.people / before.people)
        for before, after in pairwise(funnel)
        if before.people > after.people
    ]
    return max(cuts, key=lambda one: one[1], default=None)
