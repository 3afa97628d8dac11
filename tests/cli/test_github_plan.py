"""`reconciler github plan`: what a pull request is told, and that telling it never changes the result."""

from __future__ import annotations

import json
import re
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.github import comment_state, sticky
from tests.cli.command import SECONDS, checked
from tests.cli.hosted import BOT, Files, Ran, Team, founded, unlinked
from tests.cli.organization import ABSENT, CHANGING, KEY, PAUSING, STARTING, STEADY, audience, live, many
from tests.doubles.git import git, head
from tests.doubles.github_peer import ACTIONS, Fault, account, read_only
from tests.doubles.oracles.markdown import rendered
from tests.doubles.oracles.page import read
from tests.doubles.oracles.runner_commands import commands
from tests.doubles.peer import Fault as VendorFault
from tests.doubles.peer import OtherOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once  # git and GitHub are the same under every Python

COMMENTS = "/repos/acme/audiences/issues/1/comments"
LIMITS = "[limits]\nmax_changes = 100\n"


def converged() -> Files:
    """Return definitions that are as live, and a limit that nothing here meets."""
    names = {PAUSING: "guests", CHANGING: "cfo", STARTING: "marketing", STEADY: "security"}
    files: Files = {f"{names[one['id']]}.yaml": one for one in live() if one["id"] in names}
    return {**files, "./reconciler.toml": LIMITS}


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Give a team whose definitions are as live."""
    with founded(tmp_path, live(), converged()) as team:
        yield team


def changed(name: str, **fields: Any) -> Files:
    document = converged()[name]
    assert isinstance(document, dict)
    return {name: {**document, **fields}}


PAUSED = changed("guests.yaml", status="paused")
PROTECTED = {"lifecycle": {"protect": True}}
DRAFTED = changed("security.yaml", status="draft")


def test_every_push_rewrites_the_one_comment(team: Team) -> None:
    number = team.open(PAUSED)
    team.repository.seed_comments(number, 201)
    stolen = sticky.marked("plan", {"digest": f"sha256:{64 * '0'}"}, "Not the bot's.")
    team.repository.add_comment(number, stolen, account("mallory"))
    first = team.plan(number)
    (own,) = [one for one in team.comments(number) if one.author.login == BOT]
    team.repository.seed_comments(number, 3)

    assert first.code == 0
    assert "| Webinar guests | **pauses**, and its people are no longer refreshed |" in unlinked(own.body)
    sha = head(team.checkout, "change-0")
    address = f"https://github.com/acme/audiences/commit/{sha}"
    assert f"last commit [`{sha[:8]}`]({address}) by `tests@example.com` on " in own.body
    assert first.outputs["digest"] in own.body
    assert "Merging applies exactly this" in own.body

    before = team.update(number, {"guests.yaml": None, **changed("security.yaml", status="draft")})
    second = team.run("plan", team.told(number, "synchronize", before=before))
    body = unlinked(team.comment(number))

    assert second.code == 0
    assert team.repository.comment(own.id) is not None
    assert "| Webinar guests |" not in body
    assert "| Security leads | **stops**: becomes a draft" in body
    assert second.outputs["digest"] in body
    assert first.outputs["digest"] not in body
    assert [one.body for one in team.comments(number) if one.author.login == "mallory"] == [stolen]
    assert [(entry.method, entry.path) for entry in team.github.writes()] == [
        ("POST", COMMENTS),
        ("PATCH", f"/repos/acme/audiences/issues/comments/{own.id}"),
    ]


def test_the_step_says_what_came_of_it(team: Team) -> None:
    ran = team.plan(team.open(PAUSED))
    plan = checked(ran.file("plan.json"), "plan")
    numbers = {key: str(value) for key, value in plan["summary"].items()}

    (comment,) = team.comments(1)
    assert ran.outputs == {
        "outcome": "changes",
        "comment": f"https://github.com/acme/audiences/pull/1#issuecomment-{comment.id}",
        "changes": "true",
        "digest": plan["digest"],
        **numbers,
        "plan": str(ran.folder / "runner_temp" / "reconciler-plan.json"),
        "markdown": str(ran.folder / "runner_temp" / "reconciler-plan.md"),
        "html": str(ran.folder / "runner_temp" / "reconciler-plan.html"),
    }
    assert read(ran.file("plan.html")).text[1:3] == [
        "Ready",
        "Of 4 audiences, 1 would change and 3 stay as they are.",
    ]
    assert ran.summary.strip() == ran.file("plan.md").strip()
    assert sticky.marked("plan", {}, ran.file("plan.md")).splitlines()[1:] == team.comment(1).splitlines()[1:]
    assert "~ status: active -> paused" in ran.out
    assert commands(ran.out) == []
    assert {entry.method for entry in team.vendor.log} == {"GET", "POST"}, "it asks how many people"
    assert "| 1,000 |" in team.comment(1)
    assert "in its data of 2026-11-26." in team.comment(1)


ELSEWHERE: Files = {"./README.md": "Ours."}


def catalogue(*topics: dict[str, Any]) -> str:
    """Return a catalogue with topics and no filters."""
    head = {"format_version": "1.0", "generation": 1, "status": "catalog", "filters": {}}
    return json.dumps({**head, "topics": [*topics]})


def test_pull_request_about_something_else_is_unplanned(team: Team) -> None:
    ran = team.plan(team.open(ELSEWHERE))

    assert (ran.code, ran.err, ran.outputs) == (0, "", {})
    assert "### Audiences: nothing to plan" in ran.summary
    assert (team.vendor.log, team.github.writes()) == ((), ())


@pytest.mark.parametrize(
    "files",
    [
        {"guests.yaml": None},
        {"./reconciler.toml": "[limits]\nmax_changes = 99\n"},
        {"./teams/policies/owner.yaml": "id: owner"},
        {"./catalogue.json": catalogue()},
    ],
    ids=["definition", "settings", "policy", "catalogue"],
)
def test_what_a_plan_depends_on_is_planned(team: Team, files: Files) -> None:
    team.plan(team.open({**ELSEWHERE, **files}))

    assert len(team.vendor.log) > 0


@pytest.mark.parametrize(
    ("topics", "severity", "said"),
    [
        ([{"id": 117805}], "error", "the API has no topic 117805"),
        ([], "warning", "topic 117805 is not in catalogue.json"),
    ],
)
def test_changed_catalogue_is_told_at_the_line(
    team: Team, topics: list[dict[str, Any]], severity: str, said: str
) -> None:
    number = team.open({"./catalogue.json": catalogue(*topics)})
    ran = team.plan(number)

    assert ran.code == (1 if severity == "error" else 0)
    assert re.search(rf"::{severity} file=audiences.d/cfo.yaml,line=\d+,col=\d+,[^\n]*{said}", ran.out)
    assert said in team.comment(number)
    assert team.patched == {}


def test_withdrawn_change_leaves_no_plan_behind(team: Team) -> None:
    number = team.open(PAUSED)
    team.plan(number)
    team.update(number, {"guests.yaml": converged()["guests.yaml"], **ELSEWHERE})
    ran = team.plan(number)

    assert (ran.code, ran.err) == (0, "")
    assert "### Audiences: nothing to plan" in team.comment(number)
    assert "Webinar guests" not in team.comment(number)
    applied = team.apply(team.merge(number))
    assert (applied.code, team.patched) == (0, {})


@pytest.mark.parametrize(("files", "code"), [(DRAFTED, 0), (ELSEWHERE, 0), (PAUSED, 3)])
def test_merge_group_is_planned_in_the_summary(team: Team, files: Files, code: int) -> None:
    team.push(changed("guests.yaml", **PROTECTED))
    ran = team.run("plan", team.queue(team.open(files)))

    assert (ran.code, team.comments(1), team.github.writes()) == (code, (), ())
    assert ("plan of a merge queue's group" in ran.summary) == (files != ELSEWHERE)
    assert ("### Audiences: would be refused" in ran.summary) == (files == PAUSED)


def test_comment_without_changes_approves_nothing(team: Team) -> None:
    ran = team.plan(team.open({"cfo.yaml": json.dumps(converged()["cfo.yaml"]) + " # a remark\n"}))

    assert [ran.outputs[key] for key in ("outcome", "changes", "update")] == ["no-changes", "false", "0"]
    assert ran.code == 0
    assert "**No changes. The live audiences match the definitions.**" in team.comment(1)
    assert "Merging applies" not in team.comment(1)


def test_comment_separates_the_change_from_drift(team: Team) -> None:
    team.vendor.edit(STEADY, {"status": "paused"})
    team.vendor.edit(PAUSING, {"name": "Renamed by hand"})
    ran = team.plan(team.open(PAUSED))
    body = unlinked(team.comment(1))

    assert "**Drift in 2 audiences, which would be swept along:** Somebody edited these directly" in body
    assert "| Webinar guests | **pauses**, and its people are no longer refreshed<br>**Drift" in body
    assert 'is renamed, was "Renamed by hand" (live: Renamed by hand; in the file: Webinar guests)' in body
    assert re.search(r"\| Security leads \| \*\*Drift[^|]*\*\*starts\*\*", body)
    assert body.count("| Webinar guests |") == 1
    fields = {
        (change["name"], field["path"]): field["cause"]
        for change in checked(ran.file("plan.json"), "plan")["changes"]
        for field in change["fields"]
    }
    assert fields == {
        ("Webinar guests", "name"): "drift",
        ("Webinar guests", "status"): "change",
        ("Security leads", "status"): "drift",
    }


def test_base_is_what_the_merge_is_merged_into(team: Team) -> None:
    number = team.open(PAUSED)
    team.vendor.edit(STEADY, {"status": "draft"})
    team.push(DRAFTED)
    team.update(number, {"cfo.yaml": json.dumps(converged()["cfo.yaml"]) + " # a remark\n"})
    team.vendor.edit(STEADY, {"status": "active"})
    ran = team.plan(number)
    plan = checked(ran.file("plan.json"), "plan")
    (cause,) = [one["fields"][0]["cause"] for one in plan["changes"] if one["id"] == STEADY]

    assert cause == "drift", "main asks for it already, and this pull request does not"


def test_without_history_drift_is_not_told_apart(team: Team, tmp_path: Path) -> None:
    team.vendor.edit(STEADY, {"status": "paused"})
    number = team.open(PAUSED)
    whole = team.plan(number)
    event = team.told(number)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{team.checkout}", str(shallow))
    ran = team.run("plan", event, cwd=shallow)
    (warning,) = commands(ran.out)

    assert ran.code == 0
    assert warning.name == "warning"
    assert "nobody can tell here which of this is drift" in warning.message
    assert "fetch-depth: 0" in warning.message
    for text in (team.comment(number), ran.summary):
        assert "nobody can tell here which of this is drift" in text
        assert "swept along" not in text
    assert ran.outputs["digest"] == whole.outputs["digest"]


LIFTED = "and no longer for the next one"


def test_lifted_guards_are_first_and_still_count(tmp_path: Path) -> None:
    files: Files = {
        **converged(),
        **changed("guests.yaml", **PROTECTED),
        **changed("security.yaml", **PROTECTED),
    }
    files["./reconciler.toml"] = (
        "[limits]\nmax_changes = 1\nactive_slots = 3\nmax_growth = '2x'\nmin_people = 5\ndeny_reach = true\n"
    )
    with founded(tmp_path, live(), files) as team:
        number = team.open(
            {**PAUSED, **DRAFTED, "./reconciler.toml": "[limits]\nmax_changes = 100\nmax_changes_floor = 9\n"}
        )
        ran = team.plan(number)
        body = team.comment(number)
    lifted, _, rest = body.partition("**Of 4 audiences, 2 would change")

    assert ran.code == 3
    assert "**This also lifts 8 guards:**" in lifted
    for what in (
        "max_changes in reconciler.toml goes from 1 to 100",
        "max_changes_floor in reconciler.toml goes from 0 to 9",
        "active_slots in reconciler.toml goes from 3 to no limit",
        "max_growth in reconciler.toml goes from 2x to 3x",
        "min_people in reconciler.toml goes from 5 to 1",
        "deny_reach in reconciler.toml goes from true to false",
        'the protection of "Webinar guests" is taken out',
        'the protection of "Security leads" is taken out',
    ):
        assert what in lifted.replace("\\", "").replace("`", "")
    assert "the limit is 1" in lifted
    assert "Would be refused**, for 3 reasons" in lifted
    assert body.count("is protected and would change") == 2
    assert "Warning" not in body
    assert "**is protected**, so this is refused" in rest


def test_what_only_lifts_a_guard_is_ready(tmp_path: Path) -> None:
    with founded(tmp_path, live(), {**converged(), **changed("guests.yaml", **PROTECTED)}) as team:
        gone, broken = team.open({"guests.yaml": None}), team.open({"./reconciler.toml": "[limits"})
        assert team.plan(gone).code == 0
        assert 'the protection of "Webinar guests" goes with its file' in team.comment(gone)
        team.plan(broken)
        team.merge(broken)
        number = team.open({"./reconciler.toml": LIMITS})
        assert team.plan(number).code == 0
        assert "could not be used before this change" in team.comment(number).replace("`", "")


def test_added_guards_count_from_the_next_on(team: Team) -> None:
    number = team.open(
        {
            **changed("guests.yaml", status="paused", **PROTECTED),
            "./reconciler.toml": "[limits]\nmax_changes = 1\n",
        }
    )

    assert team.plan(number).code == 0
    assert LIFTED not in team.comment(number)


def test_files_that_come_go_and_move_are_shown(team: Team) -> None:
    team.push({"marketing.yaml": None})
    team.vendor.edit(STEADY, {"name": "Renamed | by hand"})
    number = team.open(
        {
            "marketing.yaml": converged()["marketing.yaml"],
            "security.yaml": None,
            "guests.yaml": None,
            "audiences.d/emea/guests.yaml": converged()["guests.yaml"],
        }
    )
    ran = team.plan(number)
    body = team.comment(number)

    assert ran.code == 0
    assert (
        "**No longer managed: 1 audience:** Its file is gone: it stays as live, and nobody owns it any more: "
        in body
    )
    assert "Renamed \\| by hand" in body.replace("`", "")
    assert "(active, and keeps running)." in body
    assert (
        "**Newly managed: 1 audience.** From now on a file says what is live: Marketing directors (paused)."
        in body
    )
    assert "**Moved to another file: 1 audience.** Nothing changes by that: Webinar guests, now" in body
    plan = checked(ran.file("plan.json"), "plan")
    assert [one["id"] for one in plan["no_longer_managed"]] == [STEADY]
    assert [one["file_before"] for one in plan["moved"]] == ["audiences.d/guests.yaml"]


class TestByNumber:
    """Somebody who may write here starts the plan of a fork's pull request by hand."""

    def planned(self, team: Team, number: int, ref: str) -> Ran:
        git(team.checkout, "checkout", "--quiet", "--detach", ref)
        return team.run("plan", team.dispatch(), "--pull-request", str(number), cwd=team.checkout)

    def test_its_comment_counts_like_any(self, team: Team) -> None:
        number = team.open(PAUSED, fork="mallory/audiences")
        ran = self.planned(team, number, team.told(number).sha)
        assert (ran.code, ran.outputs["outcome"]) == (0, "changes")
        assert "| Webinar guests | **pauses**" in unlinked(team.comment(number))

        assert team.apply(team.merge(number)).code == 0

    def test_other_commit_than_its_merge_is_refused(self, team: Team) -> None:
        number = team.open(PAUSED, fork="mallory/audiences")
        old = team.told(number).sha
        team.update(number, DRAFTED)
        for ran in (self.planned(team, number, ref) for ref in ("main", old)):
            assert (ran.code, team.vendor.log) == (1, ())
            assert "is not what merging pull request 1 would give now" in ran.err

    def test_unknown_number_is_said(self, team: Team) -> None:
        ran = self.planned(team, 7, "main")

        assert (ran.code, "returned 404" in ran.err) == (1, True)


