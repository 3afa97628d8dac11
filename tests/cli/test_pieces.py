"""Shared pieces on the command line: where values come from, and whom an edit of a piece reaches."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.hosted import founded
from tests.cli.organization import CHANGING, PAUSING, STEADY, Organization, audience
from tests.doubles.git import commit, git, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Founding

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

BASE = """\
status: active
config:
  topicIds: [117805]
  minScore: 60
  filters:
    seniority: [vp]
"""
EXTENDS = "extends: ../shared/base.yaml\n"
FILES = {
    "audiences.d/cfo.yaml": f"id: {CHANGING}\nname: Chief financial officers\n{EXTENDS}"
    "config:\n  filters:\n    seniority: {add: [cxo]}\n",
    "audiences.d/guests.yaml": f"id: {PAUSING}\nname: Webinar guests\n{EXTENDS}",
    "audiences.d/security.yaml": f"id: {STEADY}\nname: Security leads\nstatus: active\n",
}
LIVE = [
    audience(CHANGING, "Chief financial officers", minScore=60, filters={"seniority": ["cxo", "vp"]}),
    audience(PAUSING, "Webinar guests", minScore=60, filters={"seniority": ["vp"]}),
    audience(STEADY, "Security leads"),
]


def write(organization: Organization, files: dict[str, str]) -> None:
    for name, content in files.items():
        file = organization.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, "utf-8")


@pytest.fixture
def shared(found: Founding) -> Organization:
    """Give an organization, as live as its definitions are, two of which extend one piece."""
    organization = found(LIVE, {})
    write(organization, {**FILES, "shared/base.yaml": BASE})
    start(organization.folder)
    commit(organization.folder, "Base")
    git(organization.folder, "switch", "--quiet", "--create", "work")
    return organization


def edit(organization: Organization, old: str, new: str) -> None:
    write(organization, {"shared/base.yaml": BASE.replace(old, new)})
    commit(organization.folder, "Edit the piece")


def test_edit_of_a_piece_lists_whom_it_reaches(shared: Organization) -> None:
    assert "No changes." in shared.run("plan", "--base", "main").out

    edit(shared, "60\n  filters:\n    seniority: [vp]", "80\n  filters:\n    seniority: [vp, director]")
    said = shared.run("plan", "--base", "main")

    assert said.code == 0
    assert "~ config.minScore: 60 -> 80   (from shared/base.yaml:4)\n" in said.out
    both = "(from shared/base.yaml:6 and audiences.d/cfo.yaml:6)"
    assert f"~ config.filters.seniority: + director   {both}\n" in said.out
    assert (
        "Shared piece edited: changes 2 audiences. shared/base.yaml is extended by 2 definitions; of these, "
        "the edit changes Chief financial officers, Webinar guests.\n"
    ) in said.out
    for form, place in (("markdown", "`shared/base.yaml`"), ("html", "from shared/base.yaml:4")):
        shown = shared.run("plan", "--base", "main", "--format", form).out
        assert place in shown
        assert "Shared piece edited: changes 2 audiences" in shown


def test_json_has_origins_and_reach_of_pieces(shared: Organization) -> None:
    edit(shared, "60", "80")
    saved = shared.run("plan", "--base", "main", "--format", "json", "--out", "plan.json").document("plan")
    plain = shared.run("plan", "--format", "json").document("plan")

    origin = {"file": "shared/base.yaml", "line": 4, "column": 13}
    assert [change["fields"][0]["origins"] for change in saved["changes"]] == [[origin], [origin]]
    named = [
        {"id": CHANGING, "name": "Chief financial officers"},
        {"id": PAUSING, "name": "Webinar guests"},
    ]
    assert saved["pieces"] == [{"file": "shared/base.yaml", "extended_by": 2, "audiences": named}]
    assert {field["cause"] for change in saved["changes"] for field in change["fields"]} == {"change"}
    assert (plain["pieces"], plain["digest"]) == ([], saved["digest"])
    edited = git(shared.folder, "rev-parse", "HEAD")
    assert {change["commit"]["sha"] for change in saved["changes"]} == {edited}
    assert shared.run("show", "plan.json").out == shared.run("plan", "--base", "main").out
    assert shared.run("apply", "--plan", "plan.json").code == 0
    assert shared.stored()[PAUSING]["config"]["minScore"] == 80


def test_written_out_definition_plans_the_same(shared: Organization) -> None:
    edit(shared, "60", "80")
    before = shared.run("plan", "--format", "json").document("plan")
    written = {file: shared.run("show", "--rendered", file).out for file in FILES}

    write(shared, written)
    after = shared.run("plan", "--format", "json").document("plan")

    assert written["audiences.d/cfo.yaml"] == (
        f"id: {CHANGING}\nname: Chief financial officers\n"
        "status: active  # from shared/base.yaml:1\nconfig:\n"
        "  topicIds:  # from shared/base.yaml:3\n    - 117805\n"
        "  minScore: 80  # from shared/base.yaml:4\n  filters:\n"
        "    seniority: [cxo, vp]  # from shared/base.yaml:6 and audiences.d/cfo.yaml:6\n"
    )
    assert written["audiences.d/security.yaml"] == FILES["audiences.d/security.yaml"]
    assert after["digest"] == before["digest"] is not None
    assert [change["patch"] for change in after["changes"]] == [
        change["patch"] for change in before["changes"]
    ]
    assert shared.run("fmt", "--check").code == 0


def test_show_rendered_has_json_and_no_other_form(shared: Organization) -> None:
    said = shared.run("show", "--rendered", "audiences.d/guests.yaml", "--format", "json")
    assert json.loads(said.out)["config"] == LIVE[1]["config"]
    assert shared.run("show", "--rendered", "audiences.d/guests.yaml", "--format", "html").code == 1
    assert shared.run("show", "--rendered", "audiences.d/none.yaml").err.startswith("audiences.d/none.yaml: ")
    said = shared.run("show", "--rendered", "shared/base.yaml")
    assert (said.code, '"id" is missing' in said.err) == (1, True)


def test_adopted_value_leaves_the_piece(shared: Organization) -> None:
    shared.peer.edit(CHANGING, {"config": {**LIVE[0]["config"], "minScore": 75}})
    piece = (shared.folder / "shared/base.yaml").read_bytes()
    said = shared.run("adopt", "--all")

    assert said.code == 0
    assert (
        "    said in this file now, so that no edit of the piece changes it: config.minScore "
        "(shared/base.yaml:4)\n"
    ) in said.out
    text = (shared.folder / "audiences.d/cfo.yaml").read_text()
    assert text == FILES["audiences.d/cfo.yaml"].replace("config:\n", "config:\n  minScore: 75\n")
    assert (shared.folder / "shared/base.yaml").read_bytes() == piece
    assert "No changes." in shared.run("plan").out


def test_adopted_list_replaces_what_is_added(shared: Organization) -> None:
    shared.peer.edit(CHANGING, {"config": {**LIVE[0]["config"], "filters": {"seniority": ["cxo"]}}})
    assert shared.run("adopt", "--all").code == 0
    text = (shared.folder / "audiences.d/cfo.yaml").read_text()
    assert text == FILES["audiences.d/cfo.yaml"].replace("{add: [cxo]}", "[cxo]")
    assert "No changes." in shared.run("plan").out


def test_value_of_a_piece_cannot_be_left_out(shared: Organization) -> None:
    shared.peer.edit(PAUSING, {"config": {"topicIds": [117805], "minScore": 60}})
    said = shared.run("adopt", "--all")
    assert said.code == 1
    assert said.err.endswith(
        '"Webinar guests": config.filters.seniority stands in shared/base.yaml:6, and what extends that '
        "cannot leave it out. Take it out of the piece, or write this definition out: reconciler show "
        "--rendered audiences.d/guests.yaml.\n"
    )
    assert (shared.folder / "audiences.d/guests.yaml").read_text() == FILES["audiences.d/guests.yaml"]


def test_restored_value_leaves_the_piece(shared: Organization) -> None:
    edit(shared, "60", "80")
    assert shared.run("apply", "--auto-approve", "--out", "result.json").code == 0
    said = shared.run("restore", "result.json", PAUSING)
    assert "config.minScore (shared/base.yaml:4)" in said.out
    assert (shared.folder / "audiences.d/guests.yaml").read_text() == (
        FILES["audiences.d/guests.yaml"] + "config:\n  minScore: 60\n"
    )


def test_adopt_base_leaves_the_edit_of_a_piece(shared: Organization) -> None:
    edit(shared, "60", "80")
    shared.peer.edit(PAUSING, {"name": "Renamed by hand"})
    assert shared.run("adopt", "--all", "--base", "main").code == 0
    text = (shared.folder / "audiences.d/guests.yaml").read_text()
    assert text == FILES["audiences.d/guests.yaml"].replace("Webinar guests", "Renamed by hand")


@pytest.mark.parametrize("is_removed", [False, True])
def test_protection_of_a_piece_counts_from_the_base(shared: Organization, *, is_removed: bool) -> None:
    git(shared.folder, "switch", "--quiet", "main")
    write(shared, {"shared/base.yaml": f"{BASE}lifecycle: {{protect: true}}\n"})
    commit(shared.folder, "Protect")
    git(shared.folder, "switch", "--quiet", "work")
    git(shared.folder, "reset", "--quiet", "--hard", "main")
    edit(shared, "60", "80")
    if is_removed:
        written = {file: shared.run("show", "--rendered", file).out for file in FILES}
        write(shared, written)
        shutil.rmtree(shared.folder / "shared")
        commit(shared.folder, "Write it out")
    said = shared.run("plan", "--base", "main")
    assert "Would be refused:\n  Protected:" in said.out
    assert 'the protection of "Webinar guests" is taken out' in said.out
    assert said.out.count("(protected)") == 2


def test_fmt_forms_definitions_and_their_pieces(shared: Organization) -> None:
    odd = f"""extends: '../shared/base.yaml'\nconfig:
  filters: {{seniority: {{remove: ['vp'], add: [ cxo ]}}}}
  topicIds: {{add: [2, 1]}} # more\nname: "X"\nid: {CHANGING}\n"""
    write(
        shared,
        {"audiences.d/cfo.yaml": odd, "shared/base.yaml": f"# Ours\n{BASE.replace('[vp]', '[vp, a]')}"},
    )
    said = shared.run("fmt")
    assert said.out == "Formatted audiences.d/cfo.yaml\nFormatted shared/base.yaml\n"
    assert (shared.folder / "audiences.d/cfo.yaml").read_text() == (
        f"id: {CHANGING}\nname: X\nextends: ../shared/base.yaml\nconfig:\n"
        "  topicIds: {add: [1, 2]} # more\n  filters:\n    seniority: {remove: [vp], add: [cxo]}\n"
    )
    assert (shared.folder / "shared/base.yaml").read_text().startswith("# Ours\nstatus: active\nconfig:\n")
    assert shared.run("fmt", "--check").out == "3 definitions, all in canonical form.\n"


