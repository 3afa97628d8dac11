from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles.peer import Fault
from tests.unit.applying import (
    CONFIG,
    A,
    B,
    C,
    apply,
    assert_each_write_was_compared,
    calls,
    outcomes,
    plan,
    serving,
    simulated,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reconciler.apply import Stop
    from tests.unit.virtual_time import Simulation

RENAMED = {"name": "New"}
WRITE: dict[str, Any] = {"method": "PATCH"}
# The first read of one audience is the comparison; these meet the reads after it.
READ_AGAIN: dict[str, Any] = {"method": "GET", "route": "one", "skip": 1}
LOST = [
    Fault("drop", **WRITE, when="after"),
    Fault("reset", **WRITE, when="after"),
    Fault("half_close", **WRITE, part="headers"),
    Fault("half_close", **WRITE, part="body"),
    Fault("truncate", **WRITE),
    Fault("html", **WRITE, when="after"),
    Fault("empty_body", **WRITE),
    Fault("cut_json", **WRITE),
    Fault("duplicate_keys", **WRITE),
    Fault("nan", **WRITE),
    Fault("surrogate", **WRITE),
    Fault("deep", **WRITE),
    Fault("gzip_bomb", **WRITE, size=1000),
    Fault("huge", **WRITE),
    *(
        Fault("status", **WRITE, when="after", status=status)
        for status in (408, 500, 501, 502, 503, 504, 507, 520, 600)
    ),
]
NOT_STORED = [
    Fault("drop", **WRITE),
    Fault("reset", **WRITE),
    Fault("half_close", **WRITE, when="before"),
    Fault("html", **WRITE),
    Fault("body", **WRITE, text='{"data":'),
    *(Fault("status", **WRITE, status=status) for status in (408, 500, 502, 503, 504, 520)),
]


def name_of(fault: Fault) -> str:
    return f"{fault.kind}-{fault.status or fault.part}"


@pytest.mark.parametrize("fault", LOST, ids=name_of)
def test_lost_response_is_found_applied(fault: Fault) -> None:
    with serving(fault) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
        assert peer.unfired == ()
    assert (result.outcome, result.detail) == ("applied", "found applied after an unclear response")
    assert (result.attempts, result.is_written) == (1, True)
    assert calls(peer, A) == ["GET", "PATCH", "GET"]


@pytest.mark.parametrize(
    "fault",
    [Fault("delay", **WRITE, when="after", seconds=31), Fault("drip", **WRITE, size=1, seconds=1)],
    ids=name_of,
)
def test_slow_response_is_lost_and_found_applied(fault: Fault) -> None:
    peer, host = simulated(fault)
    (result,) = apply(host, plan(host, {A: RENAMED}), request=30).values()
    assert (result.outcome, result.detail) == ("applied", "found applied after an unclear response")
    assert (result.attempts, result.is_written) == (1, True)
    assert calls(peer, A) == ["GET", "PATCH", "GET"]
    assert host.gaps(A)[1] == pytest.approx(30, abs=0.01)  # the deadline, and a backoff


@pytest.mark.parametrize("fault", NOT_STORED, ids=name_of)
def test_unclear_write_is_never_sent_again(fault: Fault) -> None:
    with serving(fault) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED}), verification=0.15).values()
    assert (result.outcome, result.attempts, result.is_written) == ("unknown", 1, True)
    assert result.detail.endswith(
        "; it reads as before after 0.15 seconds, and what was sent may still arrive"
    )
    assert calls(peer).count("PATCH") == 1