def test_long_comment_is_cut_and_links_the_summary(tmp_path: Path) -> None:
    audiences, documents = many(100)
    long = "Everybody who came to the autumn webinar and asked a question about prices"
    for one, document in zip(audiences, documents.values(), strict=True):
        one["name"] = document["name"] = f"{document['name']}: {long}"
        document["config"]["filters"] = {"companyIndustry": [f"industry number {nth}" for nth in range(8)]}
    with founded(tmp_path, audiences, {"./reconciler.toml": LIMITS}) as team:
        ran = team.plan(team.open({**documents}))
        body = team.comment(1)
    link = "See [the job's summary](https://github.com/acme/audiences/actions/runs/8100000001)."

    assert ran.code == 0
    assert len(body) < 65_536
    exact = body.count("~ config.minScore: 60 -> 80")
    assert "**Of 100 audiences, 100 would change.**" in body
    assert "**The same in 100:**" in body
    assert all(f"[{one['name']}]" in body for one in audiences), "what is for all is not cut"
    assert 10 < exact < 100
    assert f"Not all exact changes are shown here: {100 - exact} are missing. {link}" in body
    assert all(one["name"] in ran.summary for one in audiences)
    assert len(ran.summary.encode()) < 1_000_000
    digest = json.loads(body.splitlines()[0].removeprefix("<!-- reconciler:plan ").removesuffix(" -->"))
    assert len(digest["changes"]) == 100


