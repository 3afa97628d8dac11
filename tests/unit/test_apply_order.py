from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.api import audiences
from tests.doubles.peer import Fault
from tests.unit.applying import (
    A,
    B,
    C,
    D,
    apply,
    assert_each_write_was_compared,
    audience,
    calls,
    ident,
    live_audiences,
    outcomes,
    plan,
    serving,
    simulated,
)

if TYPE_CHECKING:
    from tests.doubles.peer import Peer

RENAMED = {"name": "New"}
WRITE: dict[str, Any] = {"method": "PATCH"}
READ: dict[str, Any] = {"method": "GET", "route": "one"}


def span(peer: Peer, ids: set[str]) -> tuple[int, int]:
    """Give the numbers of the first and the last request for these audiences."""
    numbers = [entry.number for entry in peer.log if entry.id in ids]
    return min(numbers), max(numbers)


def renamed(*numbers: int) -> dict[str, dict[str, Any]]:
    return {ident(number): dict(RENAMED) for number in numbers}


def test_phases_release_change_activate_in_order() -> None:
    held = [audience(1), audience(2, "active"), audience(3), audience(4, "active"), audience(5), audience(6)]
    wanted = {
        A: {"status": "active"},
        B: {"status": "paused"},
        C: {"name": "New"},
        D: {"status": "draft"},
        ident(5): {"status": "active"},
        ident(6): {"status": "draft"},
    }
    # Whatever comes first takes longest, and has to be tried again.
    slow = [Fault("delay", seconds=2, id=one, times=None) for one in (B, D)]
    failing = Fault("status", **WRITE, id=D, status=429)
    peer, host = simulated(*slow, failing, holds=held, slots=2)
    results = apply(host, plan(host, wanted))
    assert set(outcomes(results)) == {"applied"}
    release, change, activate = (span(peer, ids) for ids in ({B, D}, {C, ident(6)}, {A, ident(5)}))
    assert release[1] < change[0] < change[1] < activate[0]


def test_phase_waits_for_earlier_verification() -> None:
    held = [audience(1, "active"), audience(2)]
    unseen = (Fault("short_body", **WRITE, id=A), Fault("stale", id=A, reads=2))
    peer, host = simulated(*unseen, holds=held)
    results = apply(host, plan(host, {A: {"status": "paused"}, B: RENAMED}))
    assert outcomes(results) == ["applied", "applied"]
    assert calls(peer, A) == ["GET", "PATCH", "GET", "GET", "GET"]
    assert span(peer, {A})[1] < span(peer, {B})[0]


def test_failed_phase_does_not_stop_the_next() -> None:
    held = [audience(1, "active"), audience(2)]
    with serving(Fault("status", **WRITE, id=A, status=400), holds=held) as (_, url):
        results = apply(url, plan(url, {A: {"status": "paused"}, B: RENAMED}))
    assert outcomes(results) == ["failed", "applied"]


@pytest.mark.parametrize("parallelism", [1, 3])
def test_parallelism_bounds_concurrent_writes(parallelism: int) -> None:
    count = parallelism * 2
    slow = Fault("delay", **WRITE, seconds=4, when="after", times=None)
    _, host = simulated(slow, holds=live_audiences(count))
    results = apply(host, plan(host, renamed(*range(1, count + 1))), parallelism=parallelism)
    assert set(outcomes(results)) == {"applied"}
    begun = [one.seconds for one in host.arrivals if one.method == "PATCH"]
    assert begun == [0] * parallelism + [4] * parallelism


@pytest.mark.parametrize(("parallelism", "most", "seconds"), [(1, 1, 12 * 3), (2, 3, 12 + 2), (4, 6, 6 + 2)])
def test_verification_lets_others_be_written(parallelism: int, most: int, seconds: int) -> None:
    slow = Fault("delay", seconds=1, id=None, route="one", when="after", times=None)
    peer, host = simulated(slow, holds=live_audiences(12))
    results = apply(host, plan(host, renamed(*range(1, 13))), parallelism=parallelism)
    assert set(outcomes(results)) == {"applied"}
    assert host.elapsed == seconds
    begun = [(one.seconds, one.method) for one in host.arrivals if one.id is not None]
    at_once = Counter(second for second, _ in begun)
    writes = Counter(second for second, method in begun if method == "PATCH")
    assert (max(at_once.values()), max(writes.values())) == (most, parallelism)
    assert_each_write_was_compared(peer)


