"""The actions and the workflows around them, run step by step as a runner would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler import __version__
from tests.actions import machines, teams
from tests.actions.teams import ROOT, Team
from tests.cli import organization
from tests.cli.command import SECONDS, run, started
from tests.doubles import github_peer, peer
from tests.doubles.github_peer.events import Event
from tests.doubles.github_peer.workflow_files import read_action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.doubles.github_peer.runner import Runner

pytestmark = pytest.mark.once  # git and GitHub are the same under every Python

CFO = "a3d599da-a9de-4caa-950a-6bc057b1b261"
SALES = "87db55cd-30ea-43e0-8d92-5c4cf4651655"


def sample(name: str, old: str, new: str) -> teams.Change:
    """Return a change of one sample definition."""
    text = (ROOT / "audiences.d" / f"{name}.yaml").read_text("utf-8")
    assert old in text
    return {f"audiences.d/{name}.yaml": text.replace(old, new)}


def ask_for(score: int) -> teams.Change:
    return sample("cfo-fintech", "minScore: 80", f"minScore: {score}")


@dataclass(frozen=True, slots=True)
class Vendor:
    """The sandbox on a port, and what somebody does there by hand."""

    url: str
    key: str

    def edit(self, identity: str, **changes: Any) -> None:
        answer = httpx.patch(self._at(identity), headers={"X-API-Key": self.key}, json=changes)
        assert answer.is_success, answer.text

    def live(self, identity: str) -> Any:
        return httpx.get(self._at(identity), headers={"X-API-Key": self.key}).json()["data"]

    def _at(self, identity: str) -> str:
        return f"{self.url}/v1/intent/audiences/{identity}"


@pytest.fixture(scope="session")
def converged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the state of a sandbox whose audiences are as the samples define them."""
    folder = tmp_path_factory.mktemp("converged")
    shutil.copytree(ROOT / "audiences.d", folder / "audiences.d")
    apply = ["apply", "--sandbox", "--auto-approve", "--max-changes", "100%"]
    assert run(*apply, cwd=folder).code == 0
    return folder / ".reconciler"


@pytest.fixture
def vendor(tmp_path: Path, converged: Path) -> Iterator[Vendor]:
    shutil.copytree(converged, tmp_path / ".reconciler")
    serve = ("sandbox", "serve", "--port", "0", "--slots", "20")
    with started(*serve, cwd=tmp_path) as server:
        assert server.stdout is not None
        said = dict(pair.split("=", 1) for pair in server.stdout.readline().split())
        yield Vendor(said["LEADPIPE_BASE_URL"], said["LEADPIPE_API_KEY"])
        server.terminate()
        server.wait(SECONDS)


@pytest.fixture
def github() -> Iterator[github_peer.Peer]:
    fake = github_peer.Peer()
    with fake.running():
        yield fake


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return machines.package_index(tmp_path_factory.mktemp("index") / "bin")


@pytest.fixture
def team(tmp_path: Path, github: github_peer.Peer, vendor: Vendor) -> Team:
    """Give a team that copied the quick start's workflows."""
    secrets = {"LEADPIPE_API_KEY": vendor.key}
    workflows = teams.quick_start()
    return Team(tmp_path, github, workflows, files=teams.samples(), secrets=secrets, url=vendor.url)


def without_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure nothing from here on: what runs is a copy of the tool, and that is no part of the report."""
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ours(tmp_path: Path, github: github_peer.Peer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Team:
    """Give this repository, with its own workflows and the tool in it."""
    without_coverage(monkeypatch)
    secrets = {"LEADPIPE_API_KEY": vendor.key}
    files = teams.samples() | teams.tool()
    return Team(tmp_path, github, teams.own(), files=files, secrets=secrets, url=vendor.url)


@pytest.fixture(params=["team", pytest.param("ours", marks=pytest.mark.slow)])
def anyone(request: pytest.FixtureRequest) -> Team:
    """Give each in turn: a team with the quick start's workflows, and this repository with its own."""
    made: Team = request.getfixturevalue(request.param)
    return made