class TestWhatCannotBePosted:
    """It goes to the log and the summary, and the check is red: nobody can review what is not there."""

    @contextmanager
    def held(self, team: Team, said: str) -> Iterator[dict[str, Any]]:
        number, settings = team.open(PAUSED), dict[str, Any]()
        yield settings
        ran = team.plan(number, settings=settings)
        posted = [command.message for command in commands(ran.err)]

        assert ran.code == 1, ran.err
        assert "| Webinar guests | **pauses**" in unlinked(ran.summary)
        assert len(posted) == 1
        assert posted[0].startswith("this could not be posted: ")
        assert said in posted[0]
        assert "**Error:** this could not be posted" in ran.summary
        assert ran.outputs["changes"] == "true"

    def test_for_want_of_a_token(self, team: Team) -> None:
        with self.held(team, "GITHUB_TOKEN is not set") as settings:
            settings["GITHUB_TOKEN"] = ""

    def test_for_a_token_that_is_none(self, team: Team) -> None:
        with self.held(team, "401: Bad credentials") as settings:
            settings["GITHUB_TOKEN"] = team.token[:-1]

    def test_for_a_token_that_can_only_read(self, team: Team) -> None:
        with self.held(team, "403: Resource not accessible by integration") as settings:
            permissions = read_only({"pull-requests": "write"})
            settings["GITHUB_TOKEN"] = team.github.actions_token(team.repository, permissions)

    def test_for_a_locked_conversation(self, team: Team) -> None:
        with self.held(team, "403: Unable to create comment because issue is locked"):
            team.repository.lock(1)

    def test_for_an_api_that_is_no_address(self, team: Team) -> None:
        with self.held(team, "GITHUB_API_URL is not an https address") as settings:
            settings["GITHUB_API_URL"] = "ftp://github.example"

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            (Fault("status", method="POST", path=COMMENTS, status=422, message="Too long"), "422: Too long"),
            (Fault("rate_limit", retry_after="0", times=None), "API rate limit exceeded"),
            (Fault("rate_limit", retry_after="3600", times=None), "API rate limit exceeded"),
            (Fault("redirect", location="https://github.example/x"), "301: Moved Permanently"),
            (Fault("cut_json", path=COMMENTS), "GitHub's response is not JSON"),
            (Fault("status", path="/graphql", status=200), "does not say whose token this is"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_for_what_github_says(self, team: Team, fault: Fault, said: str) -> None:
        with self.held(team, said):
            team.repository.seed_comments(1, 1)
            team.github.inject(fault)

    def test_for_a_pull_request_that_is_closed(self, team: Team) -> None:
        with self.held(team, "pull request 1 is closed, and its plan stays as it was"):
            team.repository.change_issue(1, state="closed")
        assert team.comments(1) == ()

    def test_for_a_plan_of_a_newer_run(self, team: Team) -> None:
        newer = sticky.marked("plan", {"run": [8100000001, 2]}, "Newer.\n")
        with self.held(team, "a newer run has shown its plan on pull request 1 already"):
            team.repository.add_comment(1, newer, ACTIONS)
        assert team.comment(1) == newer

    def test_for_files_that_cannot_be_written(self, team: Team, tmp_path: Path) -> None:
        number = team.open(PAUSED)
        names = ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")
        ran = team.plan(number, settings=dict.fromkeys(names, str(tmp_path)))

        assert ran.code == 0
        assert [command.name for command in commands(ran.err)] == ["warning"] * 2
        assert "Webinar guests" in team.comment(number)


@pytest.mark.parametrize(
    "wait",
    [
        Fault("rate_limit", status=429, retry_after="1"),
        Fault("drop", method="GET"),
        Fault("html", method="POST", path=COMMENTS, when="after"),
    ],
    ids=["limit", "lost", "stored"],
)
def test_what_passes_is_waited_out(team: Team, wait: Fault) -> None:
    team.github.inject(wait)
    ran = team.plan(team.open(PAUSED))

    assert (ran.code, ran.err, team.github.unfired) == (0, "", ())
    assert "Webinar guests" in team.comment(1)


def test_check_is_red_where_merging_is_refused(team: Team) -> None:
    team.push(changed("guests.yaml", **PROTECTED))
    ran = team.plan(team.open(changed("guests.yaml", status="paused", **PROTECTED)))

    assert (ran.code, ran.outputs["changes"], ran.outputs["outcome"]) == (3, "true", "refused")
    assert "**Would be refused**, for one reason." in team.comment(1)


def test_without_a_pull_request_there_is_the_summary(team: Team) -> None:
    ran = team.run("plan", team.push(PAUSED))

    assert ran.code == 0
    assert "| Webinar guests | **pauses**" in unlinked(ran.summary)
    assert team.github.log == ()


def test_changed_files_are_annotated_first(team: Team) -> None:
    team.define({f"old-{nth}.yaml": {"id": "x", "name": "Old"} for nth in range(8)})
    hostile = "new\n::error::x,line=1%0A,##[error]y.yaml"
    odd = "--> @team <b>.yaml"
    number = team.open({hostile: {"id": "x", "name": "New"}, odd: {"id": "y", "name": "Odd"}})
    team.comments(number)
    ran = team.plan(number)
    found = [command for command in commands(ran.out) if command.name == "error"]
    body = team.comment(number)

    assert ran.code == 1
    assert len(commands(ran.out)) == len(found) == 9
    assert {command.properties["file"] for command in found[:2]} == {
        f"audiences.d/{hostile}".replace("\n", "\\n").replace("##[", "#\\#["),
        f"audiences.d/{odd}",
    }
    assert [command.properties["file"] for command in found[2:]] == [
        f"audiences.d/old-{nth}.yaml" for nth in range(7)
    ]
    assert "and 1 more:" in ran.out
    assert "### Audiences: would be refused\n" in body
    assert "Nothing has changed, and nothing can until this is fixed:" in body
    assert body.count("is no UUID") or body.count("UUID") >= 10
    assert rendered(body.partition("\n")[2]).references == frozenset()
    assert "<b>" not in rendered(body.partition("\n")[2]).shape
    assert (
        comment_state.digest(sticky._parse_state(body.splitlines()[0][len("<!-- reconciler:plan ") : -4]))
        is None
    )
    assert team.vendor.log == ()


def test_a_definition_without_an_audience_is_an_error(team: Team) -> None:
    number = team.open({"gone.yaml": audience(ABSENT, "Gone")})
    ran = team.plan(number)
    (found,) = commands(ran.out)

    assert ran.code == 1
    assert (found.name, found.properties["file"], found.properties["line"]) == (
        "error",
        "audiences.d/gone.yaml",
        "2",
    )
    assert f"audience {ABSENT} does not exist in this organization".replace("-", "-") in ran.summary.replace(
        "`", ""
    )
    assert "Correct the id, create the audience in the dashboard, or remove the file" in team.comment(number)
    known = ("outcome", "changes", "digest", "update", "unchanged", "missing")
    assert {ran.outputs[name] for name in known} == {""}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"LEADPIPE_API_KEY": ""}, "is not set"),
        ({"LEADPIPE_API_KEY": "sk_other"}, "returned 401"),
        ({"LEADPIPE_BASE_URL": "http://leadpipe.example"}, "would send the key unencrypted"),
    ],
    ids=["none", "wrong", "unsafe"],
)
def test_failed_plan_replaces_the_one_before(team: Team, settings: dict[str, str], said: str) -> None:
    number = team.open(PAUSED)
    team.plan(number)
    ran = team.plan(number, settings=settings)
    body = team.comment(number)

    assert ran.code == 1
    assert said in body.replace("`", "")
    assert said in ran.out
    assert "Webinar guests" not in body
    assert '"digest":null' in body.splitlines()[0]


