"""From what is desired and what is live to a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from reconciler import diff
from reconciler.errors import Diagnostic
from reconciler.model import (
    NOTHING,
    Audience,
    Definition,
    Fields,
    Json,
    ListedAudience,
    Rules,
    dotted,
    to_json,
)
from reconciler.plan import guards, overlap, ownership, unreadable
from reconciler.plan.attribution import attribute
from reconciler.plan.bounds import violations
from reconciler.plan.limits import Limits, warnings
from reconciler.plan.model import PHASES, Cause, Change, FieldChange, Missing, Ownership, Phase, Plan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.diff import Difference
    from reconciler.model import Origin
    from reconciler.plan.model import PieceEdit

ACTIVE = "active"
_STATUS, _CONFIG = "status", "config"


def build(
    *,
    origin: str,
    definitions: Sequence[Definition],
    live: Mapping[str, Audience],
    others: Sequence[ListedAudience],
    rules: Rules,
    limits: Limits,
    active: int,
    generation: int | None = None,
    targets: Sequence[str] = (),
    owned: Collection[str] = (),
    base: Mapping[str, Definition] | None = None,
    pieces: Sequence[PieceEdit] = (),
    diagnostics: Sequence[Diagnostic] = (),
) -> Plan:
    """Plan the PATCH calls that make the live audiences match.

    `live` holds every defined audience that exists, by id, and `others` are the rest of the organization;
    `active` counts the active ones among all of them, and `generation` is their API's where it is known.
    `owned` are the ids of definitions outside the targets, whose audiences are not unmanaged though this plan
    leaves them alone. With `base`, the definitions by id where a branch began, every field change gets its
    cause, protection counts as it stood there, and what gets or loses a file is told; `pieces` are the edits
    of shared pieces since. The plan is the same in whatever order definitions and audiences come.
    """
    ordered = sorted(definitions, key=lambda definition: (definition.file, definition.line, definition.id))
    missing = [definition for definition in ordered if definition.id not in live]
    found = [*diagnostics, *map(_missing, missing), *unreadable.diagnostics(ordered, live)]
    odd = unreadable.find(ordered, live)
    passed_over = {one.id for one in odd}
    live = {key: audience for key, audience in live.items() if key not in passed_over}
    desired = {one.id: diff.desired(one, live[one.id], rules) for one in ordered if one.id in live}
    changes = _changes(ordered, live, desired, rules, base)
    plan = Plan(
        origin=origin,
        managed=len(definitions),
        changes=changes,
        missing=tuple(Missing(definition.id, definition.file, definition.line) for definition in missing),
        unmanaged=_unmanaged(others, owned),
        unchanged=_unchanged(ordered, live, {one.id for one in changes}),
        targets=tuple(sorted(targets)),
        volatile=tuple(dotted(path) for path, rule in rules.items() if rule.is_volatile),
        unreadable=odd,
        active=active,
        active_slots=limits.active_slots,
        ownership=Ownership() if base is None else ownership.compare(base, ordered, owned, live, others),
        pieces=tuple(pieces),
    )
    found += _unknown_fields(ordered, desired, rules)
    found += _violations(plan, ordered, desired, rules, generation)
    found += overlap.warnings(_as_planned(ordered, live, desired, plan), rules)
    return replace(plan, diagnostics=(*found, *warnings(plan, limits)))


def _violations(
    plan: Plan,
    definitions: Sequence[Definition],
    desired: Mapping[str, Fields],
    rules: Rules,
    generation: int | None,
) -> Iterator[Diagnostic]:
    """Yield what the API would refuse of the changes, in the definitions' order."""
    sent = {change.id: change.patch.keys() for change in plan.audience_changes}
    for definition in definitions:
        if definition.id not in sent:
            continue
        patch = {key: desired[definition.id][key] for key in sent[definition.id]}
        yield from violations(definition, patch, rules, generation)


def _as_planned(
    definitions: Sequence[Definition],
    live: Mapping[str, Audience],
    desired: Mapping[str, Fields],
    plan: Plan,
) -> list[overlap.Planned]:
    """Return what the live audiences would be; what a definition does not manage stays as it is live."""
    changed = {change.id for change in plan.changes}
    return [
        overlap.Planned(
            one, {**live[one.id].fields, **desired[one.id]}, live[one.id].names, one.id in changed
        )
        for one in definitions
        if one.id in live
    ]


def _changes(
    definitions: Sequence[Definition],
    live: Mapping[str, Audience],
    desired: Mapping[str, Fields],
    rules: Rules,
    base: Mapping[str, Definition] | None,
) -> tuple[Change, ...]:
    """Return the changes in the order of an apply, and within a phase by name."""
    changes = (
        change
        for definition in definitions
        if definition.id in live
        for change in _steps(_change(definition, live[definition.id], desired[definition.id], rules, base))
    )
    return tuple(sorted(changes, key=lambda change: (PHASES.index(change.phase), change.name, change.id)))


def _unmanaged(others: Sequence[ListedAudience], owned: Collection[str]) -> tuple[ListedAudience, ...]:
    unmanaged = [audience for audience in others if audience.id not in owned]
    return tuple(sorted(unmanaged, key=lambda audience: (audience.name, audience.id)))


