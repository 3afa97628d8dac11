"""Where two audiences differ, and what a definition wants of a live one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model import (
    NOTHING,
    Audience,
    Definition,
    Fields,
    Path,
    Rules,
    Value,
    canonical,
    dotted,
    unordered,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; `before` or `after` is None where the field is absent on that side."""

    path: Path
    before: Value
    after: Value

    @property
    def added(self) -> frozenset[Value]:
        """What a set gains."""
        return _without(_members(self.after), _members(self.before))

    @property
    def removed(self) -> frozenset[Value]:
        """What a set loses."""
        return _without(_members(self.before), _members(self.after))


def _members(value: Value) -> frozenset[Value]:
    return value if isinstance(value, frozenset) else frozenset()


def _without(some: frozenset[Value], others: frozenset[Value]) -> frozenset[Value]:
    """Subtract by spelling: to Python `1`, `1.0` and `true` are one member."""
    gone = set(map(canonical, others))
    return frozenset(member for member in some if canonical(member) not in gone)


def managed(definition: Definition, live: Audience) -> Fields:
    """Return the live values of the fields that a definition sets."""
    return {key: live.fields[key] for key in definition.fields if key in live.fields}


def desired(definition: Definition, live: Audience, rules: Rules) -> Fields:
    """Return what the managed fields should be, given what is live.

    A filter that is left out goes. A field that is carried over or ignored, and what the schema does not
    know, stays as it is live: the API documents no default for a PATCH, so "left out" never becomes a value.
    """
    return _chosen(definition.fields, managed(definition, live), (), definition.ignore, rules)


def _chosen(mine: Fields, theirs: Fields, path: Path, ignore: frozenset[str], rules: Rules) -> Fields:
    chosen = {
        key: _choose(mine.get(key), theirs.get(key), (*path, key), ignore, rules)
        for key in {**mine, **theirs}
    }
    return {key: value for key, value in chosen.items() if value is not None}


def _choose(wanted: Value, live: Value, path: Path, ignore: frozenset[str], rules: Rules) -> Value:
    rule = rules.get(path)
    if rule is None or dotted(path) in ignore:
        return live
    # A text of one generation may be a group in the other (jobTitle), with parts that are not known.
    is_other_form = wanted is None and rule.kind == "string" and isinstance(live, Mapping)
    if rule.kind == "group" or isinstance(wanted, Mapping) or is_other_form:
        return _chosen(_parts(wanted), _parts(live), path, ignore, rules) or None
    if wanted is not None:
        return wanted
    return live if rule.is_carried_over else None


def _parts(value: Value) -> Fields:
    return value if isinstance(value, Mapping) else NOTHING


def compare(before: Fields, after: Fields, rules: Rules) -> tuple[Difference, ...]:
    """Return every field that differs, in the schema's order.

    In what the schema does not know, the order of a list is no difference, however often a member comes.
    """
    if _is_plainly_same(before, after):
        return ()
    left, right = (dict(_leaves(side, (), rules)) for side in (before, after))
    spelled = [_spelled(leaves, rules) for leaves in (left, right)]
    if spelled[0] == spelled[1]:
        return ()
    from deepdiff import DeepDiff

    order = {path: place for place, path in enumerate(rules)}
    # Left to its default, DeepDiff says of two sides with little in common only that they differ.
    differing = DeepDiff(spelled[0], spelled[1], threshold_to_diff_deeper=0).affected_root_keys
    affected = sorted(differing, key=lambda path: (order.get(path, len(order)), path))
    return tuple(Difference(path, left.get(path), right.get(path)) for path in affected)


def _is_plainly_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - any two values
    """Return whether two values surely have one spelling; where that is not plain, they may have it too.

    To Python `1`, `1.0` and `true` are equal, so what is equal must be of one type, and so must all members.
    """
    kind = one.__class__
    if kind is not other.__class__:
        return False
    if kind is dict:
        return one.keys() == other.keys() and all(_is_plainly_same(one[key], other[key]) for key in one)
    if kind is frozenset:
        return one == other and {part.__class__ for side in (one, other) for part in side} in _HOMOGENEOUS
    return kind in _PLAIN and one == other


def is_same(before: Fields, after: Fields, rules: Rules) -> bool:
    """Return whether no field differs, those included that the schema does not know."""
    if _is_plainly_same(before, after):
        return True
    left, right = (_spelled(dict(_leaves(side, (), rules)), rules) for side in (before, after))
    return left == right


def _spelled(leaves: Mapping[Path, Value], rules: Rules) -> dict[Path, str]:
    return {path: canonical(value) if path in rules else unordered(value) for path, value in leaves.items()}


def unknown(fields: Fields, rules: Rules) -> tuple[Path, ...]:
    """Return the paths inside the fields that the schema does not know."""
    return tuple(path for path, _ in _leaves(fields, (), rules) if path not in rules)


_PLAIN = frozenset({str, int, bool, type(None)})
_HOMOGENEOUS: tuple[set[type], ...] = (set(), {str}, {int})
_ATOMS = _PLAIN | {float, frozenset, tuple}  # of these, asking what is abstract costs more than all else


def _leaves(value: Value, path: Path, rules: Rules) -> Iterator[tuple[Path, Value]]:
    if (
        value.__class__ in _ATOMS
        or not isinstance(value, Mapping)
        or not value
        or (path and path not in rules)
    ):
        if path:
            yield path, value
    else:
        for key, part in value.items():
            yield from _leaves(part, (*path, key), rules)


def leaf_count(fields: Fields, rules: Rules) -> int:
    """Return how many single fields there are, each filter one."""
    return sum(1 for _ in _leaves(fields, (), rules))
