from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import FileError
from tests.doubles.peer import Fault
from tests.unit.applying import (
    CONFIG,
    A,
    B,
    C,
    apply,
    assert_each_write_was_compared,
    audience,
    calls,
    live_audiences,
    outcomes,
    plan,
    serving,
    simulated,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Json
    from tests.doubles.peer import Peer

RENAMED = {"name": "New"}
# Drops the filter `gender`, and changes another.
NARROWED = {"config": {"topicIds": [117805, 117890], "minScore": 60, "filters": {"seniority": ["vp", "cxo"]}}}
DROPPED = {"config": {"topicIds": [117805, 117890], "minScore": 60, "filters": {"seniority": ["vp"]}}}
READ: dict[str, Any] = {"method": "GET", "route": "one"}


class Pages:
    """A journal in memory, which can run full, and notes how many PATCHes the peer had by then."""

    def __init__(self, peer: Peer, room: int = 100) -> None:
        self.records: list[tuple[int, dict[str, Json]]] = []
        self._peer = peer
        self._room = room

    def write(self, record: Mapping[str, Json]) -> None:
        if len(self.records) == self._room:
            raise FileError("the journal is full", "Make room")
        self.records.append((len(self._peer.patches()), dict(record)))


def test_change_is_compared_sent_once_and_verified() -> None:
    with serving() as (peer, url):
        results = apply(url, plan(url, {A: RENAMED | {"status": "draft"}}))
    assert (peer.log[0].method, peer.log[0].id) == ("GET", None)
    assert calls(peer, A) == ["GET", "PATCH", "GET"]
    assert peer.patches()[0].body == b'{"name": "New", "status": "draft"}'
    assert peer.state[A]["name"] == "New"
    (result,) = results.values()
    assert (result.outcome, result.detail, result.attempts, result.is_written) == ("applied", "", 1, True)


def test_only_what_differs_is_sent_and_config_whole() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, {A: {"name": "Audience 1", "status": "paused", **NARROWED}})
        apply(url, the_plan)
    (sent,) = peer.patches()
    assert sent.document == the_plan.changes[0].patch
    assert sent.document == {
        "config": {
            **NARROWED["config"],
            "topicIds": [117805, 117890],
            "filters": {"seniority": ["cxo", "vp"]},
        }
    }


def test_audience_already_as_defined_is_not_sent() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, {A: RENAMED})
        peer.edit(A, RENAMED)
        (result,) = apply(url, the_plan).values()
    assert (result.outcome, result.attempts, result.is_written) == ("unchanged", 0, False)
    assert peer.patches() == ()


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        ({"name": "Theirs"}, "name"),
        ({"status": "active"}, "status"),
        ({"config": CONFIG | {"minScore": 61}}, "config.minScore"),
        ({"config": CONFIG | {"filters": {"seniority": ["vp"]}}}, "config.filters.gender"),
        (
            {"config": CONFIG | {"filters": {"seniority": ["vp", "cxo"], "gender": "f"}}},
            "config.filters.seniority",
        ),
        ({"config": CONFIG | {"x_new": {"a": 1}}}, "config.x_new"),
        ({"config": CONFIG | {"x_old": 2}}, "config.x_old"),
        ({"config": {key: value for key, value in CONFIG.items() if key != "x_old"}}, "config.x_old"),
        ({"config": None}, "config.topicIds"),
    ],
)
def test_audience_changed_since_the_plan_is_conflict(edit: dict[str, Any], path: str) -> None:
    config = {**CONFIG, "x_old": 1}
    held = [audience(1, config=config)]
    if edit.get("config"):
        edit = {"config": {"x_old": 1, **edit["config"]} if path != "config.x_old" else edit["config"]}
    with serving(holds=held) as (peer, url):
        the_plan = plan(url, {A: RENAMED | {"status": "draft"}})
        peer.edit(A, edit)
        (result,) = apply(url, the_plan).values()
    assert (result.outcome, result.attempts, result.is_written) == ("conflict", 0, False)
    assert result.detail.startswith("changed by somebody else since the plan: ")
    assert path in result.detail.split(": ")[1].split(", ")
    assert peer.patches() == ()


