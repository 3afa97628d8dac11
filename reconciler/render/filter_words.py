"""Whom a filter, a set or a number of a config takes and drops when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model import Path, Rule, Rules, dotted
from reconciler.render.effect import Effect, of_set, overall
from reconciler.render.values import at, sides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model import Json
    from reconciler.plan import Change, FieldChange
    from reconciler.render.values import Words

Said = tuple[str, Effect | None]
_INCLUSIVE = ("any", "contains")  # how values are compared where one more means more people


def said(change: Change, path: Path, fields: Sequence[FieldChange], rules: Rules, words: Words) -> Said:
    """Return what the changed fields at a path, or in it, do to people."""
    field, rule = fields[0], rules[path]
    if rule.kind == "object":
        return _object(change, path, fields, rules, words)
    if rule.kind == "set":
        return _set(field, rule, words, is_alone=_is_one_enough(change, path, fields, rules))
    is_filter = path[:-1] in rules and rules[path[:-1]].kind == "group"
    return _filter(field, rule, words) if is_filter else amount(field, rule, words)


def _is_one_enough(change: Change, path: Path, fields: Sequence[FieldChange], rules: Rules) -> bool | None:
    """Return whether one member of a set is enough for a person; None where no field says how many are."""
    least = next((one for one, rule in rules.items() if rule.at_most == path), None)
    if least is None:
        return None
    before, after = sides(change, least, fields)
    return before in {None, 1} and after in {None, 1}


def amount(field: FieldChange, rule: Rule, words: Words, *, is_end: bool = False) -> Said:
    """Return what a single value does that is no filter; `is_end` is whether it is the end of a range."""
    before, after = field.before, field.after
    if rule.raising is None or type(before) is not int or type(after) is not int:
        return _replaced(field, rule, words), None
    effect: Effect = "more" if (after > before) == (rule.raising == "wider") else "fewer"
    if is_end or not rule.people:
        verb = "rises" if after > before else "falls"
        return f"the {rule.label} {verb} from {before} to {after}", effect
    start = "also takes" if effect == "more" else "now only"
    return f"{start} {words.people(after, rule)}, instead of {before}", effect


def _object(change: Change, path: Path, fields: Sequence[FieldChange], rules: Rules, words: Words) -> Said:
    """Return what a filter does that has values and says how they are compared."""
    if fields[0].path == dotted(path):
        return f'"{rules[path].label}" was there and empty', None
    before, after = (_mapping(one) for one in (at(change.before, path), at(change.patch, path)))
    found = [
        said_
        for field in fields
        if (said_ := _part(field, rules[*path, field.path.rpartition(".")[2]], before, after, words))
    ]
    if not found:
        return f'the filter "{rules[path].label}" changes in a detail', None
    return "; ".join(text for text, _ in found), overall(effect for _, effect in found)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _part(
    field: FieldChange,
    rule: Rule,
    before: Mapping[str, Json],
    after: Mapping[str, Json],
    words: Words,
) -> Said | None:
    """Return what one part does; how values are compared is told with them where the filter comes or goes."""
    if rule.kind != "set":
        return (_replaced(field, rule, words), "other") if before and after else None
    key = field.path.rpartition(".")[2]
    sides_ = [{name: part for name, part in side.items() if name != key} for side in (before, after)]
    how = _how(sides_[1] or sides_[0], words)
    if all(part in _INCLUSIVE for side in sides_ for part in side.values()):
        text, effect = _set(field, rule, words)
        return f"{text}{how}", effect
    effect = "fewer" if field.before is None else "more" if field.after is None else "other"
    return f"{_included(field, rule, words)}{how}", effect


def _how(parts: Mapping[str, Json], words: Words) -> str:
    shown = [f"{words.medium.quote(key)} {words.quoted(part)}" for key, part in sorted(parts.items())]
    return f" ({', '.join(shown)})" if shown else ""


def _set(field: FieldChange, rule: Rule, words: Words, *, is_alone: bool | None = None) -> Said:
    """Return whom a set takes and drops; `is_alone` is whether one member is enough, where that matters."""
    is_narrowing = rule.raising == "narrower"
    added, removed = field.added or (), field.removed or ()
    if not (added or removed):
        return _replaced(field, rule, words), "other"
    if field.before is None or field.after is None:
        effect: Effect = "fewer" if field.before is None else "more"
    else:
        effect = of_set(adds=bool(added), removes=bool(removed), is_narrowing=is_narrowing)
    if field.before is None and not is_narrowing:
        return f"now only {words.people(added, rule)}, instead of all {rule.label}", effect
    if field.after is None and not is_narrowing:
        return f"now all {rule.label}, instead of only {words.people(removed, rule)}", effect
    if is_alone is False:
        return _included(field, rule, words), effect
    taken, dropped = (removed, added) if is_narrowing else (added, removed)
    alone = " alone" if is_alone else ""
    parts = [f"also takes {words.people(taken, rule)}"] if taken else []
    parts += [f"drops {words.people(dropped, rule)}{alone}"] if dropped else []
    return "; ".join(parts), effect


def _included(field: FieldChange, rule: Rule, words: Words) -> str:
    parts = [f"now also include {words.listed(field.added, rule)}"] if field.added else []
    parts += [f"no longer include {words.listed(field.removed, rule)}"] if field.removed else []
    return f"{rule.label} {', '.join(parts) or 'change'}"


def _filter(field: FieldChange, rule: Rule, words: Words) -> Said:
    before, after = field.before, field.after
    if rule.kind == "boolean":
        return _flag(field, rule, words)
    if before is None:
        return f"now only {words.people(after, rule)}, instead of any {rule.label}", "fewer"
    if after is None:
        return f"now any {rule.label}, instead of only {words.people(before, rule)}", "more"
    return f"now {words.people(after, rule)}, instead of {words.shown(before, rule)}", "other"


def _flag(field: FieldChange, rule: Rule, words: Words) -> Said:
    if field.before is None and field.after is True:
        return f"now only {rule.label}", "fewer"
    if field.before is True and field.after is None:
        return f"no longer only {rule.label}", "more"
    text = f'the filter "{rule.label}" {_replacement(field, rule, words)}'
    return f'{text}; the API does not document whom "no" selects', "other"


def _replaced(field: FieldChange, rule: Rule, words: Words) -> str:
    return f"{rule.label} {_replacement(field, rule, words)}"


def _replacement(field: FieldChange, rule: Rule, words: Words) -> str:
    if field.before is None:
        return f"is now {words.quoted(field.after, rule)}, was not set"
    if field.after is None:
        return f"is no longer set, was {words.quoted(field.before, rule)}"
    return f"is now {words.quoted(field.after, rule)}, was {words.quoted(field.before, rule)}"