def test_job_that_ends_after_the_merge_posts_nothing(team: Team) -> None:
    number = team.open(PAUSED)
    event = team.told(number)
    team.merge(number)
    ran = team.run("plan", event)

    assert "pull request 1 is merged, and its plan stays as it was" in ran.err
    assert team.comments(number) == ()


def test_job_of_an_older_commit_posts_nothing(team: Team) -> None:
    number = team.open(PAUSED)
    event = team.told(number)
    team.update(number, DRAFTED)
    ran = team.run("plan", event)

    assert "pull request 1 has a newer commit" in ran.err
    assert team.comments(number) == ()


def test_two_comments_of_ours_become_one(team: Team) -> None:
    number = team.open(PAUSED)
    for run in (1, 2):
        team.repository.add_comment(number, sticky.marked("plan", {"run": [run, 1]}, "Old.\n"), ACTIONS)
    own = team.comments(number)[0]
    team.plan(number)

    assert [one.id for one in team.comments(number)] == [own.id]
    assert "Webinar guests" in team.comment(number)


def test_two_first_comments_at_once_become_one(team: Team) -> None:
    number = team.open(PAUSED)
    event = team.told(number)
    team.github.inject(Fault("delay", method="POST", path=COMMENTS, seconds=0.5, times=2))
    runs = [
        team.started("plan", event, settings={"GITHUB_RUN_ID": str(run)}) for run in (8100000002, 8100000001)
    ]
    for run in runs:
        with run as step:
            assert step.ended().code == 0

    assert '"run":[8100000002,1]' in team.comment(number)


