"""Three hundred organizations by one command, with one of each trouble among them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.agency import Agency
from tests.cli.command import FAST
from tests.doubles import git
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
COUNT = 300
NAMES = tuple(f"client-{number:03}" for number in range(COUNT))
CHANGED, KEYLESS, DOWN, REFUSED, SLOW = NAMES[10], NAMES[50], NAMES[100], NAMES[150], NAMES[200]


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    made = Agency(tmp_path, NAMES)
    with made.running():
        yield made


def trouble(agency: Agency) -> None:
    for name in (CHANGED, SLOW):
        agency.define(name, 0, 80)
    for number in range(4):
        agency.define(REFUSED, number, 80)
    agency.settings[f"LEADPIPE_API_KEY__{KEYLESS.upper().replace('-', '_')}"] = ""
    agency.peers[DOWN].inject(Fault("status", status=503, times=None))
    agency.peers[SLOW].inject(Fault("delay", seconds=1, times=2))


def test_five_of_three_hundred_are_told_apart(agency: Agency) -> None:
    trouble(agency)
    began = time.monotonic()
    code, found, report = agency.report("plan", "--out", "out", program=FAST)
    print(f"plan: {time.monotonic() - began:.1f} s")  # noqa: T201 - a figure for whoever asks with -s
    assert code == 1
    assert len(found) == COUNT
    assert {name: one["outcome"] for name, one in found.items() if one["outcome"] != "no_changes"} == {
        CHANGED: "changes",
        KEYLESS: "failed",
        DOWN: "failed",
        REFUSED: "refused",
        SLOW: "changes",
    }
    assert report["summary"]["no_changes"] == COUNT - 5

    page = agency.run("plan", "--format", "markdown", program=FAST).out
    assert len(page.splitlines()) < 60
    assert all(f" {name}" in page for name in NAMES)
    began = time.monotonic()
    code, found, _ = agency.report("apply", "--plan", "out", "--out", "out", program=FAST)
    print(f"apply: {time.monotonic() - began:.1f} s")  # noqa: T201 - as above
    assert code == 4
    assert agency.written() == {CHANGED: 1, SLOW: 1}
    # Of the first two there is no plan that anybody could have reviewed.
    assert [found[name]["outcome"] for name in (KEYLESS, DOWN, REFUSED)] == ["refused"] * 3
    assert agency.run("drift", "--org", CHANGED, "--org", SLOW).code == 0


def test_change_of_a_piece_selects_its_users(agency: Agency) -> None:
    users = NAMES[::30]
    agency.write("shared/b2b.yaml", "name: x\n")
    for name in users:
        agency.write(f"orgs/{name}/audiences.d/0.yaml", "extends: ../../../shared/b2b.yaml\n")
    repository = git.start(agency.folder)
    base = git.commit(repository, "Base")
    agency.write("shared/b2b.yaml", "name: y\n")
    agency.define(NAMES[1], 0, 80)
    git.commit(repository, "Change")
    listed = agency.run("list", "--changed-since", base, "--format", "json").document("fleet-list")
    assert [one["name"] for one in listed["organizations"]] == sorted([*users, NAMES[1]])
