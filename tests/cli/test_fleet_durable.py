"""Applies that outlive the process that runs them: killed, stopped, repeated, and by many workers at once."""

from __future__ import annotations

import json
import signal
import time
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.cli.agency import Agency, identity
from tests.cli.durable import TAKEOVER, Office, everything_in, raw_bytes, wait_until
from tests.doubles import git, postgres
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 30
NAMES = ("acme", "globex", "hooli", "initech", "umbrella")
numbers = count()
needs_postgres = pytest.mark.skipif(
    postgres.program("initdb") is None, reason="no PostgreSQL on this machine"
)
on_postgres = [pytest.param("postgres", marks=needs_postgres)]
on_each = pytest.mark.parametrize("kind", ["sqlite", *on_postgres])


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.running() as running:
        yield running


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    made = Agency(tmp_path, NAMES)
    with made.running():
        yield made


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
def office(agency: Agency, kind: str, request: pytest.FixtureRequest) -> Office:
    """Give an agency and a new database, of SQLite where a test names none."""
    if kind == "sqlite":
        return Office(agency, f"sqlite:///{agency.folder}/fleet.sqlite3")
    running: postgres.Server = request.getfixturevalue("server")
    return Office(agency, running.url(f"fleet_{next(numbers)}"))


def slow_patches(office: Office, seconds: float, *names: str) -> None:
    for name in names or office.agency.names:
        office.agency.peers[name].inject(Fault("delay", method="PATCH", seconds=seconds, times=None))


def everyone(names: tuple[str, ...] = NAMES, size: int = 3) -> list[str]:
    """Return the audiences that `change` lets differ, once each."""
    return sorted(identity(name, number) for name in names for number in range(size))


def test_worker_applies_what_was_reviewed(office: Office) -> None:
    office.change(1)
    office.review()
    with office.worker() as worker:
        code, found, _ = office.apply()
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=SECONDS)
    assert (code, worker.returncode) == (0, 130)
    assert {one["outcome"] for one in found.values()} == {"applied"}
    assert office.patched() == everyone(size=1)
    assert said.count('"Audience 0 of') == 5
    assert (office.agency.folder / "fleet.sqlite3").stat().st_mode & 0o077 == 0


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
@on_each
def test_workers_write_each_audience_once(office: Office, workers: int) -> None:
    office.change()
    office.review()
    slow_patches(office, 0.2)
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(office.worker("--jobs", "2"))
        wait_until(lambda: len(office.status()["workers"]) == workers)
        code, found, _ = office.apply()
        assert (code, {one["outcome"] for one in found.values()}) == (0, {"applied"})
        assert office.patched() == everyone()
    took_part = {one["worker"] for one in office.status()["runs"]}
    assert len(took_part) >= 2


@pytest.mark.slow
@on_each
def test_killed_in_middle_another_goes_on(office: Office) -> None:
    office.change(names=("acme",))
    office.review()
    slow_patches(office, 0.5, "acme")
    with office.applying("--plan", "plans", "--org", "acme", "--format", "json") as applying:
        with office.worker("--parallelism", "1") as killed:
            office.wait_for_patches(2)
            killed.send_signal(signal.SIGKILL)
            killed.wait(SECONDS)
        with office.worker("--parallelism", "1"):
            out, _ = applying.communicate(timeout=SECONDS)
    (one,) = json.loads(out)["organizations"]
    assert (applying.returncode, one["outcome"]) == (0, "applied")
    assert one["counts"]["applied"] + one["counts"]["unchanged"] == 3
    assert office.patched() == everyone(("acme",))
    (run,) = office.status()["runs"]
    assert (run["starts"], run["state"]) == (2, "done")


@pytest.mark.slow
@on_each
def test_stopped_worker_settles_and_leaves_the_rest(office: Office) -> None:
    office.change(names=("acme",))
    office.review()
    slow_patches(office, 0.5, "acme")
    with office.applying("--plan", "plans", "--org", "acme") as applying:
        with office.worker("--parallelism", "1") as stopped:
            office.wait_for_patches(2)
            stopped.send_signal(signal.SIGTERM)
            assert stopped.wait(SECONDS) == 130
        written = office.patched()
        assert len(written) < 3
        with office.worker():
            assert applying.wait(SECONDS) == 0
    assert office.patched() == everyone(("acme",))


