"""The audiences that the peer holds, and what a read may see of them."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .copying import copied

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .entries import Audience

_UNTOUCHED = {
    "audienceSize": None,
    "lastRefreshedAt": None,
    "createdAt": "2026-01-05T08:00:00Z",
    "updatedAt": "2026-01-05T08:00:00Z",
}


@dataclass(slots=True)
class _Stale:
    """What reads of one audience still see, until a moment or for a number of reads."""

    audience: Audience
    until: float
    reads: int | None


class Audiences:
    """The audiences by id, in their first order; with a file, persisted before a write is answered."""

    def __init__(self, audiences: Iterable[Mapping[str, Any]], path: Path | None) -> None:
        self._path = path
        if path is not None and path.exists():
            audiences = json.loads(path.read_text())
        given = [copied({**audience, **_UNTOUCHED, **audience}) for audience in audiences]
        self._audiences = {audience["id"]: audience for audience in given}
        if len(self._audiences) != len(given):
            raise ValueError("two audiences have one id")
        self._stale: dict[str, _Stale] = {}
        self._persist()

    def ids(self) -> tuple[str, ...]:
        return tuple(self._audiences)

    def get(self, audience_id: str | None) -> Audience | None:
        return copied(self._audiences[audience_id]) if audience_id in self._audiences else None

    def stored(self, audience_id: str) -> Audience:
        return copied(self._audiences[audience_id])

    def state(self) -> dict[str, Audience]:
        return copied(self._audiences)

    def put(self, audience: Audience) -> None:
        """Store an audience whole, as changed now and seen by everyone."""
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._stale.pop(audience["id"], None)
        self._audiences[audience["id"]] = {**copied(audience), "updatedAt": now}
        self._persist()

    def remove(self, audience_id: str) -> None:
        del self._audiences[audience_id]
        self._stale.pop(audience_id, None)
        self._persist()

    def hide_write(self, before: Audience, seconds: float | None, reads: int | None) -> None:
        """Let reads see `before` for so many seconds, or so many times."""
        until = time.monotonic() + seconds if seconds is not None else float("inf")
        self._stale[before["id"]] = _Stale(before, until, reads)

    def show_all(self) -> None:
        """Let reads see every write."""
        self._stale.clear()

    def seen(self, audience_id: str) -> tuple[Audience, bool]:
        """Give what a read sees, and whether that is stale."""
        stale = self._stale.get(audience_id)
        if stale is None or time.monotonic() >= stale.until or stale.reads == 0:
            return copied(self._audiences[audience_id]), False
        if stale.reads is not None:
            stale.reads -= 1
        return copied(stale.audience), True

    def active(self) -> int:
        return sum(audience["status"] == "active" for audience in self._audiences.values())

    def _persist(self) -> None:
        if self._path is not None:
            new = self._path.with_name(self._path.name + ".new")
            new.write_text(json.dumps(list(self._audiences.values()), indent=1))
            os.replace(new, self._path)  # noqa: PTH105 - the same call, and its name says that it is atomic