def test_unknown_live_field_added_is_conflict() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, {A: NARROWED})
        peer.edit(A, {"config": {**NARROWED["config"], "x_new": 1}})
        (result,) = apply(url, the_plan).values()
    assert result.outcome == "conflict"
    assert peer.patches() == ()


def test_volatile_fields_are_not_an_edit() -> None:
    moved = {
        "audienceSize": 777,
        "updatedAt": "2026-06-01T00:00:00Z",
        "lastRefreshedAt": "2026-06-01T00:00:00Z",
    }
    with serving() as (peer, url):
        the_plan = plan(url, {A: RENAMED})
        peer.edit(A, moved)
        results = apply(url, the_plan)
    assert outcomes(results) == ["applied"]
    assert peer.state[A]["audienceSize"] == 777


def test_size_that_moves_hides_no_applied_change() -> None:
    moved = Fault("edit", method="PATCH", changes={"audienceSize": 51})
    lost = Fault("drop", method="PATCH", when="after")
    with serving(lost, moved, holds=[audience(1, audienceSize=50)]) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.detail) == ("applied", "found applied after an unclear response")
    assert calls(peer, A) == ["GET", "PATCH", "GET"]


def test_size_that_moves_hides_no_identical_edit() -> None:
    with serving(holds=[audience(1, audienceSize=50)]) as (peer, url):
        the_plan = plan(url, {A: RENAMED})
        peer.edit(A, RENAMED | {"audienceSize": 51})
        (result,) = apply(url, the_plan).values()
    assert (result.outcome, result.attempts) == ("unchanged", 0)
    assert peer.patches() == ()


def test_size_is_sent_where_defined() -> None:
    with serving(holds=[audience(1, audienceSize=50), audience(2, audienceSize=100)]) as (peer, url):
        wanted = {one: {"audienceSize": 100} for one in (A, B)}
        the_plan = plan(url, wanted)
        assert [change.id for change in the_plan.changes] == [A]
        assert outcomes(apply(url, the_plan)) == ["applied"]
        assert outcomes(apply(url, the_plan)) == ["unchanged"]
    assert [entry.document for entry in peer.patches()] == [{"audienceSize": 100}]
    assert peer.state[A]["audienceSize"] == 100


def test_size_that_moves_hides_no_kept_filter() -> None:
    sizes = [
        Fault("value", method=method, route="one", path="data.audienceSize", value=size, skip=skip)
        for method, size, skip in (("GET", 50, 0), ("PATCH", 51, 0), ("GET", 52, 1))
    ]
    peer, host = simulated(*sizes, config_semantics="merge")
    (result,) = apply(host, plan(host, {A: NARROWED})).values()
    assert result.detail == "not removed by the API: config.filters.gender"
    assert calls(peer, A) == ["GET", "PATCH", "GET"]


def test_another_order_of_a_set_is_no_conflict() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, {A: RENAMED})
        peer.inject(Fault("reordered", **READ))
        assert outcomes(apply(url, the_plan)) == ["applied"]
        assert peer.unfired == ()


def test_reordered_unknown_list_makes_no_conflict() -> None:
    with serving(holds=[audience(1, config={**CONFIG, "x_new": {"list": [3, 1, 2], "more": [[1], 2]}})]) as (
        peer,
        url,
    ):
        the_plan = plan(url, {A: NARROWED})
        peer.inject(Fault("reordered", **READ, times=None))
        (result,) = apply(url, the_plan).values()
    assert (result.outcome, result.detail) == ("applied", "")