def test_full_slots_end_the_activations_and_nothing_else() -> None:
    held = [audience(1), audience(2), audience(3), audience(4, "active"), audience(5)]
    wanted = {one: {"status": "active"} for one in (A, B, C)} | renamed(5)
    with serving(holds=held, slots=2) as (peer, url):
        results = apply(url, plan(url, wanted), parallelism=1)
    assert {one: result.outcome for one, result in results.items()} == {
        ident(5): "applied",
        A: "applied",
        B: "blocked",
        C: "blocked",
    }
    assert results[B].detail == f"PATCH /v1/intent/audiences/{B} returned 403: every active slot is taken"
    assert (results[B].attempts, results[B].is_written) == (1, False)
    assert (results[C].detail, results[C].attempts) == ("every active slot is taken", 0)
    assert calls(peer, B) == ["GET", "PATCH"]
    assert "PATCH" not in calls(peer, C)


def test_full_slots_stop_no_other_change() -> None:
    full = Fault("status", **WRITE, id=A, status=403, code="SLOTS_FULL")
    with serving(full) as (_, url):
        results = apply(url, plan(url, renamed(1, 2, 3)), parallelism=1)
    assert outcomes(results) == ["blocked", "applied", "applied"]


def test_activation_already_made_is_unchanged() -> None:
    full = Fault("status", **WRITE, id=A, status=403, code="SLOTS_FULL")
    with serving(full) as (peer, url):
        the_plan = plan(url, {one: {"status": "active"} for one in (A, B)})
        peer.edit(B, {"status": "active"})
        results = apply(url, the_plan, parallelism=1)
    assert outcomes(results) == ["blocked", "unchanged"]


@pytest.mark.parametrize("status", [401, 403, 301])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_unauthorized_or_redirected_request_ends_the_run(status: int, method: str) -> None:
    held = [audience(1), audience(2), audience(3), audience(4)]
    with serving(
        Fault("status", method=method, route="one", id=B, status=status, times=None), holds=held
    ) as (
        peer,
        url,
    ):
        wanted = renamed(1, 2, 3) | {D: {"status": "active"}}
        results = apply(url, plan(url, wanted), parallelism=1, verification=0.15)
    # A redirect is no word of the API's: it may follow a write that was done.
    ended = "not_attempted" if method == "GET" else "unknown" if status == 301 else "failed"
    assert outcomes(results) == ["applied", ended, "not_attempted", "not_attempted"]
    said = f"{method} /v1/intent/audiences/{B} returned {status}: refused by the script"
    assert results[C].detail == results[D].detail == said
    assert results[B].is_written == (ended == "unknown")
    assert {entry.id for entry in peer.log} == {None, A, B}


def test_ended_run_sends_no_next_write() -> None:
    # B reads while A hears that the key is wrong; C has failed once, and is about to try again.
    slow = Fault("delay", **READ, id=B, when="after", seconds=2)
    wrong_key = [Fault("delay", **WRITE, id=A, seconds=1), Fault("status", **WRITE, id=A, status=401)]
    again = Fault("status", **WRITE, id=C, status=429)
    waiting = Fault("delay", method="GET", id=C, skip=1, seconds=2)
    peer, host = simulated(slow, *wrong_key, again, waiting)
    results = apply(host, plan(host, renamed(1, 2, 3, 4)), parallelism=3)
    assert outcomes(results) == ["failed", "not_attempted", "failed", "not_attempted"]
    assert sorted(entry.id or "" for entry in peer.patches()) == [A, C]
    said = f"PATCH /v1/intent/audiences/{A} returned 401: refused by the script"
    assert results[B].detail == results[D].detail == said
    assert f"; not tried again: {said}" in results[C].detail
    assert calls(peer, C) == ["GET", "PATCH", "GET"]


def test_five_failures_in_a_row_end_the_run() -> None:
    with serving(Fault("status", **WRITE, status=400, times=None), holds=live_audiences(8)) as (peer, url):
        results = apply(url, plan(url, renamed(*range(1, 9))), parallelism=1)
    assert outcomes(results) == ["failed"] * 5 + ["not_attempted"] * 3
    assert results[ident(8)].detail == "5 failures in a row"
    assert len(peer.patches()) == 5


