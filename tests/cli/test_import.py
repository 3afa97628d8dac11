"""`reconciler import`: live audiences that no file owns become files, and the plan of them is empty."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import SECONDS, without_privileges
from tests.cli.organization import ABSENT, FOREIGN, audience
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Founding
    from tests.cli.organization import Organization

IDS = [f"{number}0000000-0000-4000-8000-000000000000" for number in range(9)]
NAMES = ["A/B: ../../x", "...", "\U0001f680", "x" * 250, "Naïve café", "naive cafe", "no", 'a "b" # c']
NAMES += ["2024-01-01"]
ALL = ("import", "--all")


def files(organization: Organization) -> dict[str, str]:
    found = sorted(organization.definitions.rglob("*"))
    return {path.name: path.read_text("utf-8") for path in found if path.is_file()}


def hard(generation: int) -> list[dict[str, Any]]:
    """Return audiences with names of every kind, and the filters of a generation."""
    first = {"seniority": ["vp", "director"], "isB2b": "y", "state": "", "jobTitle": "no"}
    second = {
        "role": {"seniority": ["vp", "director"], "seniorityMode": "any", "isCeo": True},
        "company.industries": {"values": ["on", "banking"], "operator": "contains"},
        "company.employeeCount": {"min": 5},
    }
    filters: dict[str, Any] = first if generation == 1 else second
    scores: dict[str, Any] = {
        "minScore": 60,
        "maxScore": 90,
        "minTopicOverlap": None,
        "sourceUrl": "https://example.com/a#b",
    }
    return [audience(key, name, filters=filters, **scores) for key, name in zip(IDS, NAMES, strict=True)]


@pytest.mark.parametrize("generation", [1, 2])
def test_names_of_every_kind_end_in_no_changes(found: Founding, generation: int) -> None:
    organization = found(hard(generation), {}, generation=generation, page_size=5)
    said = organization.run(*ALL, is_fresh=True)

    assert (said.code, said.out.splitlines()[-2:]) == (
        0, ["9 definitions written.", "No changes. The live audiences match them."]
    )  # fmt: skip
    assert sorted(files(organization)) == [
        "2024-01-01.yaml", "a-b-c.yaml", "a-b-x.yaml", "audience-10000000.yaml", "audience-20000000.yaml",
        "naive-cafe-40000000.yaml", "naive-cafe-50000000.yaml", "no.yaml", f"{'x' * 60}.yaml"
    ]  # fmt: skip
    assert "No changes." in organization.run("plan").out
    assert organization.methods == {"GET"}
    assert (
        "Warning: config.filters.company.employeeCount" in said.err.replace("audiences.d", "")
        or generation == 1
    )


def test_file_is_canonical_with_names_of_topics(found: Founding) -> None:
    organization = found([hard(1)[5]], {})
    organization.run("import", "naive*")

    assert files(organization) == {
        "naive-cafe.yaml": f"""\
# yaml-language-server: $schema=../catalogue.schema.json
id: {IDS[5]}
name: naive cafe
status: active
config:
  topicIds:
    - 117805  # Topic 117805
  minScore: 60
  maxScore: 90
  filters:
    seniority: [director, vp]
    isB2b: "y"
    jobTitle: "no"
  sourceUrl: https://example.com/a#b
