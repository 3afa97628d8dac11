from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import FULL, ROOT, SECONDS, Said, without_privileges
from tests.cli.organization import AUTO, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.command import Running

AUDIENCES = "/v1/intent/audiences"


@pytest.fixture
def samples(tmp_path: Path) -> Project:
    """Give a project with the sample definitions."""
    project = Project(tmp_path, {})
    shutil.copytree(ROOT / "audiences.d", project.definitions, dirs_exist_ok=True)
    return project


@contextmanager
def serving(project: Project, *arguments: str, **how: Any) -> Iterator[Running]:
    """Serve on a free port, and let the project's commands talk to it."""
    with project.started("sandbox", "serve", "--port", "0", *arguments, **how) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        found = re.fullmatch(
            r"LEADPIPE_BASE_URL=(http://127\.0\.0\.1:\d+) LEADPIPE_API_KEY=(sk_\w+)\n", ready
        )
        assert found, ready
        project.settings = {"LEADPIPE_BASE_URL": found[1], "LEADPIPE_API_KEY": found[2]}
        yield process


def call(project: Project, path: str = AUDIENCES, body: Any = None) -> Any:
    """Do what curl would do."""
    request = urllib.request.Request(  # noqa: S310 - our own origin
        project.settings["LEADPIPE_BASE_URL"] + path,
        None if body is None else json.dumps(body).encode(),
        {"X-API-Key": project.settings["LEADPIPE_API_KEY"], "Content-Type": "application/json"},
        method="GET" if body is None else "PATCH",
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - our own origin
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)


# --sandbox


def test_plan_apply_plan(samples: Project) -> None:
    changes = samples.run("plan", "--sandbox", "--detailed-exitcode")
    applied = samples.run("apply", "--sandbox", "--auto-approve")
    after = samples.run("plan", "--sandbox", "--detailed-exitcode")

    assert (changes.code, applied.code, after.code) == (2, 0, 0)
    assert "Plan: " in changes.out
    assert after.out.startswith("No changes. The live audiences match the definitions.\n")
    assert samples.files() == {".reconciler"}


def test_it_needs_no_settings_and_heeds_none(samples: Project) -> None:
    settings = {"LEADPIPE_BASE_URL": "http://evil.example", "LEADPIPE_API_KEY": "not a key"}
    plan = samples.run("plan", "--sandbox", "--format", "json", settings=settings).document("plan")

    assert plan["origin"] == "sandbox"


def test_its_state_is_private(samples: Project) -> None:
    samples.run("plan", "--sandbox")

    assert (samples.folder / ".reconciler").stat().st_mode & 0o077 == 0


def test_two_at_once_on_first_use(samples: Project) -> None:
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: samples.run(*AUTO, "--sandbox"), range(2)))

    assert [said.code for said in both] == [0, 0]
    assert samples.run("plan", "--sandbox", "--detailed-exitcode").code == 0


def test_unwritable_folder_is_one_clear_message(samples: Project) -> None:
    samples.folder.chmod(0o500)
    said = samples.run("plan", "--sandbox", through=without_privileges())
    samples.folder.chmod(0o700)

    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"Error: {samples.folder}/.reconciler/sandbox.sqlite3: the sandbox cannot use this file:"
        " Permission denied. Name another file, or delete it to start afresh.\n"
    )


def test_file_of_somebody_else_is_left_alone(samples: Project) -> None:
    (samples.folder / ".reconciler").mkdir()
    (samples.folder / ".reconciler" / "sandbox.sqlite3").write_text("mine")
    said = samples.run("plan", "--sandbox")

    assert said.code == 1
    assert "the sandbox cannot use this file" in said.err
    assert (samples.folder / ".reconciler" / "sandbox.sqlite3").read_text() == "mine"


# sandbox serve