def test_an_unknown_outcome_counts_as_a_failure() -> None:
    with serving(Fault("drop", **WRITE, times=None), holds=live_audiences(7)) as (peer, url):
        the_plan = plan(url, renamed(*range(1, 8)))
        peer.inject(*(Fault("status", **READ, status=500, times=None, skip=1, id=one) for one in peer.state))
        results = apply(url, the_plan, parallelism=1, attempts=1, verification=0.05)
    assert outcomes(results) == ["unknown"] * 5 + ["not_attempted"] * 2


@pytest.mark.parametrize("between", ["applied", "unchanged"])
def test_a_success_in_between_starts_the_count_anew(between: str) -> None:
    failing = [Fault("status", **WRITE, id=ident(number), status=400) for number in (1, 2, 3, 4, 6, 7, 8, 9)]
    with serving(*failing, holds=live_audiences(9)) as (peer, url):
        the_plan = plan(url, renamed(*range(1, 10)))
        if between == "unchanged":
            peer.edit(ident(5), RENAMED)
        results = apply(url, the_plan, parallelism=1)
    assert outcomes(results) == ["failed"] * 4 + [between] + ["failed"] * 4


@pytest.mark.parametrize("between", ["conflict", "blocked"])
def test_conflict_and_blocked_count_neither_way(between: str) -> None:
    faults = [Fault("status", **WRITE, id=ident(number), status=400) for number in (1, 2, 3, 4, 6)]
    if between == "blocked":
        faults.append(Fault("status", **WRITE, id=ident(5), status=403, code="SLOTS_FULL"))
    with serving(*faults, holds=live_audiences(7)) as (peer, url):
        the_plan = plan(url, renamed(*range(1, 8)))
        if between == "conflict":
            peer.edit(ident(5), {"status": "draft"})
        results = apply(url, the_plan, parallelism=1)
    assert outcomes(results) == ["failed"] * 4 + [between, "failed", "not_attempted"]


def test_first_reason_to_end_a_run_is_reported() -> None:
    first = [Fault("status", **WRITE, id=A, status=401, message="first")]
    second = [
        Fault("delay", **WRITE, id=B, seconds=1),
        Fault("status", **WRITE, id=B, status=401, message="second"),
    ]
    reading = Fault("delay", **READ, id=C, when="after", seconds=2)
    _, host = simulated(*first, *second, reading)
    results = apply(host, plan(host, renamed(1, 2, 3)))
    assert outcomes(results) == ["failed", "failed", "not_attempted"]
    assert results[C].detail.endswith("first")


@pytest.mark.parametrize(
    ("bug_at", "fault", "outcome", "attempts"),
    [
        (1, None, "not_attempted", 0),
        (2, Fault("status", **WRITE, status=429), "failed", 1),
        (2, Fault("drop", **WRITE), "unknown", 1),
    ],
)
def test_bug_is_an_outcome_and_ends_run(
    bug_at: int, fault: Fault | None, outcome: str, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, count = audiences.fetch_one, 0

    async def wrong(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == bug_at:
            raise RuntimeError("sk_test")
        return await right(*arguments)

    with serving(*([fault] if fault else [])) as (peer, url):
        the_plan = plan(url, renamed(1, 2))
        monkeypatch.setattr(audiences, "fetch_one", wrong)
        results = apply(url, the_plan, parallelism=1)
    said = "a bug in the reconciler (RuntimeError); please report it"
    assert (results[A].outcome, results[A].attempts, results[A].detail) == (outcome, attempts, said)
    assert results[A].is_written == (outcome == "unknown")
    assert (results[B].outcome, results[B].detail) == ("not_attempted", said)
    assert len(peer.patches()) == attempts


def test_an_empty_plan_asks_nothing() -> None:
    with serving() as (peer, url):
        assert apply(url, plan(url, {A: {"name": "Audience 1"}})) == {}
    assert calls(peer) == ["GET"]


def test_outcomes_are_yielded_as_they_settle() -> None:
    _, host = simulated(Fault("delay", **WRITE, id=B, seconds=3))
    results = apply(host, plan(host, renamed(1, 2, 3)), parallelism=2)
    assert outcomes(results) == ["applied"] * 3
    # The slow one holds one place; the other moves on.
    assert list(results) == [A, C, B]