def test_scores_that_appeared_since_the_plan_are_conflict() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, {A: RENAMED})
        peer.inject(Fault("filled_defaults", **READ))
        (result,) = apply(url, the_plan).values()
    assert (result.outcome, peer.patches()) == ("conflict", ())
    assert result.detail == "changed by somebody else since the plan: config.maxScore, config.minTopicOverlap"


def test_audience_deleted_since_the_plan_is_conflict() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, {A: RENAMED, B: RENAMED})
        peer.edit(A, None)
        results = apply(url, the_plan)
    assert outcomes(results) == ["conflict", "applied"]
    assert (results[A].detail, results[A].is_written) == ("the audience does not exist any more", False)
    assert [entry.id for entry in peer.patches()] == [B]


def test_concurrent_edit_of_another_field_is_reported() -> None:
    with serving(Fault("edit", changes={"status": "draft"}, **READ)) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.detail) == ("applied", "somebody else changed what was not sent: status")
    assert peer.state[A]["status"] == "draft"


@pytest.mark.parametrize("kind", ["reordered", "filled_defaults", "unknown_fields"])
def test_equivalent_audience_is_believed_at_once(kind: str) -> None:
    with serving(Fault(kind, route="one", skip=1, times=None)) as (peer, url):
        (result,) = apply(url, plan(url, {A: NARROWED})).values()
    assert (result.outcome, result.detail, result.attempts) == ("applied", "", 1)
    assert calls(peer, A) == ["GET", "PATCH", "GET"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("short_body", method="PATCH"),
        Fault("old_body", method="PATCH"),
        Fault("value", method="PATCH", path="data", value={}),
        Fault("value", method="PATCH", path="data.id", value=B),
        Fault("value", method="PATCH", path="data.config.minScore", value="60"),
        Fault("body", method="PATCH", when="after", text="[]"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.path}",
)
def test_response_without_the_change_is_verified_by_reading(fault: Fault) -> None:
    with serving(fault) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.detail, result.attempts) == ("applied", "", 1)
    assert calls(peer, A) == ["GET", "PATCH", "GET"]


def test_stale_reads_are_polled_past() -> None:
    peer, host = simulated(Fault("short_body", method="PATCH"), Fault("stale", reads=6))
    (result,) = apply(host, plan(host, {A: NARROWED})).values()
    assert (result.outcome, result.attempts) == ("applied", 1)
    assert calls(peer, A) == ["GET", "PATCH"] + ["GET"] * 7
    # The waits between two polls double, up to two seconds.
    assert host.gaps(A)[2:] == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_stale_reads_are_polled_for_a_limited_time() -> None:
    peer, host = simulated(Fault("short_body", method="PATCH"), Fault("stale", reads=100))
    (result,) = apply(host, plan(host, {A: NARROWED}), verification=30).values()
    assert host.elapsed == 30
    assert (result.outcome, result.attempts, result.is_written) == ("failed", 1, True)
    said, _, fields = result.detail.partition(": ")
    assert said == "the API accepted the change and holds something else"
    assert fields == (
        'config.filters.seniority: asked "cxo", which the API does not hold; '
        'config.filters.gender: the API also holds "f"'
    )
    assert calls(peer, A).count("PATCH") == 1


def test_success_that_stored_nothing_is_failed() -> None:
    peer, host = simulated(Fault("lie", method="PATCH"), Fault("old_body", method="PATCH"))
    (result,) = apply(host, plan(host, {A: RENAMED})).values()
    assert (result.outcome, result.attempts) == ("failed", 1)
    assert result.detail == (
        'the API accepted the change and holds something else: name: asked "New", the API holds "Audience 1"'
    )
    assert peer.state[A]["name"] == "Audience 1"


def test_kept_filter_is_failed_without_retry() -> None:
    peer, host = simulated(config_semantics="merge")
    (result,) = apply(host, plan(host, {A: NARROWED})).values()
    assert (result.outcome, result.attempts, result.is_written) == ("failed", 1, True)
    assert result.detail == "not removed by the API: config.filters.gender"
    # What the response shows and a read confirms will stay so: there is nothing to wait for.
    assert host.elapsed == 0
    assert calls(peer, A) == ["GET", "PATCH", "GET"]