@pytest.mark.parametrize(("number", "is_fresh"), [(signal.SIGINT, False), (signal.SIGTERM, True)])
def test_over_a_real_port_until_a_signal(samples: Project, number: signal.Signals, *, is_fresh: bool) -> None:
    with serving(samples, is_fresh=is_fresh) as process:
        codes = [samples.run(*command).code for command in (["plan", "--detailed-exitcode"], AUTO, AUTO)]
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)

    assert codes == [2, 0, 0]
    assert (process.returncode, out, err) == (0, "", "Serving. Press Ctrl-C to stop.\n")


def test_server_and_flag_share_their_state(samples: Project) -> None:
    samples.run(*AUTO, "--sandbox")
    with serving(samples):
        assert samples.run("plan", "--detailed-exitcode").code == 0
    with serving(samples, "--data", "other/state.sqlite3"):
        assert samples.run("plan", "--detailed-exitcode").code == 2


def test_generation_2_and_merged_configs(samples: Project) -> None:
    with serving(samples, "--generation", "2", "--config-semantics", "merge"):
        first = call(samples)["data"][0]
        before = call(samples, f"{AUDIENCES}/{first['id']}")["data"]["config"]
        answer = call(samples, f"{AUDIENCES}/{first['id']}", {"config": {"topicIds": [117805]}})

    assert "config" not in first
    assert "meta" in answer
    assert answer["data"]["config"] == before | {"topicIds": [117805]}


def test_slots_and_latency(samples: Project) -> None:
    with serving(samples, "--slots", "0", "--latency", "300"):
        began = time.monotonic()
        paused = next(one for one in call(samples)["data"] if one["status"] == "paused")
        waited = time.monotonic() - began
        answer = call(samples, f"{AUDIENCES}/{paused['id']}", {"status": "active"})

    assert answer["error"]["code"] == "SLOTS_FULL"
    assert waited >= 0.3


def test_a_port_in_use_is_an_error(samples: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = samples.run("sandbox", "serve", "--port", str(port))

    assert said == Said(
        1,
        "",
        f"Error: Port {port} on 127.0.0.1 is in use. Choose another one, or 0 for any that is free.\n",
    )


def test_data_that_cannot_be_written_is_an_error(samples: Project) -> None:
    said = samples.run("sandbox", "serve", "--data", "audiences.d/cfo-fintech.yaml/state")

    assert (said.code, said.out) == (1, "")
    assert "the sandbox cannot use this file: " in said.err


def test_it_ends_where_its_address_cannot_be_told(samples: Project) -> None:
    with FULL.open("wb") as full:
        said = samples.run("sandbox", "serve", "--port", "0", stdout=full)

    assert said.code == 1
    assert said.err.startswith("Error: stdout cannot be written: No space left on device.")


def test_list_is_silently_short_without_paging(samples: Project) -> None:
    with serving(samples, "--generation", "2", "--paging", "none", "--list-limit", "5"):
        short = call(samples)
        whole = call(samples, f"{AUDIENCES}?limit=100")

    assert (len(short["data"]), len(whole["data"])) == (5, 17)
    assert set(short["meta"]) == {"timestamp", "request_id"}


@pytest.mark.parametrize("mode", ["refuse", "strip", "store"])
def test_unknown_filters_are_treated_as_asked(samples: Project, mode: str) -> None:
    filters = {"seniority": ["vp"], "shoeSize": ["44"]}
    with serving(samples, "--unknown-filters", mode):
        one = f"{AUDIENCES}/{call(samples)['data'][0]['id']}"
        answer = call(samples, one, {"config": {"topicIds": [117805], "filters": filters}})

    kept = {"strip": {"seniority": ["vp"]}, "store": filters}
    if mode == "refuse":
        assert answer["error"]["message"] == "config.filters.shoeSize is not a field of this API."
    else:
        assert answer["data"]["config"]["filters"] == kept[mode]


def test_reads_lag_behind_writes(samples: Project) -> None:
    with serving(samples, "--stale-reads", "600000"):
        one = call(samples)["data"][0]
        path = f"{AUDIENCES}/{one['id']}"

        assert call(samples, path, {"name": "Renamed"})["data"]["name"] == "Renamed"
        assert call(samples, path)["data"] == one
