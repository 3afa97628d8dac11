"""The data's way to a plan, which `plan` and `apply` share."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.api import audiences
from reconciler.errors import DefinitionError, SettingsError
from reconciler.plan import build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.api.client import ReadClient
    from reconciler.api.connection import Connection
    from reconciler.app.merge_base import MergeBase
    from reconciler.model import Definition
    from reconciler.plan import Limits, Plan


def load(paths: Sequence[str]) -> tuple[Definition, ...]:
    """Return the definitions; raises DefinitionError with every problem of every file."""
    from reconciler import definitions

    loaded = definitions.load(paths)
    if loaded.has_errors:
        raise DefinitionError(loaded.diagnostics)
    return loaded.definitions


async def plan(
    defined: Sequence[Definition],
    connection: Connection,
    limits: Limits,
    targets: Sequence[str] = (),
    base: MergeBase | None = None,
) -> Plan:
    """Read the live state and plan: with targets for these alone, with a base saying whose change it is."""
    from reconciler.api.client import ReadClient

    async with ReadClient(connection) as reader:
        return await _plan(defined, reader, limits, targets, base)


async def _plan(
    defined: Sequence[Definition],
    reader: ReadClient,
    limits: Limits,
    targets: Sequence[str],
    base: MergeBase | None,
) -> Plan:
    rules = schema.rules()
    targets = tuple(dict.fromkeys(targets))
    chosen = _chosen(defined, targets)
    state = await audiences.fetch(reader, [definition.id for definition in chosen], rules)
    owned = {definition.id for definition in defined}
    return build(
        origin=reader.origin,
        definitions=chosen,
        live=state.audiences,
        unmanaged=[other for other in state.others if other.id not in owned],
        rules=rules,
        limits=limits,
        active=state.active,
        targets=targets,
        base=None if base is None else base.definitions,
    )


def _chosen(defined: Sequence[Definition], targets: Sequence[str]) -> Sequence[Definition]:
    for target in targets:
        if not any(_is_target(definition, target) for definition in defined):
            raise SettingsError(
                f'--target "{target}" names no definition', "Give an id, or a glob over names: 'CFO*'"
            )
    if not targets:
        return defined
    return [definition for definition in defined if any(_is_target(definition, target) for target in targets)]


def _is_target(definition: Definition, target: str) -> bool:
    # A name may itself hold what a glob gives a meaning to: [crm].
    is_named = target == definition.name or fnmatchcase(definition.name, target)
    return is_named or target.lower() == definition.id
