"""The life of changes on GitHub, as a team lives it: a queue, a revert, a force-push, a fork, a deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.hosted import Files, Team, founded, unlinked
from tests.cli.organization import CHANGING, PAUSING, STARTING, STEADY, live

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.hosted import Merge

pytestmark = pytest.mark.slow  # whole lives, which prove nothing more on another Python
FILES = {PAUSING: "guests.yaml", CHANGING: "cfo.yaml", STARTING: "marketing.yaml", STEADY: "security.yaml"}
LIVE = {one["id"]: one for one in live() if one["id"] in FILES}
FOUR = {"./reconciler.toml": "[limits]\nmax_changes = 4\n"}


def changed(identity: str, **fields: Any) -> Files:
    return {FILES[identity]: {**LIVE[identity], **fields}}


PAUSED, RENAMED = changed(PAUSING, status="paused"), changed(STEADY, name="Security leads, all of them")
STARTED = changed(STARTING, status="active")


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Give a team whose definitions are as live, with a limit that nothing here meets."""
    with founded(tmp_path, live(), {**{FILES[one]: LIVE[one] for one in FILES}, **FOUR}) as team:
        yield team


def status(team: Team, identity: str) -> Any:
    return team.vendor.state[identity]["status"]


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_queue_of_three_is_one_apply(team: Team, how: Merge) -> None:
    numbers = [team.open(files) for files in (PAUSED, RENAMED, STARTED)]
    assert [team.plan(number).code for number in numbers] == [0, 0, 0]
    ran = team.apply(team.merge_queue(*numbers, how=how))

    assert (ran.code, sorted(team.patched)) == (0, sorted([PAUSING, STEADY, STARTING]))
    for number in numbers:
        assert "**3 audiences changed as planned.**" in team.ended(number)
        assert f"reviewed in pull request {number}" in team.ended(number)


def test_outage_in_queue_is_made_up_by_rerun(team: Team) -> None:
    numbers = [team.open(files) for files in (PAUSED, RENAMED)]
    assert [team.plan(number).code for number in numbers] == [0, 0]
    push = team.merge_queue(*numbers)
    assert team.apply(push, settings={"LEADPIPE_API_KEY": "sk_other"}).code == 1

    assert team.apply(push).code == 0
    assert sorted(team.patched) == sorted([PAUSING, STEADY])


def test_revert_is_reviewed_and_applied_like_any_change(team: Team) -> None:
    first = team.open(PAUSED)
    team.plan(first)
    assert team.apply(team.merge(first)).code == 0
    revert = team.open(changed(PAUSING))
    assert team.plan(revert).code == 0
    assert "| Webinar guests | **starts**" in unlinked(team.comment(revert))

    assert team.apply(team.merge(revert)).code == 0
    assert status(team, PAUSING) == LIVE[PAUSING]["status"]


def test_revert_without_its_plan_undoes_nothing(team: Team) -> None:
    first = team.open(PAUSED)
    team.plan(first)
    team.apply(team.merge(first))
    ran = team.apply(team.merge(team.open(changed(PAUSING))))

    assert (ran.code, status(team, PAUSING)) == (3, "paused")


def test_force_push_needs_a_plan_of_its_own(team: Team) -> None:
    number = team.open({**PAUSED, **RENAMED})
    team.plan(number)
    team.force_push(number, RENAMED)
    stale = team.merge(number)
    assert team.apply(stale).code == 3
    assert "shows the plan of another commit" in team.ended(number)
    assert team.patched == {}

    again = team.open(STARTED)
    team.plan(again)
    team.force_push(again, {"note.txt": "nothing but a note"})
    assert team.plan(again).code == 0
    assert team.apply(team.merge(again)).code == 0
    assert sorted(team.patched) == [STEADY], "the last plan shows the rename too, which nobody had applied"


def test_merged_fork_says_what_to_do(team: Team) -> None:
    number = team.open(PAUSED, fork="mallory/audiences")
    shown = team.plan(number, settings={"LEADPIPE_API_KEY": ""})
    ran = team.apply(team.merge(number))

    assert (shown.code, ran.code, team.patched) == (0, 3, {})
    assert "has no comment with a plan" in team.ended(number)
    assert "open another pull request for these files" in team.ended(number)


def test_deleted_file_lets_go_and_writes_nothing(team: Team) -> None:
    number = team.open({"security.yaml": None})
    assert team.plan(number).code == 0
    assert "Security leads (active, and keeps running)" in team.comment(number)
    ran = team.apply(team.merge(number))

    assert (ran.code, team.patched, status(team, STEADY)) == (0, {}, "active")


def test_closed_and_reopened_is_shown_again(team: Team) -> None:
    number = team.open(PAUSED)
    team.plan(number)
    team.repository.change_issue(number, state="closed")
    assert team.plan(number).code == 1
    team.repository.change_issue(number, state="open")

    assert team.plan(number).code == 0
    assert team.apply(team.merge(number)).code == 0