@pytest.mark.parametrize(
    "fault", [Fault("drop", **WRITE), *(Fault("status", **WRITE, status=one) for one in (302, 408, 500, 503))]
)
def test_unclear_write_is_read_as_long_as_verification(fault: Fault) -> None:
    _, host = simulated(fault)
    (result,) = apply(host, plan(host, {A: RENAMED}), first_backoff=0, verification=30).values()
    assert (result.outcome, host.elapsed) == ("unknown", 30)
    assert host.gaps(A)[:8] == [0, 0, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


@pytest.mark.parametrize("status", [408, 500, 501, 503])
@pytest.mark.parametrize(("reads", "outcome"), [(9, "applied"), (1000, "unknown")])
def test_stored_write_behind_stale_reads(status: int, reads: int, outcome: str) -> None:
    """Reads that show the state from before prove nothing where they lag behind writes."""
    peer, host = simulated(Fault("status", **WRITE, when="after", status=status), Fault("stale", reads=reads))
    (result,) = apply(host, plan(host, {A: RENAMED})).values()
    assert peer.state[A]["name"] == "New"
    assert (result.outcome, result.attempts, result.is_written) == (outcome, 1, True)


def test_third_attempt_may_succeed() -> None:
    with serving(Fault("status", **WRITE, status=429, times=2)) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.attempts) == ("applied", 3)
    assert calls(peer, A) == ["GET", "PATCH"] * 3 + ["GET"]
    assert_each_write_was_compared(peer)


def test_attempts_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random.Random, "uniform", lambda *arguments: arguments[-1])
    _, host = simulated(Fault("status", **WRITE, status=429, times=2))
    apply(host, plan(host, {A: RENAMED}), first_backoff=0.2, max_backoff=1)
    # A read, and then a write with its wait: twice, the second wait twice as long.
    assert host.gaps(A) == [0, 0.2, 0, 0.4, 0, 0]


def test_late_write_is_found_applied() -> None:
    peer, host = simulated(Fault("delay", **WRITE, seconds=30.02))
    results = apply(host, plan(host, {A: RENAMED}), request=30, first_backoff=0.01, watch=stored(host))
    assert outcomes(results) == ["applied"]
    assert peer.state[A]["name"] == "New"
    assert_each_write_was_compared(peer)


def stored(host: Simulation) -> Callable[[Stop], Awaitable[None]]:
    """Stay until the peer has stored a write."""
    return lambda _: host.seen(lambda entry: entry.stored)


def test_what_may_still_arrive_is_unknown() -> None:
    peer, host = simulated(Fault("delay", **WRITE, seconds=100))
    (result,) = apply(host, plan(host, {A: RENAMED}), watch=stored(host)).values()
    assert (result.outcome, result.attempts, result.is_written) == ("unknown", 1, True)
    assert result.detail.endswith("; it reads as before after 30 seconds, and what was sent may still arrive")
    assert peer.state[A]["name"] == "New"


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [(400, None, "failed"), (403, "SLOTS_FULL", "blocked"), (429, None, "failed")],
)
def test_refusal_after_rate_limit_settles(status: int, code: str | None, outcome: str) -> None:
    refusal = Fault("status", **WRITE, status=status, code=code, skip=1, times=None)
    with serving(Fault("status", **WRITE, status=429), refusal) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.is_written) == (outcome, False)
    assert calls(peer, A)[:4] == ["GET", "PATCH"] * 2


def test_unread_audience_after_rate_limit_is_failed() -> None:
    unread = Fault("status", status=500, times=None, **READ_AGAIN)
    with serving(Fault("status", **WRITE, status=429), unread) as (_, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.attempts, result.is_written) == ("failed", 1, False)
    assert result.detail.startswith(f"PATCH /v1/intent/audiences/{A} returned 429: ")
    assert f"; GET /v1/intent/audiences/{A} returned 500" in result.detail


def test_change_found_after_a_refusal_is_applied() -> None:
    with serving(Fault("status", **WRITE, status=429, when="after")) as (_, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.attempts, result.is_written) == ("applied", 1, True)
    assert result.detail.startswith("found applied, although PATCH ")


@pytest.mark.parametrize("fault", [Fault("drop", **WRITE), Fault("status", **WRITE, status=500)], ids=name_of)
def test_unclear_response_then_other_edit_is_conflict(fault: Fault) -> None:
    edit = Fault("edit", **WRITE, changes={"config": CONFIG | {"minScore": 1}})
    with serving(fault, edit) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.attempts) == ("conflict", 1)
    assert result.detail.endswith("; it is now neither as planned nor as asked: config.minScore")
    # Whether it was stored before the edit is not known.
    assert result.is_written
    assert peer.state[A]["config"]["minScore"] == 1