class TestAFork:
    def test_gets_its_definitions_validated_and_no_more(self, team: Team) -> None:
        number = team.open(PAUSED, fork="mallory/audiences")
        ran = team.plan(number, settings={"LEADPIPE_API_KEY": ""})

        assert (ran.code, ran.out) == (0, "4 definitions, all valid.\n")
        assert "**4 definitions, all valid.** This pull request comes from a fork" in ran.summary
        assert (team.vendor.log, team.comments(number)) == ((), ())

    def test_is_told_what_to_mend(self, team: Team) -> None:
        number = team.open({"bad.yaml": {"id": "x", "name": "Bad"}}, fork="mallory/audiences")
        token = team.github.actions_token(team.repository, read_only({"pull-requests": "write"}))
        ran = team.plan(number, settings={"LEADPIPE_API_KEY": "", "GITHUB_TOKEN": token})

        assert ran.code == 1
        assert [command.properties["file"] for command in commands(ran.out)] == ["audiences.d/bad.yaml"]
        assert "nothing can until this is fixed" in ran.summary
        assert team.comments(number) == ()


def test_two_projects_have_a_comment_each(team: Team) -> None:
    other: Files = {"other/audiences.d/guests.yaml": audience(PAUSING, "Guests elsewhere")}
    number = team.open({**PAUSED, **other})
    for _ in range(2):
        assert team.plan(number).code == 0
        assert team.plan(number, "other/audiences.d").code == 0
    bodies = [one.body for one in team.comments(number)]

    assert len(bodies) == 2
    assert "**pauses**" in bodies[0]
    assert "is renamed" in bodies[1]