@pytest.mark.slow
@on_each
def test_worker_taken_for_dead_goes_on_afresh(office: Office) -> None:
    office.change(names=("acme",))
    office.review()
    slow_patches(office, 0.5, "acme")
    with office.applying("--plan", "plans", "--org", "acme") as applying, office.worker() as frozen:
        office.wait_for_patches(1)
        frozen.send_signal(signal.SIGSTOP)
        with office.worker() as other:
            assert applying.wait(SECONDS) == 0
            frozen.send_signal(signal.SIGCONT)
            other.send_signal(signal.SIGTERM)
            assert other.wait(SECONDS) == 130
        office.change(names=("globex",))
        office.review()
        assert office.apply("--plan", "plans", "--org", "globex")[0] == 0
        frozen.send_signal(signal.SIGTERM)
        _, said = frozen.communicate(timeout=SECONDS)
    assert "Others took over" in said
    assert office.patched() == everyone(("acme", "globex"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", on_postgres)
@pytest.mark.parametrize("seconds", [0.3, 3 * TAKEOVER])
def test_worker_outlives_a_lost_database(office: Office, server: postgres.Server, seconds: float) -> None:
    office.change(names=("acme",))
    office.review()
    slow_patches(office, 0.4, "acme")
    with (
        office.applying("--plan", "plans", "--org", "acme") as applying,
        office.worker("--parallelism", "1") as worker,
    ):
        office.wait_for_patches(1)
        server.stop()
        lost = time.monotonic()
        time.sleep(seconds)
        server.start()
        found = time.monotonic()
        assert applying.wait(SECONDS) == 0
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(SECONDS) == 130
    assert office.patched() == everyone(("acme",))
    sent = [one.time_monotonic for one in office.agency.peers["acme"].patches()]
    assert not [at for at in sent if lost + TAKEOVER / 2 + 0.5 < at < found]


@pytest.mark.slow
@on_each
def test_repeat_of_finished_run_sends_nothing(office: Office) -> None:
    office.change(1)
    office.review()
    with office.worker():
        assert office.apply()[0] == 0
        before = office.requests()
        code, found, _ = office.apply()
        assert code == 0
        assert [one["diagnostics"][0]["code"] for one in found.values()] == 5 * ["already-applied"]
        assert not any(one["written"] for one in found.values())
    assert office.requests() == before
    assert office.patched() == everyone(size=1)


@pytest.mark.slow
def test_failed_run_goes_on_with_what_is_left(office: Office) -> None:
    office.change(names=("acme",))
    office.review()
    acme, left = office.agency.peers["acme"], identity("acme", 2)
    acme.inject(Fault("status", method="PATCH", id=left, status=400, message="no", times=None))
    with office.worker():
        code, found, _ = office.apply("--plan", "plans", "--org", "acme")
        assert (code, found["acme"]["outcome"]) == (4, "in_part")
        assert office.states() == {"acme": "failed"}
        acme.heal()
        acme.edit(identity("acme", 0), {"config": {"topicIds": [117805], "minScore": 60}})
        code, found, _ = office.apply("--plan", "plans", "--org", "acme")
        assert (code, found["acme"]["outcome"]) == (3, "refused")
        acme.edit(identity("acme", 0), {"config": {"topicIds": [117805], "minScore": 80}})
        assert office.apply("--plan", "plans", "--org", "acme")[0] == 0
    assert office.patched() == sorted([*everyone(("acme",)), left])


@pytest.mark.slow
def test_what_nobody_reviewed_is_refused(office: Office) -> None:
    office.change(2)
    office.review()
    office.agency.peers["acme"].edit(identity("acme", 1), {"name": "Edited by hand"})
    office.agency.settings["LEADPIPE_API_KEY__GLOBEX"] = ""
    office.agency.define("hooli", 3, 90)
    with office.worker() as worker:
        code, found, _ = office.apply()
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=SECONDS)
    assert code == 4
    assert {
        name: (one["outcome"], [d["code"] for d in one["diagnostics"]]) for name, one in found.items()
    } == {
        "acme": ("refused", ["stale-plan"]),
        "globex": ("failed", ["settings"]),
        "hooli": ("refused", ["stale-plan"]),
        "initech": ("applied", []),
        "umbrella": ("applied", []),
    }
    assert "LEADPIPE_API_KEY__GLOBEX is not set" in said
    assert office.patched() == everyone(("initech", "umbrella"), 2)


@pytest.mark.slow
@on_each
def test_database_holds_no_key_and_no_person(office: Office, kind: str) -> None:
    agency = office.agency
    for name in NAMES:
        path = agency.folder / "orgs" / name / "audiences.d" / "0.yaml"
        document = json.loads(path.read_text("utf-8"))
        document["config"]["minScore"] = 80
        document["metadata"] = {"owner": "canary.person@example.com", "description": "canary description"}
        path.write_text(json.dumps(document), "utf-8")
    agency.define("acme", 1, 80)
    office.review()
    said = "canary.person@example.com and sk_acme"
    agency.peers["acme"].inject(Fault("status", method="PATCH", status=400, message=said, echo_key=True))
    agency.peers["globex"].inject(Fault("status", method="GET", status=403, message=said, times=None))
    agency.peers["hooli"].edit(identity("hooli", 0), {"name": "canary name"})
    with office.worker() as worker:
        assert office.apply()[0] == 4
        worker.send_signal(signal.SIGKILL)
        worker.wait(SECONDS)
    stored = everything_in(office.url) + (
        raw_bytes(agency.folder).decode("latin-1") if kind == "sqlite" else ""
    )
    assert "stale-plan" in stored
    assert "acme/sha256:" in stored
    names = [one["name"] for peer in agency.peers.values() for one in peer.state.values()]
    secret = [*(f"sk_{name}" for name in NAMES), *names, "canary", "example.com", postgres.PASSWORD]
    assert [one for one in secret if one in stored] == []
    assert not any(identity(name, number) in stored for name in NAMES for number in range(4))


@pytest.mark.slow
def test_nobody_works_and_that_is_said(office: Office) -> None:
    office.change(1, ("acme",))
    office.review()
    with office.applying("--plan", "plans", "--org", "acme") as applying:
        assert applying.stderr is not None
        assert "No worker is there to do it" in applying.stderr.readline()
        applying.send_signal(signal.SIGINT)
        out, _ = applying.communicate(timeout=SECONDS)
    assert applying.returncode == 130
    assert "the workers go on with it" in out
    assert office.work().code == 0
    assert office.patched() == everyone(("acme",), 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", on_postgres)
def test_password_is_never_shown(office: Office, server: postgres.Server) -> None:
    office.change(1, ("acme",))
    office.review()
    server.stop()
    try:
        for command in (("status",), ("worker",), ("apply", "--engine", "dbos", "--plan", "plans")):
            said = office.agency.run(*command)
            assert said.code != 0
            assert "the database cannot be used: no connection" in said.out + said.err
            assert postgres.PASSWORD not in said.out + said.err
    finally:
        server.start()


@pytest.mark.slow
def test_approved_unseen_is_planned_first(office: Office) -> None:
    office.change(1, ("acme", "globex"))
    office.agency.define("hooli", 0, 80)
    office.agency.settings["LEADPIPE_API_KEY__HOOLI"] = ""
    for number in range(4):
        office.agency.define("initech", number, 80)
    with office.worker():
        code, found, _ = office.apply("--auto-approve")
    assert code == 4
    assert {name: one["outcome"] for name, one in found.items()} == {
        "acme": "applied",
        "globex": "applied",
        "hooli": "failed",
        "initech": "refused",
        "umbrella": "unchanged",
    }
    assert office.states() == {"acme": "done", "globex": "done"}
    assert office.patched() == everyone(("acme", "globex"), 1)


@pytest.mark.slow
def test_guards_of_a_merge_base_hold_for_workers(office: Office) -> None:
    folder = office.agency.folder
    git.start(folder)
    git.commit(folder, "As it is live")
    office.change(2, ("acme", "globex"))
    office.agency.write("orgs/acme/reconciler.toml", "[limits]\nmax_changes = 100\n")
    for number in range(4):
        office.agency.define("acme", number, 80)
    git.commit(folder, "Lift a limit, and use it")
    office.review()
    office.agency.define("globex", 2, 80)
    since = ("--plan", "plans", "--changed-since", "HEAD~1")
    with office.worker():
        code, found, _ = office.apply(*since)
        assert {name: one["outcome"] for name, one in found.items()} == {
            "acme": "refused",
            "globex": "refused",
        }
        assert (code, office.patched()) == (3, [])
        office.agency.define("globex", 2)
        code, found, _ = office.apply(*since, "--org", "globex")
        assert (code, found["globex"]["outcome"]) == (0, "applied")
    assert office.patched() == everyone(("globex",), 2)


@pytest.mark.slow
def test_status_and_options_for_people(office: Office) -> None:
    agency = office.agency
    assert agency.run("status").out == "Nothing was asked for. No worker is there.\n"
    office.change(1, ("acme",))
    office.review()
    with office.worker():
        assert office.apply("--plan", "plans", "--org", "acme")[0] == 0
        shown = agency.run("status").out.splitlines()
    assert shown[0].startswith("1 done. 1 worker: ")
    assert shown[2].startswith("done     acme  sha256:")
    assert "applied (1 applied)" in shown[2]
    unusable = agency.run("status", "--format", "json", "--database-url", "mysql://x")
    assert unusable.code == 1
    assert unusable.document("fleet-status")["diagnostics"][0]["code"] == "settings"
    assert "is for `reconciler fleet apply` alone" in agency.run("plan", "--engine", "dbos").err
    several = ("apply", "--engine", "dbos", "--plan", "plans", "--max-changes", "9")
    assert "--max-changes cannot be handed on to workers" in agency.run(*several).err


@pytest.mark.slow
def test_impatient_takeover_is_refused(office: Office) -> None:
    said = office.agency.run("worker", "--takeover-after", "14")
    assert (said.code, "at least 15 seconds" in said.err) == (1, True)


_TRACED = """
import json, os, sys
def hook(event, arguments):
    if event == "socket.connect":
        os.write(2, ("CONNECT " + json.dumps(arguments[1]) + "\\n").encode())
sys.addaudithook(hook)
from tests.cli.fast import hurry
from reconciler.cli import main
hurry()
main()
"""


_WITH_A_BUG = """
from reconciler.app.fleet import durable
durable.enable()
from reconciler.app.fleet.durable.applying import Applier
from reconciler.app.fleet.durable.lease import Lease
from tests.cli.fast import hurry
from reconciler.cli import main
async def broken(*_):
    raise ValueError("canary name")
Applier.write = broken
if {is_lease}:
    Lease.beat = lambda _: broken(0).send(None)
hurry()
main()
"""


@pytest.mark.slow
def test_words_of_a_bug_are_not_stored(office: Office) -> None:
    office.change(1, ("acme",))
    office.review()
    program = ("-c", _WITH_A_BUG.format(is_lease=False))
    with office.agency.started("worker", program=program, is_fresh=True) as worker:
        code, found, _ = office.apply("--plan", "plans", "--org", "acme")
        worker.send_signal(signal.SIGTERM)
        worker.wait(SECONDS)
    assert (code, found["acme"]["outcome"]) == (5, "unknown")
    stored = everything_in(office.url)
    assert "ValueError" in stored
    assert "canary" not in stored


@pytest.mark.slow
def test_worker_that_cannot_tell_it_lives_ends(office: Office) -> None:
    program = ("-c", _WITH_A_BUG.format(is_lease=True))
    said = office.agency.run("worker", program=program, is_fresh=True)
    assert said.code == 1
    assert "this is a bug in reconciler" in said.err
    assert "canary" not in said.out + said.err


@pytest.mark.slow
def test_worker_connects_to_the_api_alone(office: Office) -> None:
    office.change(1)
    office.review()
    cloud = {
        "DBOS__CLOUD": "true",
        "DBOS__CONDUCTOR_APP_NAME": "x",
        "DBOS__CONDUCTOR_KEY": "x",
        "DBOS__CONDUCTOR_URL": "ws://127.0.0.1:9",
    }
    office.agency.settings.update(cloud)
    with office.applying() as applying:
        wait_until(lambda: len(office.states()) == 5)
        said = office.agency.run("worker", "--until-idle", program=("-c", _TRACED), is_fresh=True)
        assert applying.wait(SECONDS) == 0
    port = int(office.agency.settings["LEADPIPE_BASE_URL"].rpartition(":")[2])
    connections = {line for line in said.err.splitlines() if line.startswith("CONNECT")}
    assert connections == {f'CONNECT ["127.0.0.1", {port}]'}


@pytest.mark.slow
def test_organization_is_not_started_too_often(office: Office) -> None:
    office.agency.peers["acme"].inject(Fault("status", method="PATCH", status=400, times=None))
    with office.worker("--starts-per-minute", "2") as worker:
        for score in (70, 75, 80):
            office.agency.define("acme", 0, score)
            office.review()
            with office.applying("--plan", "plans", "--org", "acme") as applying:
                if score < 80:
                    assert applying.wait(SECONDS) in {1, 4}
                else:
                    time.sleep(2)
                    assert office.states()["acme"] == "waiting"
        worker.send_signal(signal.SIGTERM)
        worker.wait(SECONDS)