def test_broken_base_piece_counts_as_none(shared: Organization) -> None:
    git(shared.folder, "switch", "--quiet", "main")
    git(shared.folder, "rm", "--quiet", "shared/base.yaml")
    commit(shared.folder, "Lose it")
    git(shared.folder, "switch", "--quiet", "work")
    git(shared.folder, "reset", "--quiet", "--hard", "main")
    edit(shared, "60", "80")
    said = shared.run("plan", "--base", "main")
    assert "Newly managed: 2 audiences." in said.out
    assert "Shared piece edited" not in said.out


def test_pull_request_of_a_piece_is_applied(tmp_path: Path) -> None:
    with founded(tmp_path, LIVE, {**FILES, "shared/base.yaml": BASE}) as team:
        number = team.open({"shared/base.yaml": BASE.replace("60", "80")})
        planned = team.plan(number)
        comment = team.comment(number)
        applied = team.apply(team.merge(number))

    assert (planned.code, planned.err) == (0, "")
    assert "**Shared piece edited: changes 2 audiences.** `shared/base.yaml` is extended by 2" in comment
    assert "None of this is drift." in comment
    assert applied.code == 0
    assert {key: body["config"]["minScore"] for key, body in team.patched.items()} == {
        CHANGING: 80,
        PAUSING: 80,
    }


def test_catalogue_update_writes_schemas_for_pieces(shared: Organization) -> None:
    said = shared.run("catalogue", "update", "--sandbox")
    assert said.code == 0
    assert "+ catalogue-piece.schema.json\n" in said.out
    piece, either = (
        json.loads((shared.folder / f"catalogue{name}.schema.json").read_text()) for name in ("-piece", "")
    )
    assert "id" not in piece["properties"]
    assert either["if"] == {"required": ["extends"]}
    assert shared.run("catalogue", "check", "--sandbox").code == 0
