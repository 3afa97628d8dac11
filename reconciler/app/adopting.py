"""What is live, taken into the definitions' files. Never writes to the API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.api import audiences
from reconciler.app import rewriting
from reconciler.app.catalogue import named
from reconciler.app.rewriting import Rewriting
from reconciler.errors import DefinitionError, FileError
from reconciler.model import spell
from reconciler.plan import Limits
from reconciler.plan.build import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.api.audiences import LiveState
    from reconciler.api.connection import Connection
    from reconciler.app.merge_base import MergeBase
    from reconciler.errors import Diagnostic
    from reconciler.model import Catalogue, Definition, Rules
    from reconciler.plan import Change, FieldChange, Plan
    from reconciler.plan.file_change import FileChange

_OF_THE_AUDIENCE = frozenset({"missing-audience", "unreadable-audience"})


async def read(
    definitions: Sequence[Definition], connection: Connection, catalogue: Catalogue | None
) -> LiveState:
    """Return the live audiences of these definitions, with names of their topics; raises ApiError."""
    from reconciler.api.client import ReadClient

    rules = schema.rules(catalogue)
    async with ReadClient(connection) as client:
        found = await audiences.fetch(client, [definition.id for definition in definitions], rules)
    return named(found, catalogue)


def adopt(
    definitions: Sequence[Definition],
    live: LiveState,
    merge_base: MergeBase | None,
    catalogue: Catalogue | None,
) -> Rewriting:
    """Return the changes of files after which what is live is no difference from them.

    With a merge base only drift is taken: what git changed stays as the author wants it. What cannot be said
    in a definition is an error, and its file does not change.
    """
    plan = _plan(definitions, live, merge_base, catalogue)
    found = [one for one in plan.diagnostics if one.is_error and one.code in _OF_THE_AUDIENCE]
    owners = {definition.id: definition for definition in definitions}
    changes: list[FileChange] = []
    for change in plan.audience_changes:
        definition = owners[change.id]
        taken = [field for field in change.fields if merge_base is None or field.cause == "drift"]
        found += _left(definition, change)
        try:
            changes += _adopted(definition, taken, live, merge_base, catalogue)
        except (FileError, DefinitionError) as error:
            found += rewriting.attempted(definition, error)
    return Rewriting(tuple(sorted(changes, key=lambda one: one.file)), tuple(found))


def differing(
    definitions: Sequence[Definition], live: LiveState, catalogue: Catalogue | None
) -> tuple[str, ...]:
    """Return the names of the definitions from which what is live differs."""
    return tuple(change.name for change in _plan(definitions, live, None, catalogue).audience_changes)


def _plan(
    definitions: Sequence[Definition],
    live: LiveState,
    merge_base: MergeBase | None,
    catalogue: Catalogue | None,
) -> Plan:
    """Return the plan of what has been read; no limit matters, since nobody will apply it."""
    return build(
        origin="",
        definitions=definitions,
        live=live.audiences,
        others=(),
        rules=schema.rules(catalogue),
        limits=Limits(),
        active=live.active,
        base=None if merge_base is None else merge_base.definitions,
    )


def _left(definition: Definition, change: Change) -> Iterator[Diagnostic]:
    """Yield each field that was changed in git and live: whose value counts is for people to say."""
    for field in change.fields:
        if field.cause == "both":
            values = f"{_spelled(field.after)} in the file, {_spelled(field.before)} live"
            yield rewriting.at(
                definition,
                "warning",
                "changed-twice",
                f"{field.path} was changed in git and live: {values}; the file is left as it is",
                "Decide which one holds: without --base, adopt takes what is live",
            )


def _spelled(value: object) -> str:
    return "not set" if value is None else spell(value)  # type: ignore[arg-type] # JSON spells as itself


def _adopted(
    definition: Definition,
    fields: Sequence[FieldChange],
    live: LiveState,
    merge_base: MergeBase | None,
    catalogue: Catalogue | None,
) -> Iterator[FileChange]:
    """Yield the change of a file, proven by a plan of it against what is live."""
    if not fields:
        return
    rules = schema.rules(catalogue)
    _require_present(definition, fields, live, rules)
    change, adopted = rewriting.rewrite(definition, [_reversed(field) for field in fields], rules, catalogue)
    still_plan = _plan([adopted], live, merge_base, catalogue)
    still = {field.path for one in still_plan.changes for field in one.fields}
    if unmet := sorted(still & {field.path for field in fields}):
        raise FileError(
            f"{', '.join(unmet)} would still differ from what is live", "Nothing was written into this file"
        )
    yield change


def _require_present(
    definition: Definition, fields: Sequence[FieldChange], live: LiveState, rules: Rules
) -> None:
    """Raise FileError where a whole field is absent live: left out of a file it would not be managed."""
    present = live.audiences[definition.id].fields
    for key in dict.fromkeys(field.path.split(".")[0] for field in fields):
        if key not in present and (key,) in rules:
            raise FileError(
                f"no definition can say that {key} has no value, as it is live",
                f"Set it in the dashboard, or take {key} out of the file, so that it is not managed",
            )


def _reversed(field: FieldChange) -> FieldChange:
    """Return the change of a file that a change of the live audience would be, the other way round."""
    sides = {"before": field.after, "after": field.before, "added": field.removed, "removed": field.added}
    return replace(field, cause=None, **sides)  # type: ignore[arg-type] # each is of its own type
