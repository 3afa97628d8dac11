"""`reconciler github drift`: one issue that lists what was changed outside git, as long as there is some."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.github import sticky
from tests.cli.hosted import BOT, PERMISSIONS, Files, Team, founded, unlinked
from tests.cli.organization import ABSENT, KEY, PAUSING, STEADY, audience, live
from tests.doubles.github_peer import ACTIONS, Fault, account
from tests.doubles.oracles.markdown import rendered
from tests.doubles.oracles.runner_commands import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doubles.github_peer import Issue

pytestmark = pytest.mark.once  # git and GitHub are the same under every Python

DRIFT = sticky.marked("drift", {}, "Drift.")


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Give a team whose definitions are as live."""
    files: Files = {f"{one['id']}.yaml": one for one in live()}
    with founded(tmp_path, live(), files) as team:
        yield team


def ours(team: Team) -> list[Issue]:
    return [issue for issue in team.repository.issues() if issue.author.login == BOT and issue.pull is None]


def test_issue_opens_changes_closes_and_opens_anew(team: Team) -> None:
    quiet = team.drift()
    assert (quiet.code, quiet.outputs["changes"], team.github.writes()) == (0, "false", ())
    assert (quiet.outputs["outcome"], "issue" in quiet.outputs) == ("no-drift", False)
    assert "**No drift any more.**" in quiet.summary

    team.vendor.edit(PAUSING, {"status": "paused"})
    opened = team.drift()
    (issue,) = ours(team)
    assert (opened.code, opened.outputs["changes"], opened.outputs["outcome"]) == (2, "true", "drift")
    assert (opened.outputs["update"], opened.outputs["digest"][:7]) == ("1", "sha256:")
    assert opened.outputs["issue"] == f"https://github.com/acme/audiences/issues/{issue.number}"
    assert (issue.title, issue.state) == ("Audiences differ from git", "open")
    assert "**The next apply would put this back**" in (issue.body or "")
    assert "| Webinar guests | **Drift" in unlinked(issue.body or "")
    assert (
        "**starts**: becomes active, and its people are refreshed daily (live: paused; in the file: active)"
        in (opened.summary)
    )

    team.vendor.edit(STEADY, {"name": "Renamed by hand"})
    assert team.drift().code == 2
    (issue,) = ours(team)
    assert 'is renamed, was "Renamed by hand" (live: Renamed by hand; in the file: Security leads)' in (
        issue.body or ""
    )

    team.vendor.edit(PAUSING, {"status": "active"})
    team.vendor.edit(STEADY, {"name": "Security leads"})
    assert team.drift().code == 0
    (issue,) = ours(team)
    assert (issue.state, issue.state_reason) == ("closed", "completed")
    assert "**No drift any more.** The live audiences match the definitions." in (issue.body or "")

    team.vendor.edit(PAUSING, {"status": "draft"})
    assert team.drift().code == 2
    assert [one.state for one in ours(team)] == ["open", "closed"]
    assert team.patched == {}


def test_what_is_not_ours_is_left_alone(team: Team) -> None:
    stranger = team.repository.seed_issue("Audiences differ from git", DRIFT, author="mallory")
    pull = team.repository.add_issue("Drift", DRIFT, author=ACTIONS)
    team.repository.change_issue(pull.number, pull=team.repository.issue(team.repository.seed_pull()).pull)  # type: ignore[union-attr] # it is one
    for nth in range(101):
        team.repository.seed_issue(f"Issue {nth}", DRIFT, author="dependabot[bot]")
    before = team.repository.issues()
    team.vendor.edit(PAUSING, {"status": "paused"})
    for _ in range(2):
        assert team.drift().code == 2
    made, *others = team.repository.issues()

    assert made.author.login == BOT
    assert tuple(others) == before
    assert team.repository.issue(stranger) in others
    assert [entry.method for entry in team.github.writes()] == ["POST", "PATCH"]


def test_missing_audience_is_an_error_in_the_issue(team: Team) -> None:
    team.push({"gone.yaml": audience(ABSENT, "Gone")})
    ran = team.drift()
    (issue,) = ours(team)

    assert (ran.code, set(ran.outputs)) == (1, {"issue"})
    assert "nothing can until this is fixed" in (issue.body or "")
    assert [command.properties["file"] for command in commands(ran.out)] == ["audiences.d/gone.yaml"]