def test_pull_request_is_planned_twice_and_applied_once(
    anyone: Team, index: Mapping[str, str], vendor: Vendor
) -> None:
    vendor.edit(SALES, name="Sales leaders, by hand")
    number, opened = anyone.open(ask_for(85))
    first = anyone.run("plan", opened, machine=index)
    (comment,) = anyone.comments(number)
    second = anyone.run("plan", anyone.update(number, ask_for(86)), machine=index)
    (rewritten,) = anyone.comments(number)
    vendor_before = vendor.live(CFO)["config"]["minScore"]
    merged = anyone.merge(number)
    applied = anyone.run("apply", merged, machine=index)
    reviewed, ended = anyone.comments(number)
    vendor.edit(SALES, name="Sales leaders, by hand")
    late = anyone.run("apply", merged, machine=index)

    assert [ran.result.conclusion for ran in (first, second, applied)] == ["success"] * 3
    assert ("minScore: 80 -> 85" in comment, "minScore: 80 -> 86" in rewritten) == (True, True)
    assert first.result.groups[0][1], "a newer push cancels an older plan"
    assert (first.outputs["digest"] in comment, second.outputs["digest"] in rewritten) == (True, True)
    assert [said(ran) for ran in (first, applied)] == [declared("plan"), declared("apply")]
    assert causes(second) == {"config.minScore": "change", "name": "drift"}
    assert vendor_before == 80, "a plan changes nothing"
    assert vendor.live(CFO)["config"]["minScore"] == 86
    assert "#artifacts): open `plan-1.html` under" in comment
    assert first.artifacts["plan-1.html"]["plan-1.html"].startswith("<!doctype html>")
    assert "### Audiences: applied" in ended
    assert "### Audiences: applied" in applied.result.summary
    assert [holds for _, holds in applied.result.groups] == [False]
    assert (late.result.conclusion, late.code("Apply")) == ("failure", 3)
    assert reviewed == rewritten, "the review stays as it was"
    assert "a review counts once" in anyone.comments(number)[-1]


def said(ran: teams.Ran) -> set[str]:
    return {name for name, value in ran.outputs.items() if value}


def declared(action: str) -> set[str]:
    return set(read_action(teams.ACTIONS / action).outputs)


def causes(ran: teams.Ran) -> dict[str, str]:
    """Return whose change each field is, as the saved plan says."""
    plan = json.loads(ran.file("reconciler-plan.json"))
    return {one["path"]: one["cause"] for change in plan["changes"] for one in change["fields"]}


def test_key_reaches_only_the_step_that_needs_it(
    anyone: Team, index: Mapping[str, str], vendor: Vendor
) -> None:
    _, opened = anyone.open(ask_for(85))
    ran = anyone.run("plan", opened, machine=index)
    assert len(ran.environments) > 2
    assert ran.holding(vendor.key) == 1
    assert vendor.key not in ran.result.log + ran.result.summary


def test_a_fork_is_validated_without_a_key(anyone: Team, index: Mapping[str, str], vendor: Vendor) -> None:
    number, opened = anyone.open(ask_for(85), fork="zoe/audiences")
    valid = anyone.run("plan", opened, machine=index)
    assert anyone.github.writes() == ()
    wrong = anyone.run("plan", anyone.update(number, ask_for(850)), machine=index)

    assert (valid.result.conclusion, wrong.result.conclusion) == ("success", "failure")
    assert "15 definitions, all valid" in valid.result.summary
    assert "::error file=audiences.d/cfo-fintech.yaml,line=7" in wrong.result.log
    assert [ran.holding(vendor.key) for ran in (valid, wrong)] == [0, 0]
    assert anyone.comments(number) == []


def test_plan_without_a_key_names_what_is_missing(
    tmp_path: Path, github: github_peer.Peer, index: Mapping[str, str]
) -> None:
    nowhere = "http://127.0.0.1:9"
    team = Team(tmp_path, github, teams.quick_start(), files=teams.samples(), secrets={}, url=nowhere)
    ran = team.run("plan", team.open(ask_for(85))[1], machine=index)
    assert (ran.result.conclusion, ran.code("Plan")) == ("failure", 1)
    assert "LEADPIPE_API_KEY is not set" in ran.result.log


@pytest.mark.slow
def test_foreign_edit_after_the_review_is_left_alone(
    team: Team, index: Mapping[str, str], vendor: Vendor
) -> None:
    number, opened = team.open(ask_for(85))
    team.run("plan", opened, machine=index)
    vendor.edit(SALES, name="Renamed in the dashboard")
    ran = team.run("apply", team.merge(number), machine=index)

    assert (ran.result.conclusion, ran.code("Apply")) == ("failure", 4)
    assert vendor.live(CFO)["config"]["minScore"] == 85
    assert vendor.live(SALES)["name"] == "Renamed in the dashboard"
    _, ended = team.comments(number)
    assert "### Audiences: applied in part" in ended
    assert "Sales leaders who shop for a CRM" in ended.partition("**Refused")[2]


