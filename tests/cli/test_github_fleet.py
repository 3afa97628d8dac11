"""Many organizations on GitHub: shards that plan, one comment for all of them, and what a merge applies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.agency import Agency, audience, identity
from tests.cli.hosted import Files, Team
from tests.doubles.github_peer import Peer as GitHub
from tests.doubles.oracles import markdown
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.hosted import Ran
    from tests.doubles.github_peer.events import Event

pytestmark = pytest.mark.slow  # whole lives, which prove nothing more on another Python
NAMES = ("acme", "globex", "hooli")  # in shards 1, 4 and 3 of six, and 1, 1 and 2 of two
KIND = "plan-"


class FleetTeam(Team):
    """A team whose repository holds three organizations."""

    def __init__(self, folder: Path, github: GitHub, agency: Agency) -> None:
        self.agency = agency
        files: Files = {
            str(path.relative_to(agency.folder)): path.read_text("utf-8")
            for path in agency.folder.rglob("*.yaml")
        }
        super().__init__(folder, github, agency.peers["acme"], agency.settings, files)
        self.out = folder / "out"

    def fleet(self, command: str, event: Event, *arguments: str, **how: Any) -> Ran:
        return self.run("fleet", event, command, *arguments, **how)

    def shards(self, command: str, event: Event, *arguments: str, **how: Any) -> list[int]:
        """Run a command as the jobs of a matrix do, each with its own folder, and return the exit codes."""
        self.out = self._folder / f"out-{self._runs}"
        matrix = json.loads(self.fleet("select", event, "--shards", "2").outputs["matrix"])["include"]
        return [
            self.fleet(
                command,
                event,
                "--shard",
                job["shard"],
                "--out",
                str(self.out / f"{job['number']}"),
                *arguments,
                **how,
            ).code
            for job in matrix
        ]

    def planned(self, number: int) -> Ran:
        """Plan a pull request in all its jobs, and return the one that comments."""
        self.shards("plan", self.told(number))
        return self.fleet("comment", self.told(number), str(self.out))

    def applied(self, event: Event, *arguments: str) -> Ran:
        self.shards("apply", event, *arguments)
        return self.fleet("report", event, str(self.out), *arguments)

    def shown(self, number: int) -> str:
        (body,) = self.ours_like(number, "plan-")
        return body

    def results(self, number: int) -> list[str]:
        return self.ours_like(number, "result-")

    def ours_like(self, number: int, kind: str) -> list[str]:
        return [one.body for one in self.comments(number) if one.body.startswith(f"<!-- reconciler:{kind}")]


def asks(*changes: tuple[str, int, int]) -> Files:
    """Return definitions that ask for other scores: of an organization, its audience, and the score."""
    return {f"orgs/{name}/audiences.d/{n}.yaml": audience(name, n, score) for name, n, score in changes}


@pytest.fixture
def team(tmp_path: Path) -> Iterator[FleetTeam]:
    agency, github = Agency(tmp_path / "agency", NAMES), GitHub()
    with agency.running(), github.running():
        yield FleetTeam(tmp_path, github, agency)


TWO = asks(("acme", 0, 80), ("globex", 1, 80))


def test_one_comment_shows_every_organization(team: FleetTeam) -> None:
    number = team.open(TWO)
    ran = team.planned(number)

    assert ran.code == 0
    assert (ran.outputs["organizations"], ran.outputs["changes"]) == ("2", "2")
    shown = team.shown(number)
    assert "### Audiences of 2 organizations: look twice" in shown
    for name in ("acme", "globex"):
        assert f"### {name}: look twice" in shown
        assert f"of {name}" in shown
    assert "compared with the organization of `LEADPIPE_API_KEY__GLOBEX` at" in shown
    assert "last commit" in shown
    assert "hooli" not in shown
    assert ran.summary.startswith("### Audiences of 2 organizations")
    assert markdown.rendered(shown.partition("\n")[2]).references <= {"issue", "commit", "autolink"}
    team.planned(number)
    team.shown(number)  # there is still one


def test_merge_applies_what_was_shown_once(team: FleetTeam) -> None:
    number = team.open(TWO)
    team.planned(number)
    merge = team.merge(number)
    ran = team.applied(merge)

    assert ran.code == 0
    assert team.agency.written() == {"acme": 1, "globex": 1}
    (result,) = team.results(number)
    assert f"- acme: Audience 0 of acme, applied: reviewed in pull request {number}" in result
    # A review counts once: an edit by hand is never undone on the strength of an old one.
    team.agency.peers["acme"].edit(identity("acme", 0), {"config": {"topicIds": [117805], "minScore": 60}})
    assert team.applied(merge).code == 3
    assert team.agency.written() == {"acme": 1, "globex": 1}


def test_unreviewed_change_stops_no_other_organization(team: FleetTeam) -> None:
    number = team.open(TWO)
    team.planned(number)
    team.agency.peers["acme"].edit(identity("acme", 0), {"config": {"topicIds": [117805], "minScore": 61}})
    ran = team.applied(team.merge(number))

    assert ran.code == 4
    assert team.agency.written() == {"globex": 1}
    (result,) = team.results(number)
    assert "1 refused, 1 applied" in result.lower()
    assert "nobody reviewed this change as it would be now" in result


@pytest.mark.parametrize("when", ["without", "after"])
def test_only_what_was_shown_before_the_merge_counts(team: FleetTeam, when: str) -> None:
    number = team.open(TWO)
    told = team.told(number)
    team.shards("plan", told)
    merge = team.merge(number)
    if when == "after":
        assert team.fleet("comment", told, str(team.out)).code == 1
    assert team.applied(merge).code == 3
    assert team.agency.written() == {}


def test_rest_of_a_partial_apply_goes_on(team: FleetTeam) -> None:
    number = team.open(TWO)
    team.planned(number)
    team.agency.peers["acme"].inject(Fault("status", status=400, method="PATCH"))
    merge = team.merge(number)
    assert team.applied(merge).code == 4
    assert team.agency.written() == {"acme": 1, "globex": 1}
    assert team.applied(merge).code == 0
    assert team.agency.written() == {"acme": 2, "globex": 1}


def test_organization_that_fails_makes_check_red(team: FleetTeam) -> None:
    number = team.open(TWO)
    team.settings["LEADPIPE_API_KEY__ACME"] = ""
    ran = team.planned(number)
    assert ran.code == 1
    assert "LEADPIPE_API_KEY__ACME is not set" in team.shown(number).replace("`", "")
    # What was shown of the others is reviewed all the same.
    team.settings["LEADPIPE_API_KEY__ACME"] = "sk_acme"
    assert team.applied(team.merge(number)).code == 4
    assert team.agency.written() == {"globex": 1}


def test_refused_organization_makes_check_red(team: FleetTeam) -> None:
    number = team.open(asks(*(("acme", n, 80) for n in range(4)), ("hooli", 0, 80)))
    assert team.planned(number).code == 3
    assert "### Audiences of 2 organizations: would be refused in 1" in team.shown(number)


def test_lifted_guard_is_shown_where_nothing_changes(team: FleetTeam) -> None:
    number = team.open(
        {"orgs/acme/reconciler.toml": "[limits]\nmax_changes = 9\n", "./reconciler.toml": "[limits]\n"}
    )
    assert team.planned(number).code == 0
    shown = team.shown(number)
    assert "max_changes in `reconciler.toml` goes from `30%` to 9" in shown
    assert "Nothing is sent: no audience changes." in shown
    assert "<summary>No changes: 2 organizations</summary>" in shown


def test_definition_that_goes_is_shown(team: FleetTeam) -> None:
    number = team.open({"orgs/acme/audiences.d/0.yaml": None})
    assert team.planned(number).code == 0
    shown = team.shown(number)
    assert "### acme: look twice" in shown
    assert "**No longer managed: 1 audience:**" in shown


def test_refused_rest_of_an_organization_is_refused(team: FleetTeam) -> None:
    number = team.open(asks(("acme", 0, 80), ("acme", 1, 80)))
    team.planned(number)
    done = {"config": {"topicIds": [117805], "minScore": 80}}
    team.agency.peers["acme"].edit(identity("acme", 0), done)
    team.agency.peers["acme"].edit(identity("acme", 1), {"config": {"topicIds": [117805], "minScore": 61}})
    assert team.applied(team.merge(number)).code == 3
    assert team.agency.written() == {}


def test_job_that_left_nothing_is_named(team: FleetTeam) -> None:
    number = team.open(asks(("acme", 0, 80), ("hooli", 0, 80)))
    told = team.told(number)
    team.out.mkdir()
    team.fleet("plan", told, "--org", "acme", "--out", str(team.out))
    assert team.fleet("comment", told, str(team.out)).code == 1
    assert "its job left no result" in team.shown(number)
    (team.out / "report.json").write_text("{}")
    ran = team.fleet("comment", told, str(team.out))
    assert (ran.code, "is not a report on organizations" in ran.err) == (1, True)


def test_nothing_of_ours_is_nothing_to_plan(team: FleetTeam) -> None:
    number = team.open({"docs/README.md": "x"})
    selected = team.fleet("select", team.told(number), "--shards", "6")
    assert json.loads(selected.outputs["matrix"]) == {"include": []}
    ran = team.planned(number)
    assert (ran.code, team.ours_like(number, KIND)) == (0, [])
    assert "nothing to plan" in ran.summary


def test_fork_is_validated_without_a_comment(team: FleetTeam) -> None:
    number = team.open(TWO, fork="stranger/reconciler")
    ran = team.planned(number)
    assert (ran.code, ran.outputs["valid"]) == (0, "2")
    assert team.ours_like(number, KIND) == []
    assert "2 valid" in ran.summary


def test_by_hand_takes_all_organizations(team: FleetTeam) -> None:
    number = team.open(TWO)
    team.planned(number)
    team.merge(number)
    ran = team.applied(team.dispatch())
    assert (ran.code, ran.outputs["organizations"]) == (0, "3")
    assert team.agency.written() == {"acme": 1, "globex": 1}
    assert len(team.results(number)) == 1
    assert team.applied(team.dispatch()).code == 0
    assert len(team.results(number)) == 1


def test_push_without_pull_request_is_refused(team: FleetTeam) -> None:
    push = team.push(TWO)
    assert [team.shards("apply", push), team.applied(push).code] == [[3, 3], 3]
    assert team.agency.written() == {}
    assert team.applied(team.push(asks(("hooli", 1, 70))), "--without-pull-request").code == 0
    assert team.agency.written() == {"hooli": 1}


def test_merge_group_is_planned_in_summary(team: FleetTeam) -> None:
    number = team.open(TWO)
    event = team.queue(number)
    team.shards("plan", event)
    ran = team.fleet("comment", event, str(team.out))
    assert (ran.code, team.ours_like(number, KIND)) == (0, [])
    assert "### acme: look twice" in ran.summary
