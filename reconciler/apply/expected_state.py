"""What one change asks for, and how what the API holds compares with it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler import diff
from reconciler.apply.excess import is_wider
from reconciler.model import Fields, Json, canonical, dotted, normalise, spell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.model import Audience, Path, Rules
    from reconciler.plan import Change

ACTIVE = "active"
MAX_NAMED = 3  # fields whose values a detail shows


class ExpectedState:
    """The two states that a change lies between: as planned upon, and as it is to be.

    Both leave out the fields that move by themselves (`volatile`), unless the change asks for one: an
    audience's size is counted anew every day, and would pass for an edit of somebody's. Such an edit is a
    conflict, so that an audience would be left alone because it grew; and a lost PATCH that was stored would
    not be recognized as applied.
    """

    def __init__(self, change: Change, rules: Rules, verified: Audience | None = None) -> None:
        """Take what the API added by itself to an audience, as it was `verified`, for no edit of anybody's.

        That is of use to the second of two steps: no plan can know what the API makes of the first one.
        """
        self.needed = frozenset((*change.before, *change.patch))
        self._rules = rules
        self._asked = self._normal(change.patch)
        before = self._normal(change.before)
        self._planned = {key: before[key] for key in self._asked if key in before}
        self._before = self._without_volatile(before)
        self._after = {**self._before, **self._asked}
        self._is_second_step = verified is not None
        self._added = {} if verified is None else self._added_by_api(verified)

    def _added_by_api(self, verified: Audience) -> dict[Path, str]:
        held = self._without_volatile(verified.fields)
        found = diff.compare(held, self._before, self._rules)
        return {one.path: canonical(one.before) for one in found if not self._counts(one)}

    def _compare(
        self, found: Audience, due: Fields, kept: Collection[str] = ()
    ) -> tuple[diff.Difference, ...]:
        """Return where an audience differs from what is due: `before` is what was found."""
        held = self._without_volatile(found.fields, kept)
        return tuple(
            one
            for one in diff.compare(held, due, self._rules)
            if one.after is not None or self._added.get(one.path) != canonical(one.before)
        )

    def _normal(self, fields: Mapping[str, Json]) -> Fields:
        return cast("Fields", normalise(dict(fields), self._rules))

    def _without_volatile(self, fields: Fields, kept: Collection[str] = ()) -> Fields:
        volatile = {path[0] for path, rule in self._rules.items() if rule.is_volatile and len(path) == 1}
        return {key: value for key, value in fields.items() if key in kept or key not in volatile}

    def is_exactly_met(self, found: Audience) -> bool:
        """Whether all is as it is to be, and nothing else is there."""
        if not self._added:
            return diff.is_same(self._without_volatile(found.fields, self._asked), self._after, self._rules)
        return not self._missed(found)

    def is_met(self, found: Audience) -> bool:
        """Whether all is as it is to be after a write, which the API may have added fields to."""
        return not any(map(self._counts, self._missed(found)))

    def _missed(self, found: Audience) -> tuple[diff.Difference, ...]:
        return self._compare(found, self._after, kept=self._asked)

    def _counts(self, difference: diff.Difference) -> bool:
        """Whether a difference is more than a field which the API added by itself.

        That is one which the schema does not know, or a scalar that nobody asked for and that was not live: a
        default which the API fills in there is as good as nothing, and a definition keeps it from then on.
        """
        rule = self._rules.get(difference.path)
        return difference.after is not None or not (rule is None or rule.is_carried_over)

    def changed_since_plan(self, found: Audience) -> str:
        """Name what is not as planned upon; empty where all is."""
        return _paths(self._compare(found, self._before))

    def changed_since_first_step(self, found: Audience) -> str:
        """Name what is not as the first step left it, once the second is stored; empty for one step."""
        return _paths(filter(self._counts, self._missed(found))) if self._is_second_step else ""

    def changed_elsewhere(self, found: Audience) -> str:
        """Name what changed among the fields that were not sent, as far as they came back."""
        comparable = self._without_volatile(found.fields)
        after = {key: value for key, value in comparable.items() if key not in self._asked}
        before = {key: value for key, value in self._before.items() if key in after}
        return _paths(diff.compare(before, after, self._rules))

    def unmet(self, found: Audience) -> tuple[diff.Difference, ...]:
        """Return what was asked for and is not so."""
        differences = diff.compare(self._held(found), self._asked, self._rules)
        return tuple(filter(self._counts, differences))

    def _held(self, found: Audience) -> Fields:
        return {key: found.fields[key] for key in self._asked if key in found.fields}

    def has_moved(self, found: Audience) -> bool:
        """Return whether anything that was asked for is not as planned upon."""
        return not diff.is_same(self._planned, self._held(found), self._rules)

    def is_lasting(self, found: Audience, last: Audience | None) -> bool:
        """Return whether what is stored will stay as it was read, the same twice in a row.

        Reads may lag behind a write. One that shows the state from before it may just be old, however often
        it comes; only one that shows neither that state nor the desired one is the API's own doing.
        """
        return (
            last is not None
            and self.has_moved(found)
            and diff.is_same(self._held(found), self._held(last), self._rules)
        )

    def is_live_and_wider(self, found: Audience) -> bool:
        """Return whether an audience is active and holds less than it was to; only what came back counts."""
        held = {key: found.fields[key] for key in self._after if key in found.fields}
        due = {key: self._after[key] for key in held}
        return found.fields.get("status") == ACTIVE and is_wider(held, due, self._rules)

    def describe_unmet(self, found: Audience) -> str:
        """Describe what the API holds although something else was asked for."""
        unmet = self.unmet(found)
        if all(one.after is None or (one.removed and not one.added) for one in unmet):
            return f"not removed by the API: {_paths(unmet)}"
        named = [_described(one) for one in unmet[:MAX_NAMED]]
        more = [f"and {len(unmet) - MAX_NAMED} more"] if len(unmet) > MAX_NAMED else []
        return f"the API accepted the change and holds something else: {'; '.join([*named, *more])}"


def _paths(differences: Iterable[diff.Difference]) -> str:
    return ", ".join(dotted(difference.path) for difference in differences)


def _described(one: diff.Difference) -> str:
    """Describe one field that is unmet: `before` is what the API holds, `after` what it was asked for."""
    is_set = isinstance(one.before, frozenset) or isinstance(one.after, frozenset)
    held, asked = (one.removed, one.added) if is_set else (one.before, one.after)
    if (not held and is_set) or held is None:
        return f"{dotted(one.path)}: asked {spell(asked)}, which the API does not hold"
    if (not asked and is_set) or asked is None:
        return f"{dotted(one.path)}: the API also holds {spell(held)}"
    return f"{dotted(one.path)}: asked {spell(asked)}, the API holds {spell(held)}"
