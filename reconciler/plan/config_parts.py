"""Configs taken apart, to find those that have all parts, or all parts but one, in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model import Path, Rules, Value

# A filter, a member of a set such as one topic, or another value of a config; the value as it compares.
Part = tuple["Path", object]
CONFIG = ("config",)


@dataclass(frozen=True, slots=True)
class Family:
    """Configs, by their place in a sequence, that differ in one part at a path: each one's, None without."""

    path: Path
    members: Mapping[int, Part | None]


class Parts:
    """What a config is made of, by the schema's rules; what selects nobody (a source page) is no part."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._may_differ: dict[Path, bool] = {}

    def of(self, config: Value) -> frozenset[Part]:
        """Return the parts of a config, none of what is no config."""
        return frozenset(self._found(config, CONFIG)) if isinstance(config, Mapping) else frozenset()

    def is_filter(self, path: Path) -> bool:
        return self._is_group(path[:-1])

    def may_differ(self, path: Path) -> bool:
        """Whether configs may be nearly equal that differ there: in a filter, or a member of a set."""
        if path not in self._may_differ:
            rule = self._rules.get(path)
            self._may_differ[path] = self.is_filter(path) or (rule is not None and rule.kind == "set")
        return self._may_differ[path]

    def _is_group(self, path: Path) -> bool:
        return path in self._rules and self._rules[path].kind == "group"

    def _found(self, config: Mapping[str, Value], path: Path) -> Iterator[Part]:
        for key, value in config.items():
            place = (*path, key)
            rule = self._rules.get(place)
            if isinstance(value, Mapping) and self._is_group(place):
                yield from self._found(value, place)
            elif isinstance(value, frozenset) and not self._is_group(path):
                yield from ((place, _comparable(member)) for member in value)
            elif rule is None or rule.raising is not None or self._is_group(path):
                yield place, _comparable(value)


def _comparable(value: Value) -> object:
    """Return what is equal, and has one hash, where the values have one spelling."""
    kind = value.__class__
    if kind is str or (isinstance(value, frozenset) and all(one.__class__ is str for one in value)):
        return value
    return (int, value) if kind is int else (None, canonical(value))


def families(configs: Sequence[frozenset[Part]], parts: Parts) -> Iterator[Family]:
    """Yield those of different configs, each taken apart, that have all parts but one in common.

    Each is looked up by what is left of it without one part, and that by the sum of the hashes, which costs
    nothing to take a part out of; the parts themselves are compared where two sums are equal.
    """
    first: dict[int, int] = {}
    alike: dict[int, dict[int, None]] = {}
    for nth, config in enumerate(configs):
        hashes = [(hash(part), part[0]) for part in config]
        total = sum(one for one, _ in hashes)
        for rest in (total, *(total - one for one, path in hashes if parts.may_differ(path))):
            if first.setdefault(rest, nth) != nth:
                alike.setdefault(rest, {first[rest]: None})[nth] = None
    for rest, places in alike.items():
        yield from _confirmed(rest, {nth: configs[nth] for nth in places}, parts)


def _confirmed(rest: int, candidates: Mapping[int, frozenset[Part]], parts: Parts) -> Iterator[Family]:
    left: dict[frozenset[Part], list[tuple[int, Part | None]]] = {}
    for nth, found in candidates.items():
        total = sum(map(hash, found))
        taken = [part for part in found if parts.may_differ(part[0]) and total - hash(part) == rest]
        for part in (*([None] if total == rest else []), *taken):
            left.setdefault(found - {part}, []).append((nth, part))
    for common, members in left.items():
        for path in sorted({part[0] for _, part in members if part is not None}):
            family = {nth: part for nth, part in members if part is None or part[0] == path}
            # Two that share no topic at all have little to do with each other.
            if len(family) > 1 and (parts.is_filter(path) or any(part[0] == path for part in common)):
                yield Family(path, family)