def test_plan_that_is_cancelled_leaves_the_comment(team: Team) -> None:
    number = team.open(PAUSED)
    team.vendor.inject(VendorFault("delay", method="GET", seconds=SECONDS))
    with team.started("plan", team.told(number)) as step:
        team.vendor.wait(lambda entry: entry.method == "GET", SECONDS)
        step.process.send_signal(signal.SIGINT)
        ran = step.ended()

    assert (ran.code, ran.err) == (130, "Error: interrupted. Nothing was written.\n")
    assert (ran.summary, team.comments(number)) == ("", ())


def test_it_can_be_cancelled_while_it_posts(team: Team) -> None:
    number = team.open(PAUSED)
    team.github.inject(Fault("delay", method="POST", path=COMMENTS, seconds=SECONDS))
    with team.started("plan", team.told(number)) as step:
        team.wait_for("POST", COMMENTS)
        step.process.send_signal(signal.SIGTERM)
        ran = step.ended()

    assert ran.code == 130
    assert "Webinar guests" in ran.summary


def test_neither_key_nor_token_is_anywhere(team: Team) -> None:
    canary = f"{KEY}_canary"
    team.vendor._key = team.settings["LEADPIPE_API_KEY"] = canary
    team.github.inject(Fault("status", method="POST", status=422, message=f"No {team.token}"))
    with OtherOrigin() as other:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            team.settings[name] = other.url
        runs = [team.plan(team.open(PAUSED))]
        team.vendor.inject(VendorFault("status", status=401, echo_key=True, times=None))
        runs.append(team.plan(1))
        assert other.received == ()

    assert [ran.code for ran in runs] == [1, 1]
    for text in [*(text for ran in runs for text in ran.texts()), team.comment(1)]:
        assert canary not in text
        assert team.token not in text
    assert {entry.header("Authorization") for entry in team.github.log} == {f"Bearer {team.token}"}
    assert not any(canary in str((entry.headers, entry.body)) for entry in team.github.log)
    assert not any(team.token in str((entry.headers, entry.body)) for entry in team.vendor.log)


