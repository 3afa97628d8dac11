"""Reads that lag behind writes: so long, and for what was written alone."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.sandbox.app import create_app
from reconciler.sandbox.organization import fresh_records
from reconciler.sandbox.staleness import Staleness
from tests.unit.sandbox.calls import AUDIENCES, MARKETING, SWITCHERS, WEBINAR, served

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = {"topicIds": [117805]}
BEFORE = "Marketing directors at software companies"


def test_reads_show_what_was_before_a_write(database: Path) -> None:
    with served(create_app(database, stale_reads_ms=600_000)) as api:
        whole = api.get().data
        assert api.patch(MARKETING, {"name": "Renamed"}).data["name"] == "Renamed"
        assert api.patch(MARKETING, {"name": "Again"}).data["name"] == "Again"
        made = api.post("", {"name": "New", "config": CONFIG}).data["id"]
        assert api.call("DELETE", f"{AUDIENCES}/{SWITCHERS}").data["deleted"] is True

        assert api.get().data == whole
        assert api.get(f"/{MARKETING}").data["name"] == BEFORE
        assert api.get(f"/{made}").error == (404, "NOT_FOUND")
        assert api.get(f"/{SWITCHERS}").data["id"] == SWITCHERS
    with served(create_app(database)) as api:
        assert api.get(f"/{MARKETING}").data["name"] == "Again"
        assert len(api.get().data) == 17


def test_slots_and_writes_never_lag(database: Path) -> None:
    with served(create_app(database, stale_reads_ms=600_000)) as api:
        assert api.patch(WEBINAR, {"status": "paused"}).status == 200
        assert api.patch(SWITCHERS, {"status": "active"}).data["status"] == "active"
        assert api.call("DELETE", f"{AUDIENCES}/{SWITCHERS}").status == 200
        assert api.call("DELETE", f"{AUDIENCES}/{SWITCHERS}").error == (404, "NOT_FOUND")


def test_write_is_seen_once_its_time_is_over(database: Path) -> None:
    with served(create_app(database, stale_reads_ms=100)) as api:
        began = time.monotonic()
        api.patch(MARKETING, {"name": "Renamed"})
        while api.get(f"/{MARKETING}").data["name"] == BEFORE:
            assert time.monotonic() - began < 20

        assert time.monotonic() - began >= 0.1
        assert api.get().data[0]["name"] == "Renamed"


def test_each_write_shows_after_its_own_time() -> None:
    moments = [0.0]
    first = next(fresh_records())
    second, third = replace(first, name="second"), replace(first, name="third")
    staleness = Staleness(10, lambda: moments[0])
    staleness.note(first.id, first)
    moments[0] = 6
    staleness.note(first.id, second)

    seen = []
    for moments[0] in (6, 9.9, 10, 15.9, 16):
        record = staleness.seen(first.id, third)
        assert [record] == staleness.seen_all([third])
        seen.append(record)
    assert seen == [first, first, second, second, third]