def test_applied_change_with_another_edit_is_conflict() -> None:
    edit = Fault("edit", **WRITE, changes={"status": "draft"})
    with serving(Fault("drop", **WRITE, when="after"), edit) as (_, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.is_written) == ("conflict", True)
    assert result.detail.endswith("neither as planned nor as asked: name, status")


def test_added_field_hides_no_applied_change() -> None:
    with serving(Fault("drop", **WRITE, when="after"), Fault("unknown_fields", **READ_AGAIN)) as (_, url):
        assert outcomes(apply(url, plan(url, {A: RENAMED}))) == ["applied"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500, times=None, **READ_AGAIN),
        Fault("html", times=None, **READ_AGAIN),
        Fault("drop", times=None, **READ_AGAIN),
        Fault("value", path="data.name", value=5, times=None, **READ_AGAIN),
        Fault("status", status=401, times=None, **READ_AGAIN),
    ],
    ids=name_of,
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_unclear_response_without_reread_is_unknown(fault: Fault, when: str) -> None:
    with serving(Fault("drop", **WRITE, when=when), fault) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED}), verification=0.6).values()
    assert (result.outcome, result.attempts, result.is_written) == ("unknown", 1, True)
    assert result.detail.startswith("the response was lost: ")
    assert "; reading it again failed: " in result.detail
    assert len(peer.patches()) == 1


def test_deleted_audience_after_unclear_write_counts_as_written() -> None:
    gone = Fault("status", status=404, **READ_AGAIN)
    with serving(Fault("drop", **WRITE, when="after"), gone) as (_, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.is_written) == ("conflict", True)
    assert result.detail.endswith("; the audience does not exist any more")


@pytest.mark.parametrize("status", [300, 302, 307])
@pytest.mark.parametrize("when", ["before", "after"])
def test_redirected_write_ends_the_run_and_is_settled(status: int, when: str) -> None:
    with serving(Fault("status", **WRITE, id=A, status=status, when=when)) as (peer, url):
        results = apply(url, plan(url, {A: RENAMED, B: RENAMED}), parallelism=1, verification=0.15)
    said = f"PATCH /v1/intent/audiences/{A} returned {status}: refused by the script"
    assert results[B].outcome == "not_attempted"
    assert results[B].detail == said
    assert results[A].outcome == ("applied" if when == "after" else "unknown")
    assert len(peer.patches()) == 1


def test_unsent_write_is_retried() -> None:
    peer, host = simulated(Fault("refuse", method="GET", route="one", seconds=0.005))
    (result,) = apply(host, plan(host, {A: RENAMED})).values()
    assert (result.outcome, result.detail, result.attempts) == ("applied", "", 1)
    assert calls(peer, A) == ["GET", "GET", "PATCH", "GET"]


def test_unsent_write_is_not_attempted() -> None:
    peer, host = simulated(Fault("refuse", method="GET", route="one", seconds=1000))
    (result,) = apply(host, plan(host, {A: RENAMED})).values()
    assert (result.outcome, result.attempts, result.is_written) == ("not_attempted", 0, False)
    assert " cannot be reached: " in result.detail
    assert peer.patches() == ()


def test_unsent_write_is_given_up_after_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random.Random, "uniform", lambda *arguments: arguments[-1])
    peer, host = simulated(Fault("refuse", method="GET", route="one", seconds=0.005, times=3))
    (result,) = apply(host, plan(host, {A: RENAMED})).values()
    assert (result.outcome, result.attempts, result.is_written) == ("not_attempted", 0, False)
    assert result.detail.startswith("not sent: ")
    assert result.detail.endswith("; given up after 3 attempts")
    assert calls(peer, A) == ["GET"] * 3


