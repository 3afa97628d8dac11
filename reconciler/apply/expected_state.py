"""What one change asks for, and how what the API holds compares with it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler import diff
from reconciler.model import Fields, Json, dotted, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model import Audience, Rules
    from reconciler.plan import Change


class ExpectedState:
    """The two states that a change lies between: as planned upon, and as it is to be.

    What moves by itself is compared only where the change asks for it: it is nobody's edit.
    """

    def __init__(self, change: Change, rules: Rules) -> None:
        self._rules = rules
        self._asked = self._normal(change.patch)
        before = self._normal(change.before)
        self._before = self._without_volatile(before)
        self._after = {**self._before, **self._asked}

    def _normal(self, fields: Mapping[str, Json]) -> Fields:
        return cast("Fields", normalise(dict(fields), self._rules))

    def _without_volatile(self, fields: Fields, besides: Iterable[str] = ()) -> Fields:
        """Leave out what moves by itself, besides what is named."""
        return {key: value for key, value in fields.items() if key in besides or not self._is_volatile(key)}

    def _is_volatile(self, key: str) -> bool:
        return (key,) in self._rules and self._rules[key,].is_volatile

    def is_exactly_met(self, found: Audience) -> bool:
        """Tell whether all is as it is to be, to the last field."""
        return not self._off(found)

    def is_met(self, found: Audience) -> bool:
        """Tell whether all is as it is to be after a write, which the API may have added fields to."""
        return not any(self._counts(one) for one in self._off(found))

    def _off(self, found: Audience) -> tuple[diff.Difference, ...]:
        return diff.compare(self._without_volatile(found.fields, self._asked), self._after, self._rules)

    def _counts(self, difference: diff.Difference) -> bool:
        """Tell what somebody must have done from a field that the API added, which is its own affair.

        Nobody asks for a field that is carried over and was not live: a default that the API fills in there
        is as good as nothing, and a definition keeps it from then on.
        """
        rule = self._rules.get(difference.path)
        return difference.after is not None or not (rule is None or rule.is_carried_over)

    def changed_since_plan(self, found: Audience) -> str:
        """Name what is not as planned upon; empty where nothing moved."""
        return _named(diff.compare(self._before, self._without_volatile(found.fields), self._rules))

    def changed_elsewhere(self, found: Audience) -> str:
        """Name what moved among the fields that the change leaves alone, as far as they came back."""
        beside = {
            key: value
            for key, value in self._without_volatile(found.fields).items()
            if key not in self._asked
        }
        before = {key: value for key, value in self._before.items() if key in beside}
        return _named(diff.compare(before, beside, self._rules))

    def unmet(self, found: Audience) -> tuple[diff.Difference, ...]:
        """Return what of the asked for is not so."""
        asked = {key: found.fields[key] for key in self._asked if key in found.fields}
        return tuple(one for one in diff.compare(asked, self._asked, self._rules) if self._counts(one))

    def is_lasting(self, found: Audience, last: Audience | None) -> bool:
        """Tell an answer that will stay from a stale one, which reads as before or still changes."""
        return (
            last is not None
            and bool(self.changed_since_plan(found))
            and diff.is_same(
                self._without_volatile(found.fields), self._without_volatile(last.fields), self._rules
            )
        )

    def describe_unmet(self, found: Audience) -> str:
        """Say what the API holds although something else was asked for."""
        unmet = self.unmet(found)
        if all(one.after is None or (one.removed and not one.added) for one in unmet):
            return f"not removed by the API: {_named(unmet)}"
        return f"the API accepted the change and holds something else: {_named(unmet)}"


def _named(differences: Iterable[diff.Difference]) -> str:
    return ", ".join(dotted(difference.path) for difference in differences)
