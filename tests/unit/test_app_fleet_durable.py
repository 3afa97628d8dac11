"""The parts of durable applies that need no worker: addresses, leases, the gate, and what is stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from reconciler.app.fleet import durable
from reconciler.app.fleet.durable import database, engine, lease
from reconciler.app.fleet.durable.applying import Applier
from reconciler.app.fleet.durable.gate import Gate
from reconciler.app.fleet.durable.plain_json import PlainJson
from reconciler.app.fleet.durable.results import ReviewedChanges
from reconciler.app.fleet.durable.runs import identity, parts
from reconciler.app.fleet.engine import Job
from reconciler.apply import Stop
from reconciler.errors import SettingsError
from reconciler.plan.durable_run import (
    DurableRun,
    FleetStatus,
    StoredResult,
    result_from_document,
    result_to_document,
)
from reconciler.plan.organization import OrganizationResult
from reconciler.render import fleet_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIGEST = f"sha256:{64 * 'a'}"
WHEN = "2026-11-27T21:07:00Z"


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("given", "in_environment", "expected"),
    [
        (None, None, "sqlite:///.reconciler/fleet.sqlite3"),
        (None, "postgres://u:p@h/d", "postgresql://u:p@h/d"),
        ("sqlite:////tmp/x", "postgresql://u:p@h/d", "sqlite:////tmp/x"),
    ],
)
def test_address_is_option_then_environment_then_default(
    given: str | None, in_environment: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.VARIABLE, raising=False)
    if in_environment:
        monkeypatch.setenv(database.VARIABLE, in_environment)
    found = database.address(given)
    assert (found.reveal(), str(found)) == (expected, "***")


@pytest.mark.parametrize(
    "address", ["mysql://u:pw@h/d", "postgresql://u:pw@h", "postgresql://u:pw@h:port/d", "sqlite:///", "pw x"]
)
def test_address_of_no_database_is_refused_unquoted(address: str) -> None:
    with pytest.raises(SettingsError) as refused:
        database.address(address)
    assert "pw" not in str(refused.value)


def test_database_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(database.DatabaseError, match=r"fleet.sqlite3 cannot be written: File exists"):
        database.migrate(database.address(f"sqlite:///{tmp_path}/file/fleet.sqlite3"))


def test_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "fleet.sqlite3").write_text("this is a text, and longer than the header of a database" * 9)
    with pytest.raises(database.DatabaseError, match="file is not a database"):
        database.migrate(database.address(f"sqlite:///{tmp_path}/fleet.sqlite3"))


@pytest.fixture
def connections() -> Iterator[sa.Engine]:
    """Give a database in memory."""
    made = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    yield made
    made.dispose()


def leases(connections: sa.Engine, *names: str) -> tuple[Clock, list[lease.Lease]]:
    """Return leases of six seconds in one database, and the clock of them all."""
    lease.create_table(connections)
    lease.create_table(connections)
    clock = Clock()
    made = [lease.Lease(connections, name, 6.0, clock) for name in names]
    for one in made:
        one.take()
    return clock, made


def test_worker_that_stands_still_is_struck_off(connections: sa.Engine) -> None:
    clock, (alive, still) = leases(connections, "alive", "still")
    for clock.now in range(8):
        alive.beat()
        is_alive = "still" in lease.alive(alive._engine)
        assert is_alive == (clock.now <= 6)
    assert alive.is_held
    with pytest.raises(lease.LeaseLost):
        still.beat()


def test_lease_is_doubted_long_before_it_is_lost(connections: sa.Engine) -> None:
    clock, (one, other) = leases(connections, "one", "other")
    one.beat()
    other.beat()
    held = []
    for clock.now in (2.9, 3.0):
        held.append(one.is_held)
    other.beat()
    one.beat()
    assert [*held, one.is_held] == [True, False, True]
    clock.now = 8.9
    other.beat()
    assert lease.alive(one._engine) == {"one", "other"}
    one.give_up()
    assert lease.alive(other._engine) == {"other"}


def test_table_that_another_made_meanwhile_is_taken(connections: sa.Engine) -> None:
    statements = []

    def fail_first(*arguments: Any) -> None:
        statements.append(arguments[2])
        if len(statements) == 1:
            raise sa.exc.OperationalError("", {}, Exception("table exists"))

    sa.event.listen(connections, "before_cursor_execute", fail_first)
    lease.create_table(connections)
    assert lease.alive(connections) == set()


def test_lease_survives_a_database_that_is_gone(connections: sa.Engine) -> None:
    _, (one,) = leases(connections, "one")
    lease.WORKERS.drop(one._engine)
    one.give_up()
    with pytest.raises(sa.exc.SQLAlchemyError):
        one.beat()


def test_gate_that_closes_stops_what_is_behind_it() -> None:
    async def scenario() -> None:
        gate = Gate(lambda: True)
        gate.set_open(is_open=True)
        await gate.wait()
        with gate.stopping() as stop:
            busy = [gate.is_busy]
            gate.set_open(is_open=False)
            await asyncio.wait_for(stop.requested.wait(), 1)
            gate.set_open(is_open=False)
            await asyncio.sleep(0)
        assert [*busy, gate.is_busy] == [True, False]
        assert not stop.at_once.is_set()
        waiting = asyncio.create_task(gate.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        gate.set_open(is_open=True)
        await asyncio.wait_for(waiting, 1)

    asyncio.run(scenario())


def test_stop_is_seen_the_moment_a_lease_lapses() -> None:
    async def scenario() -> None:
        held = [True]
        gate = Gate(lambda: held[0])
        gate.set_open(is_open=True)
        await gate.wait()
        with gate.stopping() as stop:
            seen = [stop.requested.is_set()]
            held[0] = False
            assert [*seen, stop.requested.is_set()] == [False, True]
            await asyncio.wait_for(stop.requested.wait(), 1)

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["dbos", "sqlalchemy"])
def test_engine_that_is_not_installed_says_how(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "find_spec", lambda asked: None if asked == name else object())
    with pytest.raises(SettingsError, match=r"Run pip install \"audience-reconciler\[fleet\]\""):
        durable.enable()


def test_of_an_exception_its_type_alone_is_stored() -> None:
    stored = PlainJson().serialize(ValueError("canary"))
    assert "canary" not in stored
    assert repr(PlainJson().deserialize(stored)) == "RuntimeError('ValueError')"
    assert PlainJson().deserialize(PlainJson().serialize({"error": 1, "a": 2})) == {"error": 1, "a": 2}


class Work:
    """An organization's work, with the results that a test gives, one after the other."""

    def __init__(self, *given: OrganizationResult) -> None:
        self.given = [*given]
        self.jobs: list[Job] = []
        self.applier = Applier(self.process, lambda _: None)

    async def process(self, job: Job, _: Stop) -> OrganizationResult:
        self.jobs.append(job)
        return self.given.pop(0)


