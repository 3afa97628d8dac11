"""Reads that lag behind writes, as those of an API whose reads come from a copy do."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.sandbox.record import Record

Write = tuple[float, "Record | None"]


@dataclass(frozen=True, slots=True)
class Staleness:
    """Shows each audience as it was `seconds` ago; it knows the writes of this process alone."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _writes: dict[str, deque[Write]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def note(self, audience_id: str, before: Record | None) -> None:
        """Remember what an audience was before a write; None where it was not there."""
        if self.seconds:
            with self._lock:
                self._writes.setdefault(audience_id, deque()).append((self.clock(), before))

    def seen(self, audience_id: str, now: Record | None) -> Record | None:
        """Return the audience as a read shows it, given as it is `now`."""
        with self._lock:
            writes = self._writes.get(audience_id)
            if writes is None:
                return now
            while writes and writes[0][0] <= self.clock() - self.seconds:
                writes.popleft()
            return writes[0][1] if writes else now

    def seen_all(self, now: Iterable[Record]) -> list[Record]:
        """Return all audiences as the list shows them, in its order."""
        by_id = {record.id: record for record in now}
        with self._lock:
            written = set(self._writes)
        found = [self.seen(audience_id, by_id.get(audience_id)) for audience_id in written | set(by_id)]
        return sorted((record for record in found if record), key=lambda record: record.position)
