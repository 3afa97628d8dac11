"""An audience that starts with another config: first the config, then, once that is verified, the status."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.peer import Fault
from tests.unit.applying import (
    CONFIG,
    A,
    B,
    apply,
    assert_each_write_was_compared,
    audience,
    outcomes,
    plan,
    serving,
    simulated,
)

WRITE: dict[str, Any] = {"method": "PATCH", "route": "one"}
STARTING: dict[str, Any] = {"status": "active", "name": "New", "config": {**CONFIG, "minScore": 80}}
NOT_STARTED = "its config is as defined, and it was not started; "


def bodies(peer: Any) -> list[list[str]]:
    return [sorted(entry.document) for entry in peer.patches()]


def test_config_is_verified_before_status_is_sent() -> None:
    with serving() as (peer, url):
        results = apply(url, plan(url, {A: STARTING}))
    assert_each_write_was_compared(peer)
    assert bodies(peer) == [["config", "name"], ["status"]]
    assert (results[A].outcome, results[A].attempts, results[A].detail) == ("applied", 2, "")
    assert peer.state[A]["status"] == "active"


def test_status_of_unverified_config_is_never_sent() -> None:
    lost_filter = Fault("lie", id=A, times=None)
    peer, host = simulated(lost_filter)
    results = apply(host, plan(host, {A: STARTING}))
    assert results[A].outcome == "failed"
    assert all("status" not in body for body in bodies(peer))


def test_refused_config_leaves_status_alone() -> None:
    with serving(Fault("status", **WRITE, id=A, status=400)) as (peer, url):
        results = apply(url, plan(url, {A: STARTING, B: {"status": "active"}}))
    assert outcomes(results) == ["failed", "applied"]
    assert bodies(peer) == [["config", "name"], ["status"]]


@pytest.mark.parametrize("kind", ["filled_defaults", "unknown_fields"])
def test_what_api_adds_to_config_stops_no_start(kind: str) -> None:
    with serving(Fault(kind, **WRITE, id=A, times=1), holds=[audience(1)]) as (_, url):
        results = apply(url, plan(url, {A: {**STARTING, "config": {"topicIds": [1]}}}))
    assert outcomes(results) == ["applied"]


def test_edit_between_the_steps_is_a_conflict() -> None:
    edited = Fault("edit", **WRITE, id=A, changes={"status": "draft"}, when="after")
    with serving(edited) as (peer, url):
        results = apply(url, plan(url, {A: STARTING}))
    assert results[A].outcome == "conflict"
    assert results[A].detail.startswith(NOT_STARTED)
    assert results[A].is_written
    assert all("status" not in body for body in bodies(peer))


@pytest.mark.parametrize("when", ["before", "after"])
def test_start_with_a_config_of_somebody_else_is_conflict(when: str) -> None:
    edited = Fault("edit", **WRITE, id=A, skip=1, changes={"config": {**CONFIG, "topicIds": [9]}}, when=when)
    with serving(edited) as (peer, url):
        (result,) = apply(url, plan(url, {A: STARTING})).values()
    assert (result.outcome, result.is_written, result.attempts) == ("conflict", True, 2)
    assert result.detail.startswith("it was started, and somebody else changed meanwhile: config.")
    assert bodies(peer) == [["config", "name"], ["status"]]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault("status", **WRITE, id=A, skip=1, status=500), "unknown"),
        (Fault("lie", id=A, skip=1), "failed"),
    ],
    ids=["unclear", "not-stored"],
)
def test_sent_status_is_not_called_unsent(fault: Fault, outcome: str) -> None:
    _, host = simulated(fault)
    results = apply(host, plan(host, {A: STARTING}))
    assert results[A].outcome == outcome
    assert results[A].detail.startswith("its config is as defined; ")


def test_start_by_somebody_else_after_config_counts() -> None:
    started = Fault("edit", **WRITE, id=A, changes={"status": "active"}, when="after")
    with serving(started) as (peer, url):
        results = apply(url, plan(url, {A: STARTING}))
    assert (results[A].outcome, bodies(peer)) == ("applied", [["config", "name"]])


def test_full_slots_block_the_second_step() -> None:
    with serving(holds=[audience(1), audience(2, "active")], slots=1) as (peer, url):
        results = apply(url, plan(url, {A: STARTING}))
    assert (results[A].outcome, results[A].attempts, results[A].is_written) == ("blocked", 2, True)
    assert peer.state[A]["config"]["minScore"] == 80


def test_run_that_ends_reports_the_half() -> None:
    gone = Fault("status", **WRITE, id=B, status=401)
    with serving(gone) as (_, url):
        results = apply(url, plan(url, {A: STARTING, B: {"name": "Z"}}), parallelism=1)
    assert outcomes(results) == ["not_attempted", "failed"]
    assert results[A].detail.startswith(NOT_STARTED)
    assert results[A].is_written


def test_config_that_is_already_live_needs_status_alone() -> None:
    with serving() as (peer, url):
        the_plan = plan(url, {A: STARTING})
        peer.edit(A, {"config": STARTING["config"], "name": "New"})
        results = apply(url, the_plan)
    assert (results[A].outcome, bodies(peer)) == ("applied", [["status"]])