PLAN = OrganizationResult("acme", "changes", DIGEST, ("a", "b"), {"update": 2})


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (PLAN, ReviewedChanges(("a", "b"), 2)),
        (
            replace(PLAN, digest="sha256:other"),
            ReviewedChanges(result=StoredResult("refused", reasons=("stale-plan",))),
        ),
        (replace(PLAN, outcome="no_changes", changes=()), ReviewedChanges(result=StoredResult("unchanged"))),
        (OrganizationResult("acme", "failed"), ReviewedChanges(result=StoredResult("failed"))),
    ],
)
def test_review_is_of_the_digest_alone(plan: OrganizationResult, expected: ReviewedChanges) -> None:
    assert asyncio.run(Work(plan).applier.review("acme", DIGEST, Stop())) == expected


@pytest.mark.parametrize(
    ("ended", "plan", "left"),
    [
        (OrganizationResult("acme", "applied", is_written=True), None, ()),
        (OrganizationResult("acme", "failed"), None, ("a", "b")),
        (OrganizationResult("acme", "in_part", is_written=True), replace(PLAN, changes=("b", "c")), ("b",)),
        (OrganizationResult("acme", "unknown", is_written=True), OrganizationResult("acme", "failed"), ()),
        (OrganizationResult("acme", "applied", is_written=True, live_and_wider=("x",)), PLAN, ("a", "b")),
    ],
)
def test_what_is_left_may_be_written_later(
    ended: OrganizationResult, plan: OrganizationResult | None, left: tuple[str, ...]
) -> None:
    work = Work(ended, *((plan,) if plan else ()))
    result = asyncio.run(work.applier.write("acme", DIGEST, ReviewedChanges(("a", "b"), 0), Stop()))
    assert result.left == left
    assert work.jobs[0] == Job("acme", "apply", DIGEST, ("a", "b"))
    assert not work.given


