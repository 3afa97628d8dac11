"""The workflows for many organizations, job by job and step by step, as a runner would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.app.fleet.shards import number_of
from tests.actions import fleets, machines
from tests.cli import agency
from tests.doubles import github_peer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.actions.teams import Change

pytestmark = pytest.mark.slow
NAMES = ("acme", "globex", "hooli", "initech", "umbrella", "wayne")


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return machines.package_index(tmp_path_factory.mktemp("index") / "bin")


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[agency.Agency]:
    made = agency.Agency(tmp_path / "files", NAMES)
    with made.running():
        yield made


@pytest.fixture
def team(tmp_path: Path, vendor: agency.Agency) -> Iterator[fleets.Agency]:
    github = github_peer.Peer()
    files = {
        str(path.relative_to(vendor.folder)): path.read_text("utf-8")
        for path in vendor.folder.rglob("*.yaml")
    }
    keys = {name: f"sk_{name}" for name in NAMES}
    with github.running():
        yield fleets.Agency(tmp_path, github, files, keys, vendor.settings["LEADPIPE_BASE_URL"])


def asks(vendor: agency.Agency, *names: str) -> Change:
    """Return definitions that ask for another score, of one audience of each organization."""
    found = {}
    for name in names:
        vendor.define(name, 0, 80)
        file = f"orgs/{name}/audiences.d/0.yaml"
        found[file] = (vendor.folder / file).read_text("utf-8")
    return found


def test_all_shards_of_a_pull_request_are_applied(
    team: fleets.Agency, vendor: agency.Agency, index: Mapping[str, str]
) -> None:
    number, opened = team.open(asks(vendor, *NAMES))
    planned = team.run_all("fleet-plan", opened, index)

    shards = {number_of(name, fleets.SHARDS) for name in NAMES}
    assert planned.ends("plan") == ["success"] * len(shards)
    assert planned.ends("comment") == ["success"]
    (comment,) = team.comments(number)
    assert all(f"### {name}: look twice" in comment for name in NAMES)

    applied = team.run_all("fleet-apply", team.merge(number), index)
    assert applied.ends("apply") == ["success"] * len(shards)
    assert applied.ends("report") == ["success"]
    assert vendor.written() == dict.fromkeys(NAMES, 1)
    _, result = team.comments(number)
    assert "**6 applied.**" in result
    for name in NAMES:
        # Each key is on the machine of its own shard, and on no other one.
        assert planned.machines_holding(f"sk_{name}") == ["plan"]
        assert applied.machines_holding(f"sk_{name}") == ["apply"]
    logs = [job.log for run in (planned, applied) for jobs in run.jobs.values() for job in jobs]
    said = [line for log in logs for line in log.splitlines() if not line.startswith("::add-mask::")]
    assert [line for line in said if "sk_" in line] == []


def test_pull_request_of_nothing_has_a_green_check(team: fleets.Agency, index: Mapping[str, str]) -> None:
    number, opened = team.open({"README.md": "x"})
    planned = team.run_all("fleet-plan", opened, index)
    assert (planned.ends("plan"), planned.ends("comment")) == (["skipped"], ["success"])
    assert team.comments(number) == []


def test_organization_without_key_makes_one_shard_red(
    team: fleets.Agency, vendor: agency.Agency, index: Mapping[str, str]
) -> None:
    del team.keys["acme"]
    number, opened = team.open(asks(vendor, "acme", "hooli"))
    planned = team.run_all("fleet-plan", opened, index)
    assert (sorted(planned.ends("plan")), planned.ends("comment")) == (["failure", "success"], ["failure"])

    applied = team.run_all("fleet-apply", team.merge(number), index)
    assert (sorted(applied.ends("apply")), applied.ends("report")) == (["failure", "success"], ["failure"])
    assert vendor.written() == {"hooli": 1}