@pytest.mark.slow
def test_plan_of_a_fork_is_started_by_hand(team: Team, index: Mapping[str, str], vendor: Vendor) -> None:
    number, _ = team.open(ask_for(85), fork="zoe/audiences")
    shown = team.run("plan", team.dispatch(**{"pull-request": str(number)}), machine=index)
    applied = team.run("apply", team.merge(number), machine=index)

    assert (shown.code("Plan"), applied.code("Apply")) == (0, 0)
    assert "Merging applies exactly this" in team.comments(number)[0]
    assert vendor.live(CFO)["config"]["minScore"] == 85


@pytest.mark.slow
def test_merge_queue_and_other_changes_get_a_check(
    anyone: Team, index: Mapping[str, str], vendor: Vendor
) -> None:
    other, opened = anyone.open({"README.md": "About us.\n"})
    untouched = anyone.run("plan", opened, machine=index)
    number, _ = anyone.open(ask_for(85))
    queued = anyone.run("plan", anyone.queue(number), machine=index)

    assert [ran.result.conclusion for ran in (untouched, queued)] == ["success"] * 2
    assert "nothing to plan" in untouched.result.summary
    assert "merge queue" in queued.result.summary
    assert untouched.result.groups != queued.result.groups
    assert set(queued.artifacts["plan-1"]) == {"reconciler-plan.json", "reconciler-plan.md"}
    assert queued.artifacts["plan-1.html"].keys() == {"plan-1.html"}
    assert (anyone.comments(other), anyone.comments(number)) == ([], [])
    assert vendor.live(CFO)["config"]["minScore"] == 80


@pytest.mark.slow
def test_apply_is_shown_and_started_by_hand(ours: Team, index: Mapping[str, str], vendor: Vendor) -> None:
    number, opened = ours.open(
        ask_for(85) | sample("sales-leaders", "name: Sales leaders", "name: All leaders")
    )
    ours.run("plan", opened, machine=index)
    ours.merge(number)
    shown = ours.run("apply", ours.dispatch(**{"dry-run": "true"}), machine=index)
    scores = [vendor.live(CFO)["config"]["minScore"]]
    part = ours.run("apply", ours.dispatch(target="CFO*", **{"max-changes": "1"}), machine=index)
    scores.append(vendor.live(CFO)["config"]["minScore"])
    elsewhere = replace(ours.dispatch(), ref="refs/heads/change-0")
    refused = ours.run("apply", elsewhere, machine=index)

    assert [ran.code("Apply") for ran in (shown, part)] == [0, 0]
    assert (scores, vendor.live(SALES)["name"]) == ([80, 85], "Sales leaders who shop for a CRM")
    assert "would write it, reviewed in pull request 1" in shown.result.summary
    assert (refused.code("Take the merged commit"), refused.result.conclusion) == (3, "failure")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "said"),
    [
        ('all-or-nothing: "true"', "Out of date"),
        ('max-changes: "0"', "Too much at once"),
        ('require-approval: "true"', "Not approved"),
    ],
)
def test_inputs_of_the_apply_are_options(
    team: Team, index: Mapping[str, str], vendor: Vendor, option: str, said: str
) -> None:
    given = teams.quick_start()["apply"].replace("          max-changes: ${{ inputs.max-changes }}\n", "")
    key = "api-key: ${{ secrets.LEADPIPE_API_KEY }}\n"
    apply = given.replace(key, f"{key}          {option}\n")
    team._workflows = {**teams.quick_start(), "apply": apply}
    number, opened = team.open(ask_for(85))
    team.run("plan", opened, machine=index)
    vendor.edit(SALES, name="Renamed in the dashboard")
    ran = team.run("apply", team.merge(number), machine=index)

    assert ran.code("Apply") == 3
    assert f"**{said}:**" in team.comments(number)[-1]
    assert vendor.live(CFO)["config"]["minScore"] == 80


@pytest.mark.slow
def test_merge_whose_plan_another_merge_changed_is_refused(
    team: Team, index: Mapping[str, str], vendor: Vendor
) -> None:
    first, opened = team.open(ask_for(85))
    team.run("plan", opened, machine=index)
    second, opened = team.open(sample("cfo-fintech", "CFOs at fintech", "Finance chiefs at fintech"))
    team.run("plan", opened, machine=index)
    applied = team.run("apply", team.merge(first), machine=index)
    refused = team.run("apply", team.merge(second), machine=index)

    assert (applied.code("Apply"), refused.code("Apply")) == (0, 3)
    assert vendor.live(CFO)["name"] == "CFOs at fintech companies"
    assert ["### Audiences: refused" in team.comments(number)[1] for number in (first, second)] == [
        False,
        True,
    ]


