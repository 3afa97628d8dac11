"""The organization behind the API: its audiences, its active slots, and what a change does to them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from starlette.exceptions import HTTPException

from reconciler.sandbox import reach
from reconciler.sandbox.record import Config, Record, seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.store import Audiences, Store

Semantics = Literal["replace", "merge"]


@dataclass(frozen=True, slots=True)
class Organization:
    """Every method blocks on the file (call one in a thread), and raises FileError for a broken one."""

    store: Store
    config_semantics: Semantics
    slots: int

    def page(self, status: str | None, after: int, limit: int) -> tuple[list[Record], int | None]:
        """Return a page, and the position that the next one starts after when there is one."""
        with self.store.reading() as audiences:
            records = audiences.all(status, after, limit + 1)
        more = len(records) > limit
        return records[:limit], records[limit - 1].position if more else None

    def all(self) -> list[Record]:
        with self.store.reading() as audiences:
            return audiences.all()

    def get(self, audience_id: str) -> Record:
        """Return an audience; raises the 404."""
        with self.store.reading() as audiences:
            return _get(audiences, audience_id)

    def create(self, body: dict[str, Any]) -> Record:
        """Create an audience of a body that the contract allows, a draft unless the body says otherwise.

        Raises the 403 for full slots.
        """
        now = _timestamp(datetime.now(UTC))
        config, status = body["config"], body.get("status", "draft")
        record = Record(str(uuid.uuid4()), body["name"], status, config, reach.people(config), now, now)
        with self.store.writing() as audiences:
            self._require_slot(audiences, "draft", status)
            audiences.add(record)
        return record

    def update(self, audience_id: str, body: dict[str, Any]) -> Record:
        """Apply a body that the contract allows; raises the 404, and the 403 for full slots."""
        with self.store.writing() as audiences:
            before = _get(audiences, audience_id)
            after = self._updated(before, body)
            self._require_slot(audiences, before.status, after.status)
            audiences.replace(after)
        return after

    def delete(self, audience_id: str) -> None:
        """Delete an audience; raises the 404."""
        with self.store.writing() as audiences:
            if not audiences.remove(audience_id):
                raise _not_found(audience_id)

    def _updated(self, before: Record, body: dict[str, Any]) -> Record:
        config, size = before.config, before.audience_size
        if "config" in body:
            merges = self.config_semantics == "merge"
            config = _merged(before.config, body["config"]) if merges else body["config"]
            size = reach.people(config)
        return replace(
            before,
            name=body.get("name", before.name),
            status=body.get("status", before.status),
            config=config,
            audience_size=body.get("audienceSize", size),
            updated_at=_later_than(before.updated_at),
        )

    def _require_slot(self, audiences: Audiences, before: str, after: str) -> None:
        if before != "active" and after == "active" and audiences.count_active() >= self.slots:
            raise HTTPException(403, f"All {self.slots} active slots are taken. Pause an audience first.")


def fresh_records() -> Iterator[Record]:
    """Yield the audiences of a fresh organization."""
    for each in seed()["audiences"]:
        yield Record(
            id=each["id"],
            name=each["name"],
            status=each["status"],
            config=each["config"],
            audience_size=reach.people(each["config"]),
            created_at=each["createdAt"],
            updated_at=each["updatedAt"],
            last_refreshed_at=each["lastRefreshedAt"],
        )


def _get(audiences: Audiences, audience_id: str) -> Record:
    record = audiences.get(audience_id)
    if record is None:
        raise _not_found(audience_id)
    return record


def _not_found(audience_id: str) -> HTTPException:
    return HTTPException(404, f"There is no audience {audience_id}.")


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
