from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles.peer import Fault
from tests.unit.applying import (
    CONFIG,
    A,
    B,
    C,
    apply,
    audience,
    calls,
    outcomes,
    plan,
    simulated,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.plan import AudienceResult
    from tests.unit.virtual_time import Simulation

RENAMED = {"name": "New"}
WRITE: dict[str, Any] = {"method": "PATCH"}
READ_AGAIN: dict[str, Any] = {"method": "GET", "route": "one", "skip": 1}
WANTED = {"config": {**CONFIG, "filters": {"seniority": ["VP"], "gender": "f"}}}
HOLDS = "the API accepted the change and holds something else: "


def config(**filters: Any) -> dict[str, Any]:
    return {**CONFIG, "filters": {key: value for key, value in filters.items() if value is not None}}


def storing(audience_id: str = A, **fields: Any) -> Fault:
    """Let the API store this although it answers with an echo of what it was asked for."""
    return Fault("edit", **WRITE, id=audience_id, changes=fields)


def settled(host: Simulation, *ids: str, **wanted: Any) -> Mapping[str, AudienceResult]:
    return apply(host, plan(host, dict.fromkeys(ids or (A,), wanted or WANTED)), parallelism=1)


def test_echo_of_a_write_proves_nothing() -> None:
    peer, host = simulated(storing(config=config(seniority=["vp", "cxo"], gender="f")))
    (result,) = settled(host).values()
    assert (result.outcome, result.attempts, result.is_written) == ("failed", 1, True)
    assert result.detail == f'{HOLDS}config.filters.seniority: asked "VP", the API holds "cxo", "vp"'
    assert calls(peer, A) == ["GET", "PATCH", "GET", "GET"]
    # What it holds is plain as soon as it was read twice.
    assert host.elapsed == 0.2


def test_echo_is_polled_past_stale_reads() -> None:
    _, host = simulated(Fault("stale", reads=3))
    assert outcomes(settled(host, name="New")) == ["applied"]
    assert host.gaps(A) == [0, 0, 0.2, 0.4, 0.8]


def test_normalised_body_and_read_settle_at_once() -> None:
    kept = config(seniority=["vp", "cxo"], gender="f")
    shown = Fault("value", **WRITE, path="data.config", value=kept)
    peer, host = simulated(storing(config=kept), shown)
    assert outcomes(settled(host)) == ["failed"]
    assert (host.elapsed, calls(peer, A)) == (0, ["GET", "PATCH", "GET"])


def test_dropped_filter_waits_once_for_all() -> None:
    """A filter that is dropped leaves the audience as before, which a stale read shows too."""
    faults = [storing(one, config=CONFIG) for one in (A, B, C)]
    _, host = simulated(*faults)
    wanted = {"config": config(seniority=["vp"], gender="f", state="CA")}
    results = settled(host, A, B, C, **wanted)
    assert outcomes(results) == ["failed"] * 3
    assert results[C].detail == f'{HOLDS}config.filters.state: asked "CA", which the API does not hold'
    assert host.elapsed == 30 + 3 + 3


def test_other_field_still_has_its_whole_time() -> None:
    _, host = simulated(storing(A, config=CONFIG), Fault("stale", id=B, reads=9))
    wanted: dict[str, dict[str, Any]] = {A: {"config": config(seniority=["vp"], state="CA")}, B: RENAMED}
    assert outcomes(apply(host, plan(host, wanted), parallelism=1)) == ["failed", "applied"]


def test_edit_before_a_lagging_write_is_not_lasting() -> None:
    # Somebody edits another field between the comparison and the write; reads lag behind the write alone.
    edit = Fault("edit", method="GET", route="one", changes={"status": "draft"})
    _, host = simulated(edit, Fault("stale", reads=4))
    (result,) = settled(host, name="New").values()
    assert (result.outcome, result.detail) == ("applied", "somebody else changed what was not sent: status")


def test_detail_is_short_whatever_is_held() -> None:
    kept = config(
        seniority=[f"{number}{'x' * 50}" for number in range(100)], gender="m", state="a", jobTitle="b"
    )
    _, host = simulated(storing(config={**kept, "topicIds": [1]}))
    (result,) = settled(host).values()
    assert result.detail.endswith("; and 2 more")
    assert len(result.detail) < 400


@pytest.mark.parametrize(
    "odd",
    [Fault("value", path="data.name", value=5, **READ_AGAIN), Fault("status", status=404, **READ_AGAIN)],
)
@pytest.mark.parametrize("write", [None, Fault("status", **WRITE, id=A, status=500)])
def test_audience_that_turns_unreadable_ends_no_run(odd: Fault, write: Fault | None) -> None:
    _, host = simulated(*([write] if write else []))
    the_plan = plan(host, {A: RENAMED, B: RENAMED})
    host._peer.inject(odd)
    results = apply(host, the_plan, parallelism=1)
    assert outcomes(results) == ["unknown" if odd.kind == "value" else "conflict", "applied"]


@pytest.mark.parametrize("status", [200, 500])
def test_reads_outlast_an_outage(status: int) -> None:
    write = Fault("status", **WRITE, status=status, when="after")
    down = Fault("status", status=502, times=14, **READ_AGAIN)
    peer, host = simulated(*([write] if status == 500 else []), down)
    (result,) = settled(host, name="New").values()
    assert (result.outcome, result.attempts) == ("applied", 1)
    assert len(calls(peer, A)) == 2 + 14 + 1


def test_audience_unreadable_before_its_write_is_not_attempted() -> None:
    peer, host = simulated()
    the_plan = plan(host, {A: RENAMED, B: RENAMED})
    peer.inject(Fault("value", method="GET", route="one", id=A, path="data.name", value=5, times=None))
    results = apply(host, the_plan, parallelism=1)
    assert outcomes(results) == ["not_attempted", "applied"]
    assert results[A].detail.endswith("data.name is not text, as the contract says")


def test_five_unreachable_audiences_end_the_run() -> None:
    held = [audience(number) for number in range(1, 8)]
    peer, host = simulated(holds=held)
    the_plan = plan(host, {one["id"]: RENAMED for one in held})
    peer.inject(Fault("status", method="GET", route="one", status=500, times=None))
    results = apply(host, the_plan, parallelism=1)
    assert outcomes(results) == ["not_attempted"] * 7
    assert [result.detail for result in results.values()][5:] == ["5 failures in a row"] * 2


def test_pause_of_another_is_no_late_read() -> None:
    """A read of the old state early on says nothing where a pause kept later ones away."""
    limited = Fault("status", **WRITE, id=B, status=429, retry_after="100")
    slow = Fault("delay", method="GET", route="one", id=B, seconds=1)
    _, host = simulated(Fault("stale", id=A, reads=9), slow, limited)
    results = apply(host, plan(host, {A: RENAMED, B: RENAMED}))
    assert results[A].outcome == "unknown"
    assert results[A].detail == "the API accepted the change; it could not be read for 30 seconds"


WIDE = config(seniority=["vp"])  # without the filter `gender`


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (storing(config=WIDE), "failed"),
        (Fault("value", **WRITE, path="data.config", value=WIDE), "unknown"),
        (Fault("status", **WRITE, status=500, when="after"), "conflict"),
    ],
    ids=["read", "response", "unclear"],
)
def test_active_audience_that_is_wider_is_flagged(fault: Fault, outcome: str) -> None:
    unread = Fault("status", status=500, times=None, **READ_AGAIN)
    faults = [fault, unread] if outcome == "unknown" else [fault, storing(config=WIDE)]
    _, host = simulated(*faults, holds=[audience(1, "active")])
    (result,) = settled(host).values()
    assert (result.outcome, result.is_live_and_wider) == (outcome, True)