def test_outside_of_a_job_it_says_so(team: Team) -> None:
    ran = team.plan(team.open(PAUSED), settings={"GITHUB_REPOSITORY": ""})

    assert ran.code == 1
    assert ran.err == "Error: GITHUB_REPOSITORY is not set to owner/name. Run this in a GitHub Actions job.\n"


def test_foreign_names_do_nothing_in_a_comment(team: Team) -> None:
    hostile = "--> <!-- reconciler:plan {} -->\n@team #1 [x](https://x.test) `|` </details> $x$ ::error::x"
    team.vendor.edit(STEADY, {"name": hostile})
    team.vendor.edit(CHANGING, {"name": f"{hostile} 2"})
    number = team.open({"security.yaml": None})
    ran = team.plan(number)
    body = team.comment(number)
    marker, _, shown = unlinked(body).partition("\n")
    seen = rendered(shown)

    assert ran.code == 0
    assert marker.count("-->") == 1
    assert seen.references == frozenset()
    assert not [token for token in seen.shape if token.startswith(("link", "image"))]
    assert [token for token in seen.shape if token.startswith("html_inline")] == ["html_inline  "] * 2
    assert [token for token in seen.shape if "html_block" in token] == ["html_block  "] * 2
    assert commands(ran.out) == []
    assert team.plan(number).code == 0
    assert len([one for one in team.comments(number) if one.author.login == BOT]) == 1


