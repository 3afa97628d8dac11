"""What one change asks for, and how what the API holds compares with it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler import diff
from reconciler.model import Fields, Json, dotted, normalise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.model import Audience, Rules
    from reconciler.plan import Change


class ExpectedState:
    """The two states that a change lies between: as planned upon, and as it is to be.

    Both leave out the fields that move by themselves (`volatile`), unless the change asks for one: an
    audience's size is counted anew every day, and would pass for an edit of somebody's. Such an edit is a
    conflict, so that an audience would be left alone because it grew; and a lost PATCH that was stored would
    not be recognized as applied.
    """

    def __init__(self, change: Change, rules: Rules) -> None:
        self._rules = rules
        self._asked = self._normal(change.patch)
        self._before = self._without_volatile(self._normal(change.before))
        self._after = {**self._before, **self._asked}

    def _normal(self, fields: Mapping[str, Json]) -> Fields:
        return cast("Fields", normalise(dict(fields), self._rules))

    def _without_volatile(self, fields: Fields, kept: Collection[str] = ()) -> Fields:
        volatile = {path[0] for path, rule in self._rules.items() if rule.is_volatile and len(path) == 1}
        return {key: value for key, value in fields.items() if key in kept or key not in volatile}

    def is_exactly_met(self, found: Audience) -> bool:
        """Whether all is as it is to be, and nothing else is there."""
        return not self._missed(found)

    def is_met(self, found: Audience) -> bool:
        """Whether all is as it is to be after a write, which the API may have added fields to."""
        return not any(map(self._counts, self._missed(found)))

    def _missed(self, found: Audience) -> tuple[diff.Difference, ...]:
        comparable = self._without_volatile(found.fields, kept=self._asked)
        return diff.compare(comparable, self._after, self._rules)

    def _counts(self, difference: diff.Difference) -> bool:
        """Whether a difference is more than a field which the API added by itself.

        That is one which the schema does not know, or a scalar that nobody asked for and that was not live: a
        default which the API fills in there is as good as nothing, and a definition keeps it from then on.
        """
        rule = self._rules.get(difference.path)
        return difference.after is not None or not (rule is None or rule.is_carried_over)

    def changed_since_plan(self, found: Audience) -> str:
        """Name what is not as planned upon; empty where all is."""
        return _paths(diff.compare(self._before, self._without_volatile(found.fields), self._rules))

    def changed_elsewhere(self, found: Audience) -> str:
        """Name what changed among the fields that were not sent, as far as they came back."""
        comparable = self._without_volatile(found.fields)
        after = {key: value for key, value in comparable.items() if key not in self._asked}
        before = {key: value for key, value in self._before.items() if key in after}
        return _paths(diff.compare(before, after, self._rules))

    def unmet(self, found: Audience) -> tuple[diff.Difference, ...]:
        """Return what was asked for and is not so."""
        held = {key: found.fields[key] for key in self._asked if key in found.fields}
        return tuple(filter(self._counts, diff.compare(held, self._asked, self._rules)))

    def is_lasting(self, found: Audience, last: Audience | None) -> bool:
        """Whether what is stored will stay as it was read, the same twice in a row.

        Reads may lag behind a write. One that shows the state from before it may just be old, however often
        it comes; only one that shows neither that state nor the desired one is the API's own doing.
        """
        return (
            last is not None
            and bool(self.changed_since_plan(found))
            and diff.is_same(
                self._without_volatile(found.fields), self._without_volatile(last.fields), self._rules
            )
        )

    def describe_unmet(self, found: Audience) -> str:
        """Describe what the API holds although something else was asked for."""
        unmet = self.unmet(found)
        if all(one.after is None or (one.removed and not one.added) for one in unmet):
            return f"not removed by the API: {_paths(unmet)}"
        return f"the API accepted the change and holds something else: {_paths(unmet)}"


def _paths(differences: Iterable[diff.Difference]) -> str:
    return ", ".join(dotted(difference.path) for difference in differences)