@pytest.mark.parametrize(
    ("status", "held"),
    [("paused", WIDE), ("active", config(seniority=["VP"], gender="f", state="CA"))],
    ids=["not-active", "narrower"],
)
def test_not_live_or_not_wider_is_unflagged(status: str, held: dict[str, Any]) -> None:
    _, host = simulated(storing(config=held), holds=[audience(1, status)])
    (result,) = settled(host).values()
    assert (result.outcome, result.is_live_and_wider) == ("failed", False)


def test_filter_dropped_by_an_activation_is_flagged() -> None:
    _, host = simulated(storing(config=WIDE, status="active"))
    (result,) = settled(host, status="active").values()
    assert (result.outcome, result.is_live_and_wider) == ("applied", True)
    assert result.detail == "somebody else changed what was not sent: config.filters.gender"


def test_unknown_that_reads_as_before_is_not_flagged() -> None:
    _, host = simulated(Fault("status", **WRITE, status=500), holds=[audience(1, "active")])
    (result,) = settled(host).values()
    assert (result.outcome, result.is_live_and_wider) == ("unknown", False)


def test_read_that_took_long_shows_only_its_beginning() -> None:
    slow = Fault("delay", method="GET", id=A, skip=1, times=None, seconds=16)
    peer, host = simulated(Fault("stale", id=A, reads=1), slow)
    results = apply(host, plan(host, {A: {"name": "New"}}))
    assert (results[A].outcome, peer.state[A]["name"]) == ("unknown", "New")
