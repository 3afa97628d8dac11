from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import schema
from reconciler.api.client import WriteClient
from reconciler.apply import Stop, execute
from tests.cli.command import checked, environment
from tests.doubles.peer import Fault
from tests.unit.applying import (
    A,
    B,
    C,
    D,
    apply,
    audience,
    calls,
    connection,
    ident,
    live_audiences,
    outcomes,
    plan,
    run,
    serving,
    simulated,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from reconciler.plan import AudienceResult, Plan
    from tests.doubles.peer import Entry
    from tests.unit.applying import Host
    from tests.unit.virtual_time import Simulation

RENAMED = {"name": "New"}
WRITE: dict[str, Any] = {"method": "PATCH"}
READ: dict[str, Any] = {"method": "GET", "route": "one"}


def renamed(*numbers: int) -> dict[str, dict[str, Any]]:
    return {ident(number): dict(RENAMED) for number in numbers}


def stopping(
    host: Simulation, when: Callable[[Entry], bool], times: int = 1
) -> Callable[[Stop], Awaitable[None]]:
    """Ask to stop, so many times, once the peer has noted such a request."""

    async def watch(stop: Stop) -> None:
        await host.seen(when)
        for _ in range(times):
            stop.request()

    return watch


def stopping_at(seconds: float, times: int = 1) -> Callable[[Stop], Awaitable[None]]:
    """Ask to stop, so many times, after so many seconds."""

    async def watch(stop: Stop) -> None:
        await asyncio.sleep(seconds)
        for _ in range(times):
            stop.request()

    return watch


def written(one: str) -> Callable[[Entry], bool]:
    return lambda entry: (entry.method, entry.id) == ("PATCH", one)


def test_stop_settles_in_flight_and_sends_nothing_new() -> None:
    slow = Fault("delay", **WRITE, when="after", seconds=4, times=None)
    peer, host = simulated(slow, holds=live_audiences(6))
    results = apply(host, plan(host, renamed(*range(1, 7))), parallelism=2, settling=5, watch=stopping_at(1))
    sent = {entry.id for entry in peer.patches()}
    assert sent == {one for one, result in results.items() if result.outcome == "applied"} == {A, B}
    assert outcomes(results)[2:] == ["not_attempted"] * 4
    assert {results[ident(number)].detail for number in (3, 4, 5, 6)} == {"interrupted"}


@pytest.mark.parametrize(("when", "outcome"), [("after", "applied"), ("before", "unknown")])
def test_stop_still_reads_an_unclear_write_again(when: str, outcome: str) -> None:
    faults = [Fault("delay", **WRITE, seconds=2), Fault("status", **WRITE, status=500, when=when)]
    peer, host = simulated(*faults)
    (result,) = apply(host, plan(host, {A: RENAMED}), settling=5, watch=stopping_at(1)).values()
    assert result.outcome == outcome
    assert (result.detail == "interrupted before its effect could be read") == (outcome == "unknown")
    assert calls(peer, A)[:3] == ["GET", "PATCH", "GET"]
    # At the interrupt it was in flight, which has its time to settle.
    assert host.elapsed == pytest.approx(2 if outcome == "applied" else 6, abs=0.1)


@pytest.mark.parametrize(("seconds", "outcome"), [(5.9, "applied"), (6.1, "unknown")])
def test_in_flight_write_has_its_settling_time(seconds: float, outcome: str) -> None:
    _, host = simulated(Fault("delay", **WRITE, seconds=seconds, when="after"))
    (result,) = apply(host, plan(host, {A: RENAMED}), settling=5, watch=stopping_at(1)).values()
    late = "interrupted before its effect could be read"
    assert (result.outcome, result.detail) == (outcome, late if outcome == "unknown" else "")
    assert (result.attempts, result.is_written) == (1, True)
    assert host.elapsed == min(seconds, 6)


def test_verification_past_settling_time_is_unknown() -> None:
    _, host = simulated(Fault("short_body", **WRITE), Fault("stale", reads=100))
    (result,) = apply(
        host, plan(host, {A: RENAMED}), verification=20, settling=5, watch=stopping(host, written(A))
    ).values()
    assert (result.outcome, result.is_written) == ("unknown", True)


def test_second_stop_ends_everything_at_once() -> None:
    slow = Fault("delay", **WRITE, seconds=2, when="after", times=None)
    _, host = simulated(slow, holds=live_audiences(4))
    the_plan = plan(host, renamed(1, 2, 3, 4))
    results = apply(host, the_plan, settling=20, parallelism=2, watch=stopping_at(1, times=2))
    assert outcomes(results) == ["unknown"] * 2 + ["not_attempted"] * 2
    assert host.elapsed == 1


def test_stop_cancels_a_read_before_a_write() -> None:
    peer, host = simulated(Fault("delay", **READ, seconds=2, when="after"))
    (result,) = apply(host, plan(host, {A: RENAMED}), settling=20, watch=stopping_at(1)).values()
    assert (result.outcome, result.detail, result.attempts) == ("not_attempted", "interrupted", 0)
    assert peer.patches() == ()
    assert host.elapsed == 1


def test_stop_ends_a_pause() -> None:
    peer, host = simulated(Fault("status", **READ, status=429, retry_after="10"))
    the_plan = plan(host, renamed(1, 2))
    results = apply(host, the_plan, settling=20, watch=stopping(host, lambda entry: entry.status == 429))
    assert outcomes(results) == ["not_attempted"] * 2
    assert peer.patches() == ()
    assert host.elapsed < 1


def test_stop_ends_a_pause_after_a_refusal() -> None:
    _, host = simulated(Fault("status", **WRITE, status=429, retry_after="10"))
    (result,) = apply(host, plan(host, {A: RENAMED}), settling=20, watch=stopping_at(1)).values()
    assert (result.outcome, result.detail) == ("failed", "interrupted; what was sent had no effect")
    assert (result.attempts, result.is_written) == (1, False)
    assert host.elapsed == 1


@pytest.mark.parametrize(
    ("fault", "outcome", "detail", "elapsed"),
    [
        (Fault("drop", **WRITE, id=A), "unknown", "interrupted before its effect could be read", 8),
        (Fault("status", **WRITE, id=A, status=429), "failed", "interrupted; what was sent had no effect", 3),
    ],
    ids=["may-arrive-late", "is-over"],
)
def test_stop_settles_what_waits_for_a_retry(fault: Fault, outcome: str, detail: str, elapsed: float) -> None:
    # A reads again while B has to wait, and so has a fresh read that it may not write upon.
    reading = Fault("delay", **READ, id=A, skip=1, when="after", seconds=2)
    limited = [
        Fault("delay", **WRITE, id=B, seconds=1),
        Fault("status", **WRITE, id=B, status=429, retry_after="100"),
    ]
    peer, host = simulated(fault, reading, *limited)
    results = apply(host, plan(host, renamed(1, 2)), settling=5, watch=stopping_at(3))
    assert calls(peer, A) == ["GET", "PATCH", "GET"]
    assert (results[A].outcome, results[A].detail) == (outcome, detail)
    assert results[A].is_written == (outcome == "unknown")
    # What may still arrive has its time to settle.
    assert host.elapsed == elapsed


def test_rate_limit_after_stop_is_not_waited_for() -> None:
    slow = Fault("delay", **WRITE, seconds=2)
    _, host = simulated(slow, Fault("status", **WRITE, status=429, retry_after="10"))
    (result,) = apply(host, plan(host, {A: RENAMED}), settling=20, watch=stopping_at(1)).values()
    assert result.outcome == "failed"
    assert result.detail.endswith("; not tried again: interrupted")
    assert host.elapsed == 2


async def stopped_at_first(host: Host, the_plan: Plan) -> list[AudienceResult]:
    """Apply, and ask to stop as soon as there is one outcome."""
    stop, results = Stop(), []
    async with WriteClient(connection(host, {"settling": 20})) as writer:
        async for result in execute(the_plan, writer, schema.rules(), stop=stop, parallelism=4):
            stop.request()
            results.append(result)
    return results


def test_stop_between_phases_begins_no_other() -> None:
    held = [audience(1, "active"), audience(2), audience(3), audience(4)]
    peer, host = simulated(holds=held)
    the_plan = plan(host, {A: {"status": "paused"}, B: RENAMED, C: RENAMED, D: {"status": "active"}})
    results = run(host, stopped_at_first(host, the_plan))
    assert [result.outcome for result in results] == ["applied"] + ["not_attempted"] * 3
    assert {entry.id for entry in peer.log} == {None, A}
    assert host.elapsed == 0


def test_stop_before_the_start_sends_nothing() -> None:
    peer, host = simulated()
    the_plan = plan(host, renamed(1, 2))

    async def stopped() -> list[AudienceResult]:
        stop = Stop()
        stop.request()
        async with WriteClient(connection(host, {})) as writer:
            return [result async for result in execute(the_plan, writer, schema.rules(), stop=stop)]

    results = run(host, stopped())
    assert [result.outcome for result in results] == ["not_attempted"] * 2
    assert calls(peer) == ["GET"]


def test_closed_apply_leaves_no_task_running() -> None:
    slow = Fault("delay", **WRITE, id=B, seconds=600, when="after")
    with serving(slow) as (_, url):
        the_plan = plan(url, renamed(1, 2))

        async def left() -> set[str]:
            async with WriteClient(connection(url, {"request": 600})) as writer:
                changes = execute(the_plan, writer, schema.rules(), stop=Stop())
                await anext(changes)
                await changes.aclose()
            return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}

        assert asyncio.run(left()) == set()