def test_kept_filter_alone_is_failed_after_verification_time() -> None:
    peer, host = simulated(config_semantics="merge")
    (result,) = apply(host, plan(host, {A: DROPPED})).values()
    assert result.detail == "not removed by the API: config.filters.gender"
    assert (result.outcome, calls(peer).count("PATCH")) == ("failed", 1)
    assert host.elapsed == 30


def test_kept_member_is_reported_as_not_removed() -> None:
    kept = {**CONFIG, "filters": {"seniority": ["vp", "cxo"], "gender": "m"}}
    wanted = {"config": {**CONFIG, "filters": {"seniority": ["vp"], "gender": "m"}}}
    held = [audience(1, config={**CONFIG, "filters": {"seniority": ["vp", "cxo"], "gender": "f"}})]
    with serving(
        Fault("value", path="data.config", value=kept, times=None, skip=1, route="one"), holds=held
    ) as (
        _,
        url,
    ):
        (result,) = apply(url, plan(url, {A: wanted})).values()
    assert result.detail == "not removed by the API: config.filters.seniority"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("short_body", method="PATCH"),
        Fault("body", method="PATCH", when="after", text="[]"),
        Fault("value", method="PATCH", path="data.name", value="New"),
    ],
    ids=["short", "no-audience", "echo"],
)
def test_something_else_that_is_stored_is_named(fault: Fault) -> None:
    edit = Fault("edit", method="PATCH", changes={"name": "Theirs"})
    with serving(fault, edit) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED | {"status": "draft"}})).values()
    assert (result.outcome, result.is_written) == ("failed", True)
    assert result.detail == (
        'the API accepted the change and holds something else: name: asked "New", the API holds "Theirs"'
    )
    # Seen twice, a moment apart.
    assert calls(peer, A) == ["GET", "PATCH", "GET", "GET"]


def test_verification_that_cannot_read_is_unknown() -> None:
    unread = Fault("status", status=500, skip=1, times=None, **READ)
    with serving(Fault("short_body", method="PATCH"), unread) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED}), verification=0.3).values()
    assert (result.outcome, result.is_written) == ("unknown", True)
    assert result.detail.startswith("the API accepted the change; reading it again failed: GET ")
    assert peer.state[A]["name"] == "New"


def test_verification_deadline_bounds_its_reads() -> None:
    slow = Fault("delay", seconds=1000, skip=1, times=None, **READ)
    _, host = simulated(Fault("short_body", method="PATCH"), slow)
    (result,) = apply(host, plan(host, {A: RENAMED}), verification=30, request=2000, budget=2000).values()
    assert result.outcome == "unknown"
    assert result.detail == "the API accepted the change; it could not be read for 30 seconds"
    assert host.elapsed == 30


def test_early_read_alone_is_unknown() -> None:
    slow = Fault("delay", seconds=1000, skip=2, times=None, **READ)
    _, host = simulated(Fault("old_body", method="PATCH"), Fault("stale", reads=9), slow)
    (result,) = apply(host, plan(host, {A: RENAMED}), verification=30, request=2000).values()
    assert result.outcome == "unknown"
    assert result.detail == "the API accepted the change; it could not be read for 30 seconds"


def test_audience_deleted_after_write_is_written_conflict() -> None:
    gone = Fault("status", status=404, skip=1, **READ)
    with serving(Fault("short_body", method="PATCH"), gone) as (_, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.is_written) == ("conflict", True)
    assert result.detail == "the API accepted the change; the audience does not exist any more"