@pytest.mark.parametrize(
    "settings", [{"LEADPIPE_API_KEY": "sk_other"}, {"LEADPIPE_API_KEY": ""}], ids=["wrong", "none"]
)
def test_failed_comparison_changes_no_issue(team: Team, settings: dict[str, str]) -> None:
    team.repository.add_issue("Audiences differ from git", DRIFT, author=ACTIONS)
    ran = team.drift(settings=settings)

    assert (ran.code, ran.outputs) == (1, {})
    assert [command.name for command in commands(ran.out)] == ["error"]
    assert "**Error:**" in ran.summary
    assert team.github.writes() == ()


@pytest.mark.parametrize("drifts", [False, True])
def test_what_cannot_be_posted_changes_no_exit_code(team: Team, *, drifts: bool) -> None:
    team.repository.has_issues = False
    if drifts:
        team.vendor.edit(PAUSING, {"status": "paused"})
    ran = team.drift()

    assert ran.code == (2 if drifts else 0)
    assert ("**Warning:** this could not be posted" in ran.summary) is drifts
    assert ("Webinar guests" in ran.summary) is drifts


def test_a_token_that_may_not_is_said_so(team: Team) -> None:
    team.vendor.edit(PAUSING, {"status": "paused"})
    token = team.github.actions_token(team.repository, {"issues": "read"})
    ran = team.drift(settings={"GITHUB_TOKEN": token})

    assert ran.code == 2
    assert "403: Resource not accessible by integration" in ran.err
    assert ours(team) == []


def test_foreign_names_do_nothing_in_an_issue(team: Team) -> None:
    hostile = "--> </details> @team [x](https://x.test)\n::error::x | #1"
    team.vendor.edit(PAUSING, {"name": hostile})
    team.github.inject(Fault("status", method="PATCH", status=422, message=team.token))
    ran, again = team.drift(), team.drift()
    (issue,) = ours(team)
    seen = rendered((issue.body or "").partition("\n")[2])

    assert (ran.code, again.code) == (2, 2)
    assert seen.references == frozenset()
    assert [token for token in seen.shape if "html_block" in token] == ["html_block  "] * 2
    assert commands(ran.out) == []
    for text in (*ran.texts(), *again.texts(), issue.body or ""):
        assert team.token not in text
        assert KEY not in text


def test_the_issue_of_another_bot_is_not_ours(team: Team) -> None:
    team.vendor.edit(PAUSING, {"status": "paused"})
    token = team.github.actions_token(
        team.repository, {"issues": "write"}, who=account("acme-audiences[bot]")
    )
    team.repository.add_issue("Audiences differ from git", DRIFT, author=ACTIONS)
    for _ in range(2):
        assert team.drift(settings={"GITHUB_TOKEN": token}).code == 2
    (made,) = [issue for issue in team.repository.issues() if issue.author.login == "acme-audiences[bot]"]

    assert "Webinar guests" in (made.body or "")
    assert [issue.body for issue in ours(team)] == [DRIFT]


