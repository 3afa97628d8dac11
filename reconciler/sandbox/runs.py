"""The daily runs that computed an audience's people: made up from its own dates, and the same each time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from reconciler.sandbox import reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.record import Generation, Record

Status = Literal["completed", "failed"]
RUN_NAMESPACE = uuid.UUID("1b2f9a0e-6d1c-4f0b-9a50-0c7d5f6f2a11")
# On this day of every month a run fails, so that a reader meets one.
FAILING_DAY = 13
# How many people a run weighs for each one that it keeps.
CANDIDATES_PER_RESULT = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One day's run, of the config as it is now: the sandbox keeps no earlier ones."""

    audience: Record
    day: date

    @property
    def id(self) -> str:
        return str(uuid.uuid5(RUN_NAMESPACE, f"{self.audience.id} {self.day}"))

    @property
    def status(self) -> Status:
        return "failed" if self.day.day == FAILING_DAY else "completed"

    @property
    def people(self) -> int:
        return self.audience.audience_size if self.status == "completed" else 0

    @property
    def cache_key(self) -> str:
        return f"audience_{reach.config_hash(self.audience.config)[:16]}_{self.day}"

    def shown(self, generation: Generation) -> dict[str, Any]:
        """Return the run as the runs route shows it."""
        if generation == 1:
            return {
                "cacheKey": self.cache_key,
                "dataDate": str(self.day),
                "status": "ready" if self.status == "completed" else "failed",
                "totalCount": self.people,
                "createdAt": f"{self.day}T06:12:00.000Z",
                "hasExport": False,
            }
        return {
            "id": self.id,
            "status": self.status,
            "configHash": reach.config_hash(self.audience.config),
            "dataDate": str(self.day),
            "candidateCount": self.people * CANDIDATES_PER_RESULT,
            "resultCount": self.people,
            "startedAt": f"{self.day}T06:00:00.000Z",
            "completedAt": f"{self.day}T06:12:00.000Z",
        }


def latest_first(record: Record) -> Iterator[Run]:
    """Yield a run for each day from the audience's last refresh back to its making.

    One that was never refreshed has them from the day when it became active; without that it has none.
    """
    refreshed = record.last_refreshed_at or (record.updated_at if record.status == "active" else None)
    if refreshed is None:
        return
    day = datetime.fromisoformat(refreshed).date()
    first = datetime.fromisoformat(record.created_at).date()
    while day >= first:
        yield Run(record, day)
        day -= timedelta(days=1)


def on(record: Record, day: str | None) -> Run | None:
    """Return the run of a day, the latest one for None; None where there is none."""
    return next((run for run in latest_first(record) if day in {None, str(run.day)}), None)