# The rest is about processes: real signals, exit codes, and what is on stdout.

COUNT = 3
SETTINGS = {"LEADPIPE_API_KEY": "sk_test"}


def define(folder: Path) -> None:
    definitions = folder / "audiences.d"
    definitions.mkdir()
    for number in range(1, COUNT + 1):
        document = {"id": ident(number), "name": "New"}
        (definitions / f"{number}.yaml").write_text(json.dumps(document), "utf-8")


@contextmanager
def applying(folder: Path, url: str, scale: str = "0.05") -> Iterator[subprocess.Popen[str]]:
    define(folder)
    settings = SETTINGS | {"LEADPIPE_BASE_URL": url, "RECONCILER_TEST_SCALE": scale}
    arguments = ("apply", "--auto-approve", "--format", "json", "--parallelism", "2", "--journal", "journal")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cli.fast", *arguments],
        cwd=folder,
        env=environment(**settings),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[dict[str, str], Any, str]:
    """Wait for the end, and give the outcomes by id, the whole document, and stderr."""
    out, err = process.communicate(timeout=60)
    document = checked(out, "apply-result")
    return {one["id"]: one["outcome"] for one in document["results"]}, document, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_first_signal_settles_what_is_in_flight(tmp_path: Path, number: signal.Signals) -> None:
    slow = Fault("delay", **WRITE, seconds=0.4, when="after", times=None)
    with serving(slow) as (peer, url), applying(tmp_path, url, "1") as process:
        peer.wait(lambda _: len(peer.patches()) == 2)
        process.send_signal(number)
        results, document, err = ended(process)
        assert len(peer.patches()) == 2
    assert process.returncode == 130
    assert results == {A: "applied", B: "applied", C: "not_attempted"}
    assert (document["interrupted"], document["errored"]) == (True, True)
    assert "Traceback" not in err
    events = [json.loads(one)["event"] for one in (tmp_path / "journal").read_text("utf-8").splitlines()]
    assert sorted(events) == ["intent", "intent", "outcome", "outcome"]