def test_rate_limited_write_waits_and_reads_again() -> None:
    peer, host = simulated(Fault("status", **WRITE, status=429, retry_after="7"))
    (result,) = apply(host, plan(host, {A: RENAMED})).values()
    assert (result.outcome, result.detail, result.attempts) == ("applied", "", 2)
    assert calls(peer, A) == ["GET", "PATCH", "GET", "PATCH", "GET"]
    assert host.gaps(A) == [0, 7, 0, 0]


def test_endless_rate_limit_is_given_up() -> None:
    with serving(Fault("status", **WRITE, status=429, times=None)) as (peer, url):
        (result,) = apply(url, plan(url, {A: RENAMED})).values()
    assert (result.outcome, result.attempts, result.is_written) == ("failed", 3, False)
    assert calls(peer, A) == ["GET", "PATCH"] * 3


@pytest.mark.parametrize("asked", [{"retry_after": "300"}, {"retry_date": 300.0}])
def test_too_long_wait_for_write_ends_run(asked: dict[str, Any]) -> None:
    peer, host = simulated(Fault("status", **WRITE, id=A, status=429, **asked))
    results = apply(host, plan(host, {A: RENAMED, B: RENAMED}), parallelism=1)
    assert outcomes(results) == ["failed", "not_attempted"]
    assert "; not tried again: the API asks to wait " in results[A].detail
    assert results[B].detail.startswith("the API asks to wait ")
    assert not results[A].is_written
    assert host.elapsed == 0
    # It was turned away for certain: nothing more is asked.
    assert calls(peer)[1:] == ["GET", "PATCH"]


@pytest.mark.parametrize(("when", "outcome"), [("before", "unknown"), ("after", "applied")])
def test_unclear_write_with_long_wait_is_read_once(when: str, outcome: str) -> None:
    peer, host = simulated(Fault("status", **WRITE, id=A, status=503, when=when, retry_after="3600"))
    results = apply(host, plan(host, {A: RENAMED, B: RENAMED}), parallelism=1)
    assert outcomes(results) == [outcome, "not_attempted"]
    assert calls(peer)[1:] == ["GET", "PATCH", "GET"]
    assert host.elapsed < 1


def test_too_long_wait_for_read_ends_run() -> None:
    wait = Fault("status", method="GET", route="one", id=A, status=429, retry_after="121")
    with serving(wait) as (peer, url):
        results = apply(url, plan(url, {A: RENAMED, B: RENAMED}), parallelism=1)
    assert outcomes(results) == ["not_attempted", "not_attempted"]
    assert results[A].detail.startswith(f"GET /v1/intent/audiences/{A} returned 429")
    assert results[B].detail == "the API asks to wait 121 seconds"
    assert calls(peer)[1:] == ["GET"]


def test_audience_is_read_again_after_a_pause() -> None:
    # B has read when A has to wait.
    slow = Fault("delay", method="GET", route="one", id=B, when="after", seconds=0.5)
    edit = Fault("edit", method="GET", route="one", id=B, changes={"status": "draft"})
    limited = Fault("status", **WRITE, id=A, status=429, retry_after="7")
    peer, host = simulated(limited, slow, edit)
    results = apply(host, plan(host, {A: RENAMED, B: RENAMED}))
    assert calls(peer, B) == ["GET", "GET"]
    assert host.gaps(B) == [7]
    # What came about meanwhile was seen.
    assert results[B].outcome == "conflict"
    assert results[A].outcome == "applied"


@pytest.mark.parametrize("status", [400, 404, 409, 410, 422])
def test_refused_write_is_not_retried(status: int) -> None:
    with serving(Fault("status", **WRITE, id=A, status=status, message="no")) as (peer, url):
        results = apply(url, plan(url, {A: RENAMED, B: RENAMED, C: RENAMED}))
    assert outcomes(results) == ["failed", "applied", "applied"]
    assert results[A].detail == f"PATCH /v1/intent/audiences/{A} returned {status}: no"
    assert not results[A].is_written
    assert calls(peer, A) == ["GET", "PATCH"]