def _unchanged(
    definitions: Sequence[Definition], live: Mapping[str, Audience], changed: Collection[str]
) -> tuple[ListedAudience, ...]:
    unchanged = [one for one in definitions if one.id in live and one.id not in changed]
    ordered = sorted(unchanged, key=lambda one: (one.name, one.id))
    return tuple(ListedAudience(one.id, one.name, _status(live[one.id])) for one in ordered)


def _status(live: Audience) -> str:
    return cast("str", live.fields.get(_STATUS, ""))


def _change(
    definition: Definition,
    live: Audience,
    desired: Fields,
    rules: Rules,
    base: Mapping[str, Definition] | None,
) -> Change | None:
    differences = diff.compare(diff.managed(definition, live), desired, rules)
    if not differences:
        return None
    touched = {difference.path[0] for difference in differences}
    leaves = diff.leaf_count(desired, rules)
    causes = {} if base is None else attribute(differences, desired, live, base.get(definition.id), rules)
    return Change(
        id=definition.id,
        name=definition.name,
        file=definition.file,
        line=definition.line,
        phase=_phase(differences),
        fields=tuple(
            field_change(
                difference, live, causes.get(difference.path), definition.origins.get(difference.path, ())
            )
            for difference in differences
        ),
        patch=_plain({key: desired[key] for key in desired if key in touched}),
        before=_plain(live.fields),
        unchanged=leaves - sum(difference.after is not None for difference in differences),
        is_protected=guards.is_protected(definition, base),
        owner=definition.owner,
        description=definition.description,
        updated_at=live.updated_at,
    )


def _steps(change: Change | None) -> Iterator[Change]:
    """Yield the PATCH calls that a change takes.

    One that starts an audience and changes its config is two. Were it one, an API that drops a filter which
    it does not know would have the audience active and wide in a single call; so the status waits until the
    config has been verified.
    """
    if change is None:
        return
    if change.phase != "activate" or _CONFIG not in change.patch:
        yield change
        return
    started = tuple(field for field in change.fields if field.path == _STATUS)
    others = tuple(field for field in change.fields if field.path != _STATUS)
    status = {_STATUS: change.patch[_STATUS]}
    patch = {key: value for key, value in change.patch.items() if key != _STATUS}
    yield replace(
        change, phase="change", fields=others, patch=patch, unchanged=change.unchanged + len(started)
    )
    yield replace(
        change,
        fields=started,
        patch=status,
        before={**change.before, **patch},
        unchanged=change.unchanged + sum(field.after is not None for field in others),
    )


def _plain(fields: Fields) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", to_json(fields))


def _phase(differences: Sequence[Difference]) -> Phase:
    status = next((difference for difference in differences if difference.path == (_STATUS,)), None)
    if status is None or ACTIVE not in {status.before, status.after}:
        return "change"
    return "activate" if status.after == ACTIVE else "release"


def field_change(
    difference: Difference, live: Audience, cause: Cause | None = None, origins: tuple[Origin, ...] = ()
) -> FieldChange:
    """Return a difference as data, with the names that the API gave for ids in it."""
    path = dotted(difference.path)
    is_set = isinstance(difference.before, frozenset) or isinstance(difference.after, frozenset)
    before, after = to_json(difference.before), to_json(difference.after)
    names = live.names.get(path, {})
    return FieldChange(
        path=path,
        before=before,
        after=after,
        added=_members(difference.added) if is_set else None,
        removed=_members(difference.removed) if is_set else None,
        names={key: names[key] for key in sorted(names) if key in _texts(before) | _texts(after)},
        cause=cause,
        origins=origins,
    )


def _members(value: frozenset[object]) -> tuple[Json, ...]:
    return tuple(cast("list[Json]", to_json(value)))  # type: ignore[arg-type] # members of a value are values


def _texts(value: Json) -> set[str]:
    return {str(item) for item in value} if isinstance(value, list) else set()


def _missing(definition: Definition) -> Diagnostic:
    return Diagnostic(
        "error",
        "missing-audience",
        f"audience {definition.id} does not exist in this organization",
        "Correct the id, create the audience in the dashboard, or remove the file",
        definition.file,
        definition.line,
        definition.column,
        "id",
    )


def _unknown_fields(
    definitions: Sequence[Definition], desired: Mapping[str, Fields], rules: Rules
) -> Iterator[Diagnostic]:
    """Yield one warning for each field that this version does not know and therefore carries over."""
    carriers: dict[str, list[Definition]] = {}
    for definition in definitions:
        for path in diff.unknown(desired.get(definition.id, NOTHING), rules):
            carriers.setdefault(dotted(path), []).append(definition)
    for field, (first, *others) in sorted(carriers.items()):
        more = f" and {len(others)} more" if others else ""
        yield Diagnostic(
            "warning",
            "unknown-live-field",
            f'the API holds a field that this version does not know, in "{first.name}"{more}',
            "It is carried over as it is",
            first.file,
            first.line,
            first.column,
            field,
        )