def test_both_generations_are_written_alike() -> None:
    wanted = {"config": {"topicIds": [1], "filters": {"role.seniority": {"values": ["vp"], "mode": "any"}}}}
    with serving(generation=2) as (peer, url):
        results = apply(url, plan(url, {A: wanted, B: RENAMED}))
    assert outcomes(results) == ["applied", "applied"]
    assert peer.state[A]["config"]["filters"] == {"role.seniority": {"values": ["vp"], "mode": "any"}}
    assert_each_write_was_compared(peer)


def test_unknown_fields_are_carried_over() -> None:
    held = [audience(1, config={**CONFIG, "x_new": {"list": [3, 1, 2], "half": 0.5}})]
    with serving(holds=held) as (peer, url):
        assert outcomes(apply(url, plan(url, {A: NARROWED}))) == ["applied"]
    assert peer.state[A]["config"]["x_new"] == {"list": [3, 1, 2], "half": 0.5}


def test_unknown_field_that_is_lost_is_failed() -> None:
    held = [audience(1, config={**CONFIG, "x_new": 1})]
    lost = Fault("value", path="data.config", value=NARROWED["config"], times=None, skip=1, route="one")
    with serving(lost, holds=held) as (_, url):
        (result,) = apply(url, plan(url, {A: NARROWED})).values()
    assert result.outcome == "failed"
    assert result.detail.endswith("config.x_new: asked 1, which the API does not hold")


def test_intent_is_recorded_before_write_outcome_after() -> None:
    with serving(Fault("status", status=429, id=A, method="PATCH")) as (peer, url):
        the_plan = plan(url, {A: RENAMED})
        pages = Pages(peer)
        apply(url, the_plan, journal=pages)
    intent = {
        "digest": the_plan.digest,
        "event": "intent",
        "id": A,
        "name": "New",
        "patch": {"name": "New"},
    }
    outcome = {"digest": the_plan.digest, "event": "outcome", "id": A, "outcome": "applied", "detail": ""}
    assert pages.records == [(0, intent), (1, intent), (2, outcome)]
    assert json.dumps([record for _, record in pages.records])


def test_what_was_not_sent_is_not_recorded() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, {A: RENAMED, B: RENAMED})
        peer.edit(A, {"name": "Theirs"})
        peer.edit(B, RENAMED)
        pages = Pages(peer)
        assert outcomes(apply(url, the_plan, journal=pages)) == ["conflict", "unchanged"]
    assert pages.records == []


def test_without_a_durable_intent_nothing_is_sent() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, dict.fromkeys((A, B, C), RENAMED))
        results = apply(url, the_plan, journal=Pages(peer, room=2), parallelism=1)
    assert outcomes(results) == ["applied", "not_attempted", "not_attempted"]
    assert results[B].detail == results[C].detail == "the journal is full"
    assert [entry.id for entry in peer.patches()] == [A]


def test_journal_full_between_attempts_ends_them() -> None:
    with serving(Fault("status", method="PATCH", status=429)) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED}), journal=Pages(peer, room=1)).values()
    assert (result.outcome, result.attempts) == ("failed", 1)
    assert result.detail.startswith("the journal is full")
    assert len(peer.patches()) == 1


def test_unsent_write_has_its_outcome_recorded() -> None:
    peer, host = simulated(Fault("refuse", **READ, seconds=0.01, times=3))
    pages = Pages(peer)
    (result,) = apply(host, plan(host, {A: RENAMED}), journal=pages).values()
    events = [(record["event"], record.get("outcome")) for _, record in pages.records]
    assert events[0] == ("intent", None)
    assert events[-1] == ("outcome", result.outcome)


def test_second_apply_of_a_plan_sends_nothing() -> None:
    with serving(holds=live_audiences(6)) as (peer, url):
        the_plan = plan(url, {one["id"]: NARROWED for one in live_audiences(6)})
        assert set(outcomes(apply(url, the_plan))) == {"applied"}
        assert set(outcomes(apply(url, the_plan))) == {"unchanged"}
    assert len(peer.patches()) == 6
