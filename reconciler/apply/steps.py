"""The changes of a plan in the order of an apply, and one outcome for each audience. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model import Audience
    from reconciler.plan import AudienceResult, Change, Phase

_SETTLED = ("applied", "unchanged")


class Steps:
    """An audience that starts with another config than it has takes two changes, one after the other.

    Its status is not sent unless its config was verified: nobody goes live before what he is live with is as
    defined.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        counts = Counter(change.id for change in changes)
        self._paired = frozenset(key for key, count in counts.items() if count > 1)
        self._firsts: dict[str, AudienceResult] = {}
        self._verified: dict[str, Audience] = {}

    def due(self, phase: Phase) -> Iterator[Change]:
        """Yield the changes of a phase, without those whose first step did not come to its end."""
        for change in self._changes:
            first = self._firsts.get(change.id)
            if change.phase == phase and (first is None or first.outcome in _SETTLED):
                yield change

    def verified(self, audience_id: str) -> Audience | None:
        """Return the audience as it was when its first step was verified, None without one."""
        return self._verified.get(audience_id)

    def keep(self, audience_id: str, verified: Audience | None) -> None:
        """Keep what a step was verified by, for the one that follows it."""
        if verified is not None and audience_id in self._paired:
            self._verified[audience_id] = verified

    def settle(self, result: AudienceResult) -> AudienceResult | None:
        """Return the audience's outcome once it is known; None after a first step with another to come."""
        if result.id not in self._paired:
            return result
        first = self._firsts.setdefault(result.id, result)
        if first is not result:
            return _joined(first, result)
        return None if result.outcome in _SETTLED else result


def _joined(first: AudienceResult, second: AudienceResult) -> AudienceResult:
    details = [detail for detail in (first.detail, second.detail) if detail]
    outcome = second.outcome
    if outcome == "unchanged":
        outcome = first.outcome
    elif outcome != "applied" and not (outcome == "conflict" and second.is_written):
        unsent = "" if second.is_written else ", and it was not started"
        details = [f"its config is as defined{unsent}", *details]
    return replace(
        second,
        outcome=outcome,
        detail="; ".join(details),
        attempts=first.attempts + second.attempts,
        is_written=first.is_written or second.is_written,
    )
