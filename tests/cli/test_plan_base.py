"""`reconciler plan --base`: whose change is it, in all three forms, and one digest with or without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.hosted import unlinked
from tests.cli.organization import CHANGING, PAUSING, STARTING, STEADY, Organization, audience, live
from tests.doubles.git import commit, git, head, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Founding

LIVE = {one["id"]: one for one in live()}


def defined(identity: str, **fields: Any) -> dict[str, Any]:
    return {**LIVE[identity], **fields}


@pytest.fixture
def worked(found: Founding) -> Organization:
    """Give a branch that asks for a pause, a new file and a score, while somebody changed three audiences."""
    organization = found(live(), {})
    start(organization.folder)
    organization.define(
        {
            "guests.yaml": defined(PAUSING),
            "cfo.yaml": defined(CHANGING, config={"topicIds": [117805], "minScore": 60}),
            "broken.yaml": {"id": STARTING, "name": 1},
        }
    )
    commit(organization.folder, "Base")
    git(organization.folder, "switch", "--quiet", "--create", "work")
    organization.define(
        {
            "guests.yaml": defined(PAUSING, status="paused"),
            "cfo.yaml": defined(CHANGING, config={"topicIds": [117805], "minScore": 80}),
            "broken.yaml": defined(STARTING, status="draft"),
            "security.yaml": defined(STEADY, name="Security"),
        }
    )
    commit(organization.folder, "Work")
    organization.peer.edit(CHANGING, {"config": {"topicIds": [117805, 117890], "minScore": 65}})
    organization.peer.edit(PAUSING, {"name": "Renamed by hand"})
    return organization


CAUSES = {
    "Webinar guests": {"name": "drift", "status": "change"},
    "Chief financial officers": {"config.topicIds": "drift", "config.minScore": "both"},
    "Marketing directors": {"status": "change"},
    "Security": {"name": "change"},
}


def causes(plan: Any) -> dict[str, dict[str, str]]:
    return {
        change["name"]: {field["path"]: field["cause"] for field in change["fields"]}
        for change in plan["changes"]
    }


def test_json_says_the_cause_of_every_field(worked: Organization) -> None:
    said = worked.run("plan", "--format", "json", "--base", "main")

    assert said.code == 0
    assert causes(said.document("plan")) == CAUSES


def test_text_shows_them_apart(worked: Organization) -> None:
    said = worked.run("plan", "--base", "main")
    blocks = {block.split("\n")[0].strip("~ "): block for block in said.out.split("\n\n")}
    drift = "    drift, changed outside git and put back:\n"

    assert said.code == 0
    asked, _, swept = blocks["Webinar guests (stops being active)"].partition(drift)
    assert "~ status: active -> paused" in asked
    assert '~ name: "Renamed by hand" -> "Webinar guests"' in swept
    asked, _, swept = blocks["Chief financial officers"].partition(drift)
    assert "~ config.minScore: 65 -> 80   (also changed outside git)" in asked
    assert "~ config.topicIds: - 117890" in swept
    assert drift not in blocks["Security"]


def test_markdown_shows_them_apart(worked: Organization) -> None:
    said = worked.run("plan", "--format", "markdown", "--base", "main")
    rows = {line.split(" | ")[0].strip("| "): line for line in unlinked(said.out).splitlines()}

    assert said.code == 0
    assert "which would be swept along:** Somebody edited these directly" in said.out
    asked, _, drift = rows["Webinar guests"].partition("<br>**Drift")
    assert "**pauses**" in asked
    assert 'is renamed, was "Renamed by hand" (live: Renamed by hand; in the file: Webinar guests)' in drift
    asked, _, drift = rows["Chief financial officers"].partition("<br>**Drift")
    assert "(**somebody changed this outside git as well**: live: " in asked
    assert "drops people who research" in drift
    assert "is renamed" in rows["Security"]
    assert "Drift" not in rows["Security"]
    assert "**Newly managed: 2 audiences.**" in said.out


def test_base_changes_no_digest_and_is_saved(worked: Organization) -> None:
    without = worked.run("plan", "--format", "json").document("plan")
    with_ = worked.run("plan", "--format", "json", "--base", "main", "--out", "plan.json").document("plan")

    assert with_["digest"] == without["digest"]
    assert "cause" not in without["changes"][0]["fields"][0]
    shown = worked.run("show", "plan.json", "--format", "json").document("plan")
    assert causes(shown) == CAUSES
    assert worked.run("apply", "--plan", "plan.json", "--max-changes", "100%").code == 0


def test_base_is_where_the_branch_began(worked: Organization) -> None:
    git(worked.folder, "switch", "--quiet", "main")
    worked.define({"guests.yaml": defined(PAUSING, status="paused")})
    commit(worked.folder, "Main moves on")
    git(worked.folder, "switch", "--quiet", "work")

    assert causes(worked.run("plan", "--format", "json", "--base", "main").document("plan")) == CAUSES


def test_missing_history_is_an_error(worked: Organization, tmp_path: Path) -> None:
    folder = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{worked.folder}", str(folder))
    shallow = Organization.__new__(Organization)
    shallow.folder, shallow.settings = folder, worked.settings
    for ref in ("main", "origin/main", "HEAD~1", "--help", ""):
        said = shallow.run("plan", f"--base={ref}")

        assert (said.code, said.out) == (1, "")
        assert f"Error: git finds no common commit of {ref} and HEAD. Fetch the history" in said.err
        assert "fetch-depth: 0" in said.err


def test_folder_without_a_repository_is_an_error(found: Founding) -> None:
    organization = found(live(), {"guests.yaml": audience(PAUSING, "Webinar guests")})
    said = organization.run(
        "plan", "--base", "main", settings={"GIT_CEILING_DIRECTORIES": str(organization.folder)}
    )

    assert said.code == 1
    assert "git finds no common commit of main and HEAD" in said.err


def test_plan_says_who_committed_each_definition(worked: Organization) -> None:
    worked.define({"security.yaml": defined(STEADY, name="Security, edited since")})
    said = worked.run("plan", "--format", "json", "--out", "plan.json").document("plan")
    shown = [worked.run("show", "plan.json", "--format", form).out for form in ("markdown", "html")]
    found = {change["name"]: change.get("commit") for change in said["changes"]}

    assert found.pop("Security, edited since") is None
    assert {commit["sha"] for commit in found.values()} == {head(worked.folder, "work")}
    assert {commit["author"] for commit in found.values()} == {"tests@example.com"}
    short = head(worked.folder, "work")[:8]
    assert f"last commit `{short}` by `tests@example.com` on 20" in shown[0]
    assert f"({short})" in shown[1].partition("tests@example.com, 20")[2]


def test_digest_is_the_same_without_git(worked: Organization) -> None:
    known = worked.run("plan", "--format", "json").document("plan")
    (worked.folder / ".git").rename(worked.folder / "gone")
    unknown = worked.run("plan", "--format", "json").document("plan")

    assert ["commit" in change for change in known["changes"]] == [True] * 4
    assert ["commit" in change for change in unknown["changes"]] == [False] * 4
    assert (unknown["digest"], unknown["summary"]) == (known["digest"], known["summary"])