"""
    }


def test_only_what_no_file_owns_is_imported(organization: Organization) -> None:
    before = files(organization)
    said = organization.run("import", "--all", "--into", "audiences.d/by-hand")

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == "+ audiences.d/by-hand/made-by-hand.yaml  Made by hand"
    assert {name for name in files(organization) if name not in before} == {"made-by-hand.yaml"}
    assert organization.run(*ALL).out == "Nothing to import: every live audience has a definition.\n"
    assert organization.run("import").err == (
        "Error: nothing says what to import. "
        "There is nothing to import: every live audience has a definition.\n"
    )


def test_without_a_name_it_lists_what_could_be(organization: Organization) -> None:
    said = organization.run("import")

    assert (said.code, said.out) == (1, f"{FOREIGN}  active  Made by hand\n")
    assert said.err == (
        "Error: nothing says what to import. Name some of these, by id or name, or take --all.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "err"),
    [
        (
            ["Made by hnad"],
            '"Made by hnad" matches no live audience without a definition. Did you mean "Made by',
        ),
        (
            ["x*"],
            "\"x*\" matches no live audience without a definition. Give an id, or a glob over names: 'CFO*'.",
        ),
        (
            ["Marketing*"],
            '"Marketing*" has a definition already: audiences.d/marketing.yaml. Run `reconciler plan`',
        ),
        ([ABSENT], f"{ABSENT} was not imported: it does not exist in this organization. Check the id"),
        (["--all", "x"], "Name audiences or take --all, not both."),
    ],
)
def test_name_that_means_no_audience_is_an_error(
    organization: Organization, arguments: list[str], err: str
) -> None:
    before = files(organization)
    said = organization.run("import", *arguments)

    assert said.code == 1
    assert err in said.err
    assert files(organization) == before


def test_id_that_the_list_lacks_is_read_itself(organization: Organization) -> None:
    organization.peer.inject(Fault("partial_list", ids=(FOREIGN,)), Fault("partial_list", ids=(FOREIGN,)))
    assert organization.run("import", FOREIGN.upper()).code == 0
    assert "made-by-hand.yaml" in files(organization)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "archived"}, 'status: "archived" is not one of'),
        ({"name": "bell \x07"}, "is not accepted"),
        ({"name": None}, '"name" is missing'),
        ({"config": {"topicIds": []}}, "config.topicIds: "),
        ({"config": {"topicIds": ["a"]}}, "it cannot be read: "),
        ({"config": {"topicIds": [1], "filters": {"seniority": ["vp"], "role.isCeo": True}}}, "generation 2"),
        ({"config": {"topicIds": [10**19]}}, "a number of more than 18 digits"),
    ],
)  # fmt: skip
def test_what_cannot_be_expressed_is_skipped_alone(
    found: Founding, fields: dict[str, Any], reason: str
) -> None:
    organization = found([audience(IDS[0], "Odd") | fields, audience(IDS[1], "Fine")], {})
    said = organization.run(*ALL)

    assert said.code == 1
    assert list(files(organization)) == ["fine.yaml"]
    assert re.search(rf"{IDS[0]}\)? was not imported: ", said.err)
    assert reason in said.err
    assert said.out.endswith("1 definition written; see the errors.\n")


def test_a_file_that_is_there_is_never_touched(found: Founding) -> None:
    organization = found([audience(IDS[0], "Twin"), audience(IDS[1], "Twin")], {})
    (organization.definitions / "twin.txt").write_text("mine")
    (organization.definitions / f"twin-{IDS[0][:8]}.yaml").symlink_to("nowhere")

    assert organization.run(*ALL).code == 1
    (organization.definitions / f"twin-{IDS[0][:8]}.yaml").unlink()
    assert organization.run(*ALL).code == 0
    assert {"twin.txt", "twin-00000000.yaml", "twin-10000000.yaml"} == set(files(organization))


def test_folder_that_cannot_be_written_is_named(found: Founding) -> None:
    organization = found([audience(IDS[0], "One")], {})
    (organization.folder / "closed").mkdir(mode=0o555)
    said = organization.run(*ALL, "--into", "closed", through=without_privileges())

    assert (said.code, said.out) == (1, "0 definitions written; see the errors.\n")
    assert said.err.startswith("Error: closed/one.yaml cannot be written: Permission denied. Nothing of it")
    assert not list((organization.folder / "closed").iterdir())


def test_dry_run_prints_and_proves(organization: Organization) -> None:
    before = files(organization)
    said = organization.run(*ALL, "--dry-run")

    assert said.code == 0
    assert said.out.startswith("# audiences.d/made-by-hand.yaml\n# yaml-language-server: ")
    assert f"id: {FOREIGN}\n" in said.out
    assert said.out.endswith("1 definition to write.\nNo changes. The live audiences match them.\n")
    assert files(organization) == before


def test_edit_during_the_import_is_an_error(organization: Organization) -> None:
    edit = Fault("edit", method="GET", nth=2, target=FOREIGN, changes={"status": "paused"})
    organization.peer.inject(edit)
    said = organization.run(*ALL)

    assert said.code == 1
    assert said.err.startswith(
        'audiences.d/made-by-hand.yaml:2: "Made by hand" differs from what was imported just now, in status.'
    )


def test_broken_definition_stops_the_import(organization: Organization) -> None:
    (organization.definitions / "broken.yaml").write_text("id: x")
    said = organization.run(*ALL)

    assert (said.code, said.out) == (1, "")
    assert "audiences.d/broken.yaml:1:" in said.err
    assert organization.peer.log == ()


def test_names_of_topics_are_not_needed(found: Founding) -> None:
    organization = found(hard(2)[:1], {}, generation=2)
    said = organization.run(*ALL)

    assert said.code == 0
    assert "Warning: the names of topics are not known: GET /v1/intent/topics returned 404" in said.err
    assert "    - 117805\n" in files(organization)["a-b-x.yaml"]


def test_list_that_may_be_short_is_said_once(found: Founding) -> None:
    audiences = [audience(f"{number:08d}{ABSENT[8:]}", f"Audience {number}") for number in range(25)]
    organization = found(audiences, {}, page_size=25)
    organization.peer.inject(*(Fault("short_list", size=25) for _ in range(12)))
    said = organization.run(*ALL)

    assert said.code == 0
    assert said.err.count("the API's list of audiences may not be all of it") == 1


def test_schema_of_the_project_is_named(organization: Organization) -> None:
    (organization.folder / "schemas").mkdir()
    (organization.folder / "schemas" / "audience.schema.json").write_text("{}")
    (organization.folder / "reconciler.toml").write_text("")
    organization.run(*ALL, "--into", "audiences.d/a/b")

    assert files(organization)["made-by-hand.yaml"].startswith(
        "# yaml-language-server: $schema=../../../schemas/audience.schema.json\n"
    )


def test_terminal_shows_how_far_it_is(organization: Organization) -> None:
    with organization.terminal(*ALL) as terminal:
        assert terminal.end() == 0

    assert "Reading: 1 of 1…" in terminal.shown
    assert "Planning what was imported: 1…" in terminal.shown


def test_interrupt_leaves_whole_files_alone(organization: Organization) -> None:
    organization.peer.inject(Fault("delay", nth=3, seconds=SECONDS))
    with organization.started(*ALL) as process:
        organization.peer.wait(lambda entry: entry.number == 3, SECONDS)
        process.terminate()
        out, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, out) == (130, "+ audiences.d/made-by-hand.yaml  Made by hand\n")
    assert err == "Error: interrupted. Run `reconciler plan` to see what is left.\n"
    assert files(organization)["made-by-hand.yaml"].endswith("    - 117805  # Topic 117805\n")


_KILLED = """
import os, sys
sys.addaudithook(lambda event, _: event == "os.link" and os.kill(os.getpid(), 9))
from reconciler.cli import main
main()
"""


def test_kill_leaves_nothing_that_is_a_definition(organization: Organization) -> None:
    before = files(organization)
    assert organization.run(*ALL, program=["-c", _KILLED]).code == -9

    assert all(name.startswith(".") for name in files(organization).keys() - before.keys())
    assert organization.run(*ALL).code == 0
