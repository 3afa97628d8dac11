"""The data's way to a plan, which `plan` and `apply` share."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.api import audiences
from reconciler.app import evaluation, reach
from reconciler.errors import DefinitionError, Diagnostic, SettingsError
from reconciler.plan import guards
from reconciler.plan.build import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.api.audiences import LiveState
    from reconciler.api.connection import Connection
    from reconciler.app.merge_base import MergeBase
    from reconciler.model import Definition, ListedAudience
    from reconciler.plan import Limits, Plan


def load(paths: Sequence[str]) -> tuple[Definition, ...]:
    """Return the definitions; raises DefinitionError with every problem of every file."""
    from reconciler import definitions

    loaded = definitions.load(paths)
    if loaded.has_errors:
        raise DefinitionError(loaded.diagnostics)
    return loaded.definitions


async def plan(
    definitions: Sequence[Definition],
    connection: Connection,
    limits: Limits,
    targets: Sequence[str] = (),
    merge_base: MergeBase | None = None,
    *,
    reach_budget: int = 0,
    has_funnels: bool = False,
) -> Plan:
    """Read the live state and plan: with targets for these alone, with a merge base saying who changed what.

    The guards are then those of the merge base, and what is lifted of them is a warning. At most
    `reach_budget` requests are spent on how many people the changes reach, and what is left of them, for
    `has_funnels`, on what each filter takes away.
    Raises SettingsError for a target that matches no definition, and ApiError.
    """
    from reconciler.api.client import ReadClient

    rules = schema.rules()
    counted = limits if merge_base is None else merge_base.limits or limits
    targets = tuple(dict.fromkeys(targets))
    included = targeted(definitions, targets)
    async with ReadClient(connection) as client:
        live = await audiences.fetch(client, [definition.id for definition in included], rules)
        made = build(
            origin=connection.origin,
            definitions=included,
            live=live.audiences,
            others=live.others,
            rules=rules,
            limits=counted,
            active=live.active,
            generation=live.generation,
            targets=targets,
            owned={definition.id for definition in definitions},
            base=None if merge_base is None else merge_base.definitions,
            diagnostics=(*_lifted(definitions, limits, merge_base), *_doubts(live)),
        )
        made = await evaluation.evaluate(made, included, client, rules, live.generation)
        return await reach.add(made, client, counted, reach_budget, rules, has_funnels=has_funnels)


def _lifted(
    definitions: Sequence[Definition], limits: Limits, merge_base: MergeBase | None
) -> Iterator[Diagnostic]:
    if merge_base is not None:
        yield from guards.lifted(merge_base.definitions, definitions, merge_base.limits, limits)


def _doubts(live: LiveState) -> Iterator[Diagnostic]:
    """Yield what the plan cannot know because the list may not have been all of it."""
    if live.doubt:
        yield Diagnostic(
            "warning",
            "list-may-be-short",
            f"the API's list of audiences may not be all of it: {live.doubt}",
            "Every defined audience was read. Which others there are, and how many active slots they take, "
            "is known only as far as the list goes",
        )


def targeted(
    definitions: Sequence[Definition], targets: Sequence[str], option: str = "--target "
) -> Sequence[Definition]:
    """Return the definitions that the targets match, all without targets; raises SettingsError."""
    for target in targets:
        if not any(is_target(definition, target) for definition in definitions):
            raise SettingsError(
                f'{option}"{target}" matches no definition', "Give an id, or a glob over names: 'CFO*'"
            )
    if not targets:
        return definitions
    return [
        definition for definition in definitions if any(is_target(definition, target) for target in targets)
    ]


def is_target(audience: Definition | ListedAudience, target: str) -> bool:
    """Tell whether a target means this audience: by its id, its name or a glob over names."""
    # A name may itself hold what a glob gives a meaning to: [crm].
    is_named = target == audience.name or fnmatchcase(audience.name, target)
    return is_named or target.lower() == audience.id