PAGE = "[See it as a page, with pictures](https://github.com/acme/audiences/actions/runs/"


def test_comment_says_where_the_page_is_kept(team: Team) -> None:
    number = team.open(PAUSED)
    told = team.told(number, "opened")
    without = team.run("plan", told)
    (before,) = team.comments(number)
    kept = team.run("plan", told, "--page", "plan-1.html")
    (after,) = team.comments(number)

    assert (PAGE in before.body, without.outputs["html"].endswith("/reconciler-plan.html")) == (False, True)
    assert PAGE in after.body
    assert "#artifacts): open `plan-1.html` under *Artifacts*." in after.body
    assert kept.outputs["html"].endswith("/plan-1.html")
    assert read((kept.folder / "runner_temp" / "plan-1.html").read_text()).text


def test_plan_without_changes_has_no_page_to_see(team: Team) -> None:
    number = team.open({"cfo.yaml": json.dumps(converged()["cfo.yaml"])})
    assert team.run("plan", team.told(number, "opened"), "--page", "plan-1.html").code == 0
    assert "No changes" in team.comment(number)
    assert "#artifacts" not in team.comment(number)


@pytest.mark.parametrize("name", ["../plan.html", "plan.txt", "a b.html", "p`.html"])
def test_page_is_a_plain_name(team: Team, name: str) -> None:
    ran = team.run("plan", team.told(team.open(PAUSED), "opened"), "--page", name)
    assert (ran.code, team.comments(1)) == (1, ())
    assert "is not the name of a page" in ran.err