@pytest.mark.slow
def test_a_push_without_a_pull_request_is_refused(
    ours: Team, index: Mapping[str, str], vendor: Vendor
) -> None:
    ran = ours.run("apply", ours.push(ask_for(85)), machine=index)
    assert (ran.result.conclusion, ran.code("Apply")) == ("failure", 3)
    assert vendor.live(CFO)["config"]["minScore"] == 80


class Again(Event):
    """An event whose run was started a second time."""

    def context(self) -> dict[str, Any]:
        return super().context() | {"run_attempt": "2"}


def again(event: Event) -> Event:
    return Again(**{each.name: getattr(event, each.name) for each in fields(event)})


@pytest.mark.slow
def test_rerun_after_main_moved_does_not_go_back(ours: Team, index: Mapping[str, str]) -> None:
    number, _ = ours.open(ask_for(85))
    merged = ours.merge(number)
    still = ours.run("apply", again(merged), machine=index)
    ours.push(ask_for(80))
    moved = ours.run("apply", again(merged), machine=index)

    assert still.result.step("Take the merged commit").conclusion == "success"
    assert moved.code("Take the merged commit") == 3
    assert moved.result.step("Apply").outcome == "skipped"
    assert "definitions on main are newer" in moved.result.log


def hostile(canaries: Path) -> teams.Change:
    """Return files that a pull request could bring, each of which leaves a canary if anything runs it."""

    def sing(name: str) -> str:
        return f"import pathlib; pathlib.Path({str(canaries / name)!r}).touch()\n"

    modules = ["sitecustomize.py", "usercustomize.py", "reconciler/__init__.py", "reconciler/__main__.py"]
    modules += [f"{name}/__init__.py" for name in ("pip", "venv", "ensurepip", "hatchling", "click", "httpx")]
    modules += [f"{name}/__main__.py" for name in ("pip", "venv", "ensurepip")]
    modules += [f".reconciler-base/{name}" for name in ("reconciler/errors/__init__.py", "sitecustomize.py")]
    action = f"""\
        name: canary
        description: Takes the place of an action.
        inputs: {{api-key: {{description: A key.}}, base-url: {{description: An origin.}}}}
        runs:
          using: composite
          steps:
            - shell: bash
              run: touch {canaries}/action
    """
    pip = "[global]\nindex-url = http://127.0.0.1:9/\n"
    return {
        **{name: sing(name.replace("/", ".")) for name in modules},
        **dict.fromkeys(("pip.conf", ".config/pip/pip.conf", "setup.cfg"), pip),
        **dict.fromkeys((f"{where}action.yml" for where in _ACTIONS), dedent(action)),
        ".github/actions/install.sh": f"touch {canaries}/install.sh\n",
        # To git this folder is a repository, and what is missing in it comes from a program that it names.
        "audiences.d/HEAD": "ref: refs/heads/main\n",
        "audiences.d/objects/keep": "",
        "audiences.d/refs/heads/keep": "",
        "audiences.d/config": dedent(f"""\
            [core]
              repositoryformatversion = 1
              bare = true
            [extensions]
              partialClone = origin
            [remote "origin"]
              url = /nowhere
              promisor = true
              uploadpack = "touch {canaries}/git; false"
        """),
    }


_ACTIONS = (".github/actions/plan/", ".reconciler-base/.github/actions/plan/", ".reconciler-base/")


def attacked(team: Team, folder: Path, machine: Mapping[str, str]) -> teams.Ran:
    """Plan such a pull request, and hold that nothing of it ran."""
    canaries = folder / "canaries"
    canaries.mkdir()
    number, opened = team.open(ask_for(85) | hostile(canaries))
    ran = team.run("plan", opened, machine=machine)
    assert [canary.name for canary in canaries.iterdir()] == []
    assert ran.result.conclusion == "success", ran.result.log
    assert "minScore: 80 -> 85" in team.comments(number)[0]
    # No part of the report: what runs here is the pull request's.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    subprocess.run([sys.executable, "-m", "reconciler"], cwd=ran.workspace, env=unmeasured, check=False)
    assert "reconciler.__main__.py" in {canary.name for canary in canaries.iterdir()}, "they would have sung"
    return ran


def test_no_proposed_code_meets_a_teams_key(team: Team, tmp_path: Path, index: Mapping[str, str]) -> None:
    attacked(team, tmp_path, index)


