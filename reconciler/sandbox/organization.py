"""The organization behind the API: its audiences, its active slots, and what a change does to them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from reconciler.sandbox import normal, reach
from reconciler.sandbox.record import Config, Record, seed
from reconciler.sandbox.staleness import Staleness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.options import Options
    from reconciler.sandbox.record import Generation
    from reconciler.sandbox.store import Audiences, Store


@dataclass(frozen=True, slots=True)
class Organization:
    """Every method blocks on the file (call one in a thread), and raises FileError for a broken one."""

    store: Store
    options: Options
    staleness: Staleness = field(default_factory=lambda: Staleness(0))

    def all(self) -> list[Record]:
        """Return the audiences in the order in which they were made."""
        with self.store.reading() as audiences:
            return self.staleness.seen_all(audiences.all())

    def get(self, audience_id: str) -> Record:
        """Return an audience; raises the 404."""
        with self.store.reading() as audiences:
            record = self.staleness.seen(audience_id, audiences.get(audience_id))
        return _found(record, audience_id)

    def count_active(self) -> int:
        with self.store.reading() as audiences:
            return audiences.count_active()

    def create(self, body: dict[str, Any]) -> Record:
        """Create an audience of a body that the contract allows, a draft unless the body says otherwise.

        Raises the 403 for full slots.
        """
        now = _timestamp(datetime.now(UTC))
        config, status = normal.stored(body["config"], self.options), body.get("status", "draft")
        size = body.get("audienceSize", reach.people(config, self.options.generation))
        record = Record(str(uuid.uuid4()), body["name"], status, config, size, now, now)
        with self.store.writing() as audiences:
            self._require_slot(audiences, "draft", status)
            self.staleness.note(record.id, None)
            audiences.add(record)
        return record

    def update(self, audience_id: str, body: dict[str, Any]) -> Record:
        """Apply a body that the contract allows; raises the 404, and the 403 for full slots."""
        with self.store.writing() as audiences:
            before = _found(audiences.get(audience_id), audience_id)
            after = self._updated(before, body)
            self._require_slot(audiences, before.status, after.status)
            self.staleness.note(audience_id, before)
            audiences.replace(after)
        return after

    def delete(self, audience_id: str) -> None:
        """Delete an audience; raises the 404."""
        with self.store.writing() as audiences:
            self.staleness.note(audience_id, _found(audiences.get(audience_id), audience_id))
            audiences.remove(audience_id)

    def _updated(self, before: Record, body: dict[str, Any]) -> Record:
        config, size = before.config, before.audience_size
        if "config" in body:
            config = normal.stored(body["config"], self.options)
            if self.options.config_semantics == "merge":
                config = _merged(before.config, config)
            size = reach.people(config, self.options.generation)
        return replace(
            before,
            name=body.get("name", before.name),
            status=body.get("status", before.status),
            config=config,
            audience_size=body.get("audienceSize", size),
            updated_at=_later_than(before.updated_at),
        )

    def _require_slot(self, audiences: Audiences, before: str, after: str) -> None:
        if before != "active" and after == "active" and audiences.count_active() >= self.options.slots:
            raise HTTPException(
                403, f"All {self.options.slots} active slots are taken. Pause an audience first."
            )


def fresh_records(generation: Generation = 1) -> Iterator[Record]:
    """Yield the audiences of a fresh organization, whose configs are of the one generation."""
    for each in seed()["audiences"]:
        config = each["configs"][str(generation)]
        yield Record(
            id=each["id"],
            name=each["name"],
            status=each["status"],
            config=config,
            audience_size=reach.people(config, generation),
            created_at=each["createdAt"],
            updated_at=each["updatedAt"],
            last_refreshed_at=each["lastRefreshedAt"],
        )


def _found(record: Record | None, audience_id: str) -> Record:
    if record is None:
        raise HTTPException(404, f"There is no audience {audience_id}.")
    return record


def _merged(stored: Config, sent: Config) -> Config:
    both = {
        key: _merged(stored[key], value)
        for key, value in sent.items()
        if isinstance(value, dict) and isinstance(stored.get(key), dict)
    }
    return {**stored, **sent, **both}


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _later_than(earlier: str) -> str:
    # Two changes within a millisecond, or a clock that is set back, still move the timestamp on.
    return _timestamp(max(datetime.now(UTC), datetime.fromisoformat(earlier) + timedelta(milliseconds=1)))