def test_first_signal_bounds_the_settling_time(tmp_path: Path) -> None:
    slow = Fault("delay", **WRITE, seconds=600, when="after", times=None)
    with serving(slow) as (peer, url), applying(tmp_path, url, "0.1") as process:
        peer.wait(lambda _: len(peer.patches()) == 2)
        process.send_signal(signal.SIGTERM)
        results, _, _ = ended(process)
    assert process.returncode == 130
    assert results == {A: "unknown", B: "unknown", C: "not_attempted"}


def test_second_signal_ends_at_once(tmp_path: Path) -> None:
    slow = Fault("delay", **WRITE, seconds=600, when="after", times=None)
    # What is in flight would have fifty minutes to settle in.
    with serving(slow) as (peer, url), applying(tmp_path, url, "600") as process:
        peer.wait(lambda _: len(peer.patches()) == 2)
        process.send_signal(signal.SIGINT)
        # Two signals of one kind that are pending together arrive as one.
        process.send_signal(signal.SIGTERM)
        results, _, err = ended(process)
    assert process.returncode == 130
    assert results == {A: "unknown", B: "unknown", C: "not_attempted"}
    assert "Traceback" not in err


def test_signal_during_a_pause_ends_it(tmp_path: Path) -> None:
    wait = Fault("status", **READ, status=429, retry_after="100")
    with serving(wait) as (peer, url), applying(tmp_path, url, "10") as process:
        peer.wait(lambda entry: entry.status == 429)
        process.send_signal(signal.SIGINT)
        results, document, _ = ended(process)
        assert peer.patches() == ()
    assert process.returncode == 130
    assert set(results.values()) == {"not_attempted"}
    assert document["interrupted"]