@pytest.mark.slow
def test_no_proposed_code_meets_our_key(ours: Team, tmp_path: Path) -> None:
    # The one test that installs the tool from the real package index.
    ran = attacked(ours, tmp_path, machines.real_index())
    python = ran.temp / "reconciler" / "bin" / "python"
    listed = subprocess.check_output([python, "-Im", "pip", "list", "--format", "freeze"], text=True)
    locked = (ROOT / "requirements" / "plain.txt").read_text("utf-8").replace(" ", "\n").splitlines()
    installed = {line.lower().replace("_", "-") for line in listed.splitlines()}
    unlocked = {line for line in installed - {*locked} if not line.startswith(("pip==", "setuptools=="))}
    assert unlocked == {f"audience-reconciler=={__version__}"}


@pytest.mark.slow
def test_drift_issue_opens_changes_and_closes(anyone: Team, index: Mapping[str, str], vendor: Vendor) -> None:
    vendor.edit(CFO, name="Chief financial officers")
    opened = anyone.run("drift", anyone.schedule(), machine=index)
    (issue,) = anyone.repository.issues()
    vendor.edit(SALES, status="paused")
    updated = anyone.run("drift", anyone.schedule(), machine=index)
    (changed,) = anyone.repository.issues()
    vendor.edit(CFO, name="CFOs at fintech companies")
    vendor.edit(SALES, status="active")
    closed = anyone.run("drift", anyone.dispatch(), machine=index)
    (done,) = anyone.repository.issues()

    assert [ran.code("drift") for ran in (opened, updated, closed)] == [2, 2, 0]
    assert [ran.result.conclusion for ran in (opened, updated, closed)] == ["failure", "failure", "success"]
    assert [one.state for one in (issue, changed, done)] == ["open", "open", "closed"]
    assert "CFOs at fintech companies" in str(issue.body)
    assert ["**starts**" in str(one.body) for one in (issue, changed)] == [False, True]


@pytest.mark.slow
def test_drift_is_offered_as_pull_request_by_hand(
    anyone: Team, index: Mapping[str, str], vendor: Vendor
) -> None:
    vendor.edit(CFO, name="Chief financial officers")
    asked = anyone.dispatch(adopt="true")
    ran = anyone.run("drift", asked, job="adopt", machine=index)
    (pull,) = [one for one in anyone.repository.issues() if one.pull]
    (files,) = anyone.repository.trees.values()

    assert anyone.run("drift", asked, machine=index).result.conclusion == "skipped"
    assert (ran.code("drift"), ran.outputs["pull-request"].rpartition("/")[2]) == (2, str(pull.number))
    assert "name: Chief financial officers" in files["audiences.d/cfo-fintech.yaml"]
    assert "Finance chiefs close to a purchase" in files["audiences.d/cfo-fintech.yaml"], "the rest stays"


@pytest.mark.slow
def test_cancelled_apply_settles_what_is_in_flight(
    tmp_path: Path, github: github_peer.Peer, index: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_coverage(monkeypatch)
    vendor = peer.Peer(organization.live(), key=organization.KEY)
    with vendor.running() as url:
        secrets = {"LEADPIPE_API_KEY": organization.KEY}
        ours = Team(tmp_path, github, teams.own(), files=teams.tool(), secrets=secrets, url=url)
        number, opened = ours.open(
            {f"audiences.d/{name}": json.dumps(one) for name, one in organization.desired().items()}
        )
        ours.run("plan", opened, machine=index)
        vendor.inject(peer.Fault("delay", method="PATCH", seconds=0.5))

        def cancel(runner: Runner) -> None:
            vendor.wait(lambda entry: entry.method == "PATCH", timeout=60)
            runner.cancel()

        ran = ours.run("apply", ours.merge(number), meanwhile=cancel, machine=index)

    assert (ran.result.conclusion, ran.code("Apply")) == ("cancelled", 130)
    assert [entry.id for entry in vendor.patches()] == [organization.PAUSING]
    kept = ran.artifacts["apply-1"]
    result = json.loads(kept["reconciler-result.json"])
    assert [one["outcome"] for one in result["results"]] == ["applied", "not_attempted", "not_attempted"]
    assert result["interrupted"] is True
    assert [json.loads(line)["event"] for line in kept["reconciler-journal.jsonl"].splitlines()] == [
        "intent",
        "outcome",
    ]
    shown, ended = ours.comments(number)
    assert "### Audiences: " in shown
    assert "Webinar guests" in ended