@pytest.mark.parametrize(
    ("result", "outcome", "summaries"),
    [
        (None, "unknown", ["no worker brought it to an end in 51 starts"]),
        (StoredResult("applied", wider=2), "applied", ["live and wider than defined: 2 audiences"]),
        (StoredResult("refused", reasons=("stale-plan", "odd")), "refused", ["out of date", "odd"]),
    ],
)
def test_stored_result_is_shown_without_names(
    result: StoredResult | None, outcome: str, summaries: list[str]
) -> None:
    shown = engine._result(run("acme", "failed", result=result, starts=51), is_repeat=False)
    assert (shown.outcome, [one.summary for one in shown.diagnostics]) == (outcome, summaries)
    assert shown.needs_attention


def test_database_of_other_things_is_said() -> None:
    from dbos import error

    with (
        pytest.raises(database.DatabaseError, match="not one of ours \\(DBOSException\\)"),
        database.reported(),
    ):
        raise error.DBOSException("canary")


def test_id_of_run_holds_organization_digest_and_number() -> None:
    assert identity("acme", DIGEST) == f"acme/{DIGEST}"
    assert parts(identity("acme", DIGEST)) == ("acme", DIGEST, 1)
    assert parts(identity("acme", DIGEST, 3)) == ("acme", DIGEST, 3)


def test_result_comes_back_as_it_was_stored() -> None:
    result = StoredResult("in_part", {"applied": 1}, is_written=True, wider=1, reasons=("x",), left=(DIGEST,))
    assert result_from_document(result_to_document(result)) == result
    newer = result_to_document(result) | {"outcome": "levitated"}
    assert result_from_document(newer).outcome == "unknown"


@pytest.mark.parametrize(
    ("audiences", "result", "expected"),
    [
        (3, StoredResult("applied", {"applied": 3}), ("applied", {"applied": 3})),
        (3, StoredResult("applied", {"applied": 1}), ("applied", {"applied": 1, "unchanged": 2})),
        (3, StoredResult("unchanged"), ("applied", {"unchanged": 3})),
        (3, StoredResult("failed"), ("failed", {})),
        (0, StoredResult("applied", {"applied": 1}), ("applied", {"applied": 1})),
    ],
)
def test_what_an_earlier_start_settled_is_counted(
    audiences: int, result: StoredResult, expected: tuple[str, dict[str, int]]
) -> None:
    completed = ReviewedChanges(audiences=audiences).completed(result)
    assert (completed.outcome, completed.counts) == expected


def run(organization: str, state: str, **known: object) -> DurableRun:
    return DurableRun("id", organization, DIGEST, state, worker="w-1", created=WHEN, ended=WHEN, **known)  # type: ignore[arg-type]


def test_status_says_what_runs_waits_and_failed() -> None:
    applied = StoredResult("applied", {"applied": 2, "failed": 0, "not_attempted": 1})
    refused = StoredResult("refused", reasons=("stale-plan",), wider=1)
    runs = (
        run("acme", "running", starts=2),
        run("globex", "waiting"),
        run("hooli", "failed", result=refused),
        run("initech", "failed", starts=51),
        *(run(f"n{number}", "done", result=applied) for number in range(41)),
    )
    shown = fleet_status.status(FleetStatus(runs, ("w-1",)))
    lines = shown.splitlines()
    assert lines[0] == "1 running, 1 waiting, 2 failed, 41 done. 1 worker: w-1."
    short = "sha256:aaaaaaaaaaaa"
    assert lines[2] == f"running  acme     {short}  since {WHEN} by w-1, start 2"
    assert lines[4] == f"waiting  globex   {short}  since {WHEN}"
    assert lines[6] == (
        f"failed   hooli    {short}  refused; stale-plan; 1 live and wider than defined; {WHEN} by w-1"
    )
    assert lines[7] == f"failed   initech  {short}  no worker brought it to an end in 51 starts"
    assert lines[9] == f"done     n0       {short}  applied (2 applied, 1 not attempted); {WHEN} by w-1"
    assert lines[-1] == "and 1 more done"


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ((), "Nothing was asked for. No worker is there.\n"),
        (
            (run("acme", "waiting"),),
            "1 waiting. No worker is there. Start `reconciler fleet worker`.\n",
        ),
    ],
)
def test_status_without_workers_says_so(runs: tuple[DurableRun, ...], expected: str) -> None:
    assert fleet_status.status(FleetStatus(runs)).startswith(expected)
