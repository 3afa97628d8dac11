"""Active audiences that would be the same people twice, or nearly so, and the slots that this costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.errors import Diagnostic
from reconciler.model import MAX_SPELLED, canonical, dotted
from reconciler.plan.config_parts import Family, Parts, families

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from reconciler.model import Definition, Fields, Path, Rule, Rules, Value
    from reconciler.plan.config_parts import Part

SAME = "same-people"
NEARLY = "nearly-same-people"
SPLIT = "could-be-one-audience"
CODES = frozenset({SAME, NEARLY, SPLIT})
MAX_WARNINGS = 50
MAX_NAMED = 5  # audiences that one warning names
ACTIVE = "active"
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Planned:
    """A defined audience as a plan leaves it: all its writable fields, and the API's names for its topics."""

    definition: Definition
    fields: Fields
    names: Mapping[str, Mapping[str, str]]
    is_changed: bool = False


def warnings(audiences: Sequence[Planned], rules: Rules) -> Iterator[Diagnostic]:
    """Yield a warning for active audiences of equal configs, and for those that differ in one part only.

    Those that change come first, and stand first in their warning; past `MAX_WARNINGS` they are counted.
    """
    parts = Parts(rules)
    groups: dict[frozenset[Part], list[Planned]] = {}
    for one in sorted(audiences, key=_changed_first):
        config = parts.of(one.fields.get("config")) if one.fields.get("status") == ACTIVE else None
        if config:
            groups.setdefault(config, []).append(one)
    firsts = [same[0] for same in groups.values()]
    found = [_same(same) for same in groups.values() if len(same) > 1]
    near = [_nearly(one, firsts, parts, rules) for one in families([*groups], parts)]
    found += [one for one in near if one is not None]
    changed = {(one.definition.file, one.definition.line) for one in audiences if one.is_changed}
    found.sort(key=lambda one: (one.code != SAME, one.summary))
    found.sort(key=lambda one: ((one.file, one.line) not in changed, one.file, one.line))
    yield from found[:MAX_WARNINGS]
    if len(found) > MAX_WARNINGS:
        more = wording.count(len(found) - MAX_WARNINGS, "more overlap")
        are = "is" if len(found) == MAX_WARNINGS + 1 else "are"
        yield Diagnostic("warning", SPLIT, f"{more} among audiences {are} not listed here", _FEWER)


def _changed_first(one: Planned) -> tuple[bool, str, int]:
    return not one.is_changed, one.definition.file, one.definition.line


def _same(audiences: Sequence[Planned]) -> Diagnostic:
    times = "twice" if len(audiences) == _PAIR else f"{len(audiences)} times"
    slots = wording.count(len(audiences) - 1, "active slot")
    said = f"would be the same people {times}, which costs {slots} for nobody new"
    return _warning(SAME, audiences, said, _FEWER)


def _nearly(family: Family, singles: Sequence[Planned], parts: Parts, rules: Rules) -> Diagnostic | None:
    """Return what is to be said of active audiences that differ in one part.

    Three or more that share no value of a filter are a split that somebody means: one for each job level.
    """
    audiences = [singles[nth] for nth in sorted(family.members)]
    members = [family.members[nth] for nth in sorted(family.members)]
    is_filter, rule = parts.is_filter(family.path), rules.get(family.path)
    what = f'filter only, "{rule.label if rule else dotted(family.path[2:])}"' if is_filter else "topic only"
    shown = (
        _filter(one.fields, family.path, rules) if is_filter else _topic(part, one, family.path)
        for one, part in zip(audiences[:MAX_NAMED], members, strict=False)
    )
    each = "; ".join(f"{value} in the {place}" for value, place in zip(shown, _PLACES, strict=False))
    both = "both" if len(audiences) == _PAIR else "all"
    slots = wording.count(len(audiences) - 1, "active slot")
    cost = f"one audience for {both} would take {slots} fewer"
    said = f"would {both} be active and differ in one {what} ({each}): {cost}"
    is_split = is_filter and _shares_nothing(audiences, family.path, rules)
    if is_split and len(audiences) > _PAIR:
        return None
    return _warning(SPLIT if is_split else NEARLY, audiences, said, _JOIN if is_split else _FEWER)


def _shares_nothing(audiences: Sequence[Planned], path: Path, rules: Rules) -> bool:
    """Whether no two of them take one value of a filter, so that they may well be meant as they are."""
    found = [_members(_at(one.fields, path), path, rules) for one in audiences]
    known = [one for one in found if one is not None]
    return len(known) == len(found) and sum(map(len, known)) == len(frozenset().union(*known))


def _members(value: Value, path: Path, rules: Rules) -> Collection[Value] | None:
    """Return the values that a filter takes, None where it takes all but some or cannot be counted."""
    rule = rules.get(path)
    if isinstance(value, Mapping):
        sets = [(key, part) for key, part in value.items() if isinstance(part, frozenset)]
        return _members(sets[0][1], (*path, sets[0][0]), rules) if sets else None
    if isinstance(value, frozenset):
        return None if rule is not None and rule.raising == "narrower" else value
    return [value] if isinstance(value, str) else None


def _warning(code: str, audiences: Sequence[Planned], said: str, hint: str) -> Diagnostic:
    first = audiences[0].definition
    named = [f'"{one.name}" ({one.file}:{one.line})' for one in (each.definition for each in audiences)]
    more = len(audiences) - MAX_NAMED
    listed = [*named[:MAX_NAMED], *([f"{more} more"] if more > 0 else [])]
    names = f"{', '.join(listed[:-1])} and {listed[-1]}"
    place = (first.file, first.line, first.column, "config")
    return Diagnostic("warning", code, f"{names} {said}", hint, *place)


def _topic(part: Part | None, one: Planned, path: Path) -> str:
    if part is None:
        return "none"
    _, key = part
    value = str(key[1] if isinstance(key, tuple) else key)
    name = one.names.get(dotted(path), {}).get(value)
    return f'"{name}"' if name else f"topic {value}"


def _filter(fields: Fields, path: Path, rules: Rules) -> str:
    value = _at(fields, path)
    return "not set" if value is None else _spelled(value, path, rules)


def _at(fields: Fields, path: Path) -> Value:
    value: Value = fields
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _spelled(value: Value, path: Path, rules: Rules) -> str:
    rule = rules.get(path)
    if isinstance(value, Mapping):
        return ", ".join(_spelled(value[key], (*path, key), rules) for key in sorted(value))
    members = sorted(value, key=canonical) if isinstance(value, frozenset) else [value]
    text = ", ".join(_word(member, rule) for member in members)
    return text if len(text) <= MAX_SPELLED else f"{text[: MAX_SPELLED - 1]}…"


def _word(value: Value, rule: Rule | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (rule.words if rule else {}).get(value, value) if isinstance(value, str) else canonical(value)


_PLACES = ("first", "second", "third", "fourth", "fifth")
_FEWER = "Pause or remove one of them, or make them differ more"
_JOIN = "They share no value of it. Where they are used alike, one audience can have all of these values"
