"""The data's way to a plan, which `plan` and `apply` share."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler import schema, wording
from reconciler.api import audiences
from reconciler.app import evaluation, reach
from reconciler.errors import DefinitionError, Diagnostic, SettingsError
from reconciler.plan import exceptions, guards, pieces, policy, subject, topic_names
from reconciler.plan.build import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.api.audiences import LiveState
    from reconciler.api.connection import Connection
    from reconciler.app.merge_base import MergeBase
    from reconciler.definitions import Definitions
    from reconciler.model import Definition, ListedAudience
    from reconciler.plan import Limits, Plan
    from reconciler.plan.exceptions import Exceptions


MAX_REMARKS = 20


def load(paths: Sequence[str]) -> Definitions:
    """Return what the definitions say by the project's catalogue, and what there is to warn of.

    Raises DefinitionError with every problem of every file, and FileError for a catalogue that is of no use.
    """
    from reconciler import definitions
    from reconciler.app import catalogue

    return valid(definitions.load(paths, catalogue.read(paths)))


def valid(loaded: Definitions) -> Definitions:
    """Return what was read; raises DefinitionError with every problem of every file."""
    if loaded.has_errors:
        raise DefinitionError(loaded.diagnostics)
    return loaded


async def plan(
    loaded: Definitions,
    connection: Connection,
    limits: Limits,
    targets: Sequence[str] = (),
    merge_base: MergeBase | None = None,
    *,
    reach_budget: int = 0,
    has_funnels: bool = False,
    tell: Exceptions | None = None,
) -> Plan:
    """Read the live state and plan: with targets for these alone, with a merge base saying who changed what.

    The guards are then those of the merge base, and what is lifted of them is a warning. At most
    `reach_budget` requests are spent on how many people the changes reach, and what is left of them, for
    `has_funnels`, on what each filter takes away. `tell` says whether an exception to a policy counts;
    without it, one that is in the merge base's file does.
    Raises SettingsError for a target that matches no definition, and ApiError.
    """
    from reconciler.api.client import ReadClient
    from reconciler.app import catalogue

    definitions, rules = loaded.definitions, schema.rules(loaded.catalogue)
    counted = limits if merge_base is None else merge_base.limits or limits
    targets = tuple(dict.fromkeys(targets))
    included = targeted(definitions, targets)
    async with ReadClient(connection) as client:
        found = await audiences.fetch(client, [definition.id for definition in included], rules)
        live = catalogue.named(found, loaded.catalogue)
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
            pieces=()
            if merge_base is None
            else pieces.edits(merge_base.definitions, definitions, merge_base.edited_pieces),
            diagnostics=(
                *_remarks(loaded, included),
                *_lifted(definitions, limits, merge_base),
                *_renamed(included, merge_base),
                *_doubts(live),
            ),
        )
        made = await evaluation.evaluate(made, included, client, rules, live.generation)
        made = await reach.add(made, client, counted, reach_budget, rules, has_funnels=has_funnels)
    base = None if merge_base is None else merge_base.definitions
    tell = tell or exceptions.merged(base)
    subjects = subject.of_plan(made, included, live.audiences, base)
    return policy.judge(made, counted.policies, subjects, tell)


def _remarks(loaded: Definitions, included: Sequence[Definition]) -> Iterator[Diagnostic]:
    """Yield what there is to warn of in the files that are planned, as far as a plan has room for it.

    A catalogue that is out of date is told of at every definition.
    """
    files = {definition.file for definition in included}
    found = [one for one in loaded.diagnostics if one.file in files]
    yield from found[:MAX_REMARKS]
    if more := found[MAX_REMARKS:]:
        summary = f"{wording.count(len(more), 'more warning')} of definitions, the first of them here"
        hint = "Run `reconciler validate` to see each"
        yield replace(more[0], code="more-warnings", summary=summary, detail=hint, path=None)


def _renamed(included: Sequence[Definition], merge_base: MergeBase | None) -> Iterator[Diagnostic]:
    if merge_base is not None:
        yield from topic_names.changed(merge_base.definitions, included)


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