class TestAdoption:
    """One pull request takes what is live into the files, beside the issue that would put it back."""

    @pytest.fixture(autouse=True)
    def _token(self, team: Team) -> None:
        team.token = team.github.actions_token(team.repository, {**PERMISSIONS, "contents": "write"})

    def proposed(self, team: Team) -> dict[str, str]:
        commit = team.repository.heads["reconciler/adopt-drift"]
        return team.repository.trees[team.repository.made[commit][0]]

    def test_it_is_opened_updated_and_closed(self, team: Team) -> None:
        assert team.drift("--adopt", "pull-request").code == 0
        assert team.github.writes() == ()

        team.vendor.edit(PAUSING, {"status": "paused"})
        opened = team.drift("--adopt", "pull-request")
        (pull,) = [one for one in team.repository.issues() if one.pull]
        (issue,) = ours(team)
        assert (opened.code, pull.title) == (2, "Keep what is live in the files")
        assert opened.outputs["pull-request"] == f"https://github.com/acme/audiences/pull/{pull.number}"
        assert "~ status: active -> paused" in (pull.body or "")
        assert f"merge {opened.outputs['pull-request']}" in (issue.body or "")
        assert list(self.proposed(team)) == [f"audiences.d/{PAUSING}.yaml"]
        assert '"status": "paused"' in self.proposed(team)[f"audiences.d/{PAUSING}.yaml"]

        before = team.repository.heads["reconciler/adopt-drift"]
        team.drift("--adopt", "pull-request")
        assert team.repository.heads["reconciler/adopt-drift"] == before, "nothing new, so no new commit"
        team.vendor.edit(STEADY, {"name": "Renamed by hand"})
        team.drift("--adopt", "pull-request")
        assert len(self.proposed(team)) == 2
        assert [one.number for one in team.repository.issues() if one.pull] == [pull.number]

        team.vendor.edit(PAUSING, {"status": "active"})
        team.vendor.edit(STEADY, {"name": "Security leads"})
        team.drift("--adopt", "pull-request")
        (pull,) = [one for one in team.repository.issues() if one.pull]
        assert pull.state == "closed"

    def test_merging_it_leaves_no_drift(self, team: Team) -> None:
        team.vendor.edit(PAUSING, {"status": "paused"})
        team.drift("--adopt", "pull-request")
        files: Files = {f"./{path}": text for path, text in self.proposed(team).items()}
        team.push(files)

        assert team.drift().code == 0
        assert team.patched == {}

    @pytest.mark.slow
    def test_names_of_topics_stay_names(self, team: Team) -> None:
        topics = [{"id": 117805, "name": "Marketing ROI"}, {"id": 117801, "name": "CRM Software"}]
        head = {"format_version": "1.0", "generation": 1, "status": "catalog", "filters": {}}
        text = f"id: {PAUSING}\nname: Webinar guests\nconfig:\n  topics: [Marketing ROI]  # Ana's\n"
        file = f"{PAUSING}.yaml"
        team.push({file: text, "./catalogue.json": json.dumps({**head, "topics": topics})})
        team.vendor.edit(PAUSING, {"config": {"topicIds": [117801, 117805]}})
        assert team.drift("--adopt", "pull-request").code == 2
        adopted = text.replace("ROI]", "ROI, CRM Software]")
        assert self.proposed(team) == {f"audiences.d/{file}": adopted}

    @pytest.mark.parametrize("may_propose", [True, False])
    def test_what_is_not_allowed_is_said(self, team: Team, *, may_propose: bool) -> None:
        team.repository.may_propose = may_propose
        team.vendor.edit(PAUSING, {"status": "paused"})
        token = team.token if not may_propose else team.github.actions_token(team.repository, PERMISSIONS)
        ran = team.drift("--adopt", "pull-request", settings={"GITHUB_TOKEN": token})

        assert ran.code == 2
        assert "returned 403" in ran.summary
        assert len(ours(team)) == 1

    def test_what_no_file_can_say_is_named(self, team: Team) -> None:
        team.vendor.edit(PAUSING, {"status": "archived"})
        team.vendor.edit(STEADY, {"status": "paused"})
        team.drift("--adopt", "pull-request")
        (pull,) = [one for one in team.repository.issues() if one.pull]

        assert "**Left as it is in the files:**" in (pull.body or "")
        assert list(self.proposed(team)) == [f"audiences.d/{STEADY}.yaml"]

    def test_run_on_no_branch_proposes_nothing(self, team: Team) -> None:
        team.vendor.edit(PAUSING, {"status": "paused"})
        ran = team.drift("--adopt", "pull-request", settings={"GITHUB_REF": "refs/tags/v1"})

        assert "this run is on no branch" in ran.summary
        assert team.repository.heads == {}

    @pytest.mark.parametrize("path", ["*/git/ref/heads/*", "*/git/refs/heads/*", "*/git/trees"])
    def test_trouble_on_the_way_is_said(self, team: Team, path: str) -> None:
        team.vendor.edit(PAUSING, {"status": "paused"})
        team.github.inject(Fault("status", path=path, status=409, message="Git Repository is empty."))
        ran = team.drift("--adopt", "pull-request")

        assert "returned 409" in ran.summary
        assert [one.number for one in team.repository.issues() if one.pull] == []
