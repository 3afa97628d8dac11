"""Definitions that say topics by name: resolved by the committed catalogue, in every command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import checked
from tests.cli.organization import AUTO, CHANGING, STEADY, audience, many
from tests.doubles.git import commit, git, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command import Said
    from tests.cli.conftest import Founding
    from tests.cli.organization import Organization

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

TOPICS: dict[int, str | None] = {
    117801: "CRM Software",
    117805: "Marketing ROI",
    117822: "CRM Migration",
    117890: "Attribution",
    117891: "Attribution",
    999: None,
}
WRITTEN = f"""# Ask Ana first.
id: {CHANGING}
name: 'Chief financial officers'
status: active
config:
  topics:       # agreed in May
    - 'Marketing ROI'   # the core
    - "CRM Software"
  minScore: 60
"""
UPDATE = "If it is new here, run `reconciler catalogue update`"


def catalogue(folder: Path, topics: dict[int, str | None] = TOPICS, **fields: Any) -> None:
    named = [{"id": key} | ({"name": name} if name else {}) for key, name in sorted(topics.items())]
    document = {"format_version": "1.0", "generation": 1, "status": "catalog", "filters": {}, "topics": named}
    (folder / "catalogue.json").write_text(json.dumps(document | fields), "utf-8")


def live(topics: list[int]) -> list[dict[str, Any]]:
    one = audience(CHANGING, "Chief financial officers", minScore=60)
    return [{**one, "config": {**one["config"], "topicIds": topics}}, audience(STEADY, "Security leads")]


@pytest.fixture
def named(found: Founding) -> Organization:
    """Give an organization whose one definition, with Windows' line ends, says its topics by name."""
    organization = found(live([117805, 117822]), {})
    write(organization, WRITTEN)
    catalogue(organization.folder)
    return organization


def write(organization: Organization, text: str) -> None:
    (organization.definitions / "cfo.yaml").write_bytes(text.replace("\n", "\r\n").encode())


def text_of(organization: Organization) -> str:
    return (organization.definitions / "cfo.yaml").read_bytes().decode().replace("\r\n", "\n")


def document(said: Said, name: str = "plan") -> Any:
    return said.document(name)


@pytest.mark.parametrize(
    ("config", "problems"),
    [
        ("{topics: [CRM Sofware]}", [
            ('3:19: config.topics: no topic in catalogue.json is called "CRM Sofware". '
            f'Did you mean "CRM Software" (117801)? {UPDATE}.')]),
        ("{topics: [CRM, zzz]}", [
            ('3:19: config.topics: no topic in catalogue.json is called "CRM". '
            f'Did you mean "CRM Software" (117801) or "CRM Migration" (117822)? {UPDATE}.'),
            f'3:24: config.topics: no topic in catalogue.json is called "zzz". {UPDATE}.']),
        (f"{{topics: [{'x' * 61}]}}", [
            f'3:19: config.topics: no topic in catalogue.json is called "{"x" * 59}…". {UPDATE}.']),
        ("{topics: [Attribution]}", [
            ('3:19: config.topics: "Attribution" is the name of 2 topics: 117890, 117891. '
            "Write topicIds in place of topics, with the one that is meant.")]),
        ("{topicIds: [117801], topics: [CRM Software]}", [
            '3:30: config: "topics" stands beside "topicIds". Keep one of the two.']),
        ("{minScore: 70}", [
            ('3:9: config: "topicIds" is missing. Add "topicIds": ids of 1 to 250 intent topics, or '
            '"topics": names of intent topics, in place of topicIds.')]),
        ("{topics: [117801, CRM Software, CRM Software]}", [
            "3:19: config.topics.0: expected text, found the number 117801. Put it in quotes.",
            '3:41: config.topics.2: "CRM Software" is listed twice. Remove one of the two.']),
        ("{topics: CRM Software}", [
            '3:18: config.topics: expected a list, found "CRM Software". Write a list: [CRM Software].']),
        ("{topics: []}", ["3:18: config.topics: the list is empty. List at least one value."]),
        ("{topics: [CRM Software], minTopicOverlap: 2}", [
            ("3:51: config.minTopicOverlap: minTopicOverlap is 2, over the number of topics, which is 1. "
            "Lower minTopicOverlap, or add topics.")]),
        ("{topics: [CRM Software]}\nlifecycle: {ignore: [config.topicIds]}", [
            ('4:22: lifecycle.ignore: "config.topicIds" is ignored here and set at line 3. '
             "Remove one of the two."),
        ]),
    ],
)  # fmt: skip
def test_name_that_means_nothing_is_named(named: Organization, config: str, problems: list[str]) -> None:
    (named.definitions / "cfo.yaml").write_text(f"id: {CHANGING}\nname: A\nconfig: {config}\n")
    said = named.run("validate")
    assert said.code == 1
    assert said.out.splitlines()[:-1] == [f"audiences.d/cfo.yaml:{problem}" for problem in problems]


@pytest.mark.parametrize("command", [("plan",), AUTO])
def test_unknown_name_stops_what_would_write(named: Organization, command: tuple[str, ...]) -> None:
    write(named, WRITTEN.replace("CRM Software", "CRM Sofware"))
    said = named.run(*command)
    assert (said.code, named.methods) == (1, set())
    assert (
        'audiences.d/cfo.yaml:8:7: config.topics: no topic in catalogue.json is called "CRM Sofware"'
        in said.err
    )


def test_long_and_many_candidates_are_cut(named: Organization) -> None:
    long = f"CRM {'x' * 100}"
    catalogue(named.folder, {1: long, **dict.fromkeys(range(2, 9), "Twice")})
    write(named, WRITTEN.replace("Marketing ROI", "CRM").replace("CRM Software", "Twice"))
    out = named.run("validate").out
    assert f'Did you mean "{long[:59]}…" (1)?' in out
    assert '"Twice" is the name of 7 topics: 2, 3, 4, 5, 6 and 2 more.' in out


def test_names_without_catalogue_say_what_makes_one(named: Organization) -> None:
    (named.folder / "catalogue.json").unlink()
    said = named.run("validate", "--format", "json").document("diagnostics")["diagnostics"]

    assert [(one["code"], one["line"], one["column"], one["detail"]) for one in said] == [
        (
            "no-catalogue",
            6,
            3,
            "Run `reconciler catalogue update`, and commit what it writes; or write topicIds",
        )
    ]


def test_ids_are_sent_and_names_shown(named: Organization) -> None:
    said = named.run("plan", "--no-reach", "--out", "plan.json")
    shown = (
        "~ config.topicIds: + 117801 (CRM Software), - 117822 (Topic 117822)"  # the API has names of its own
    )
    assert shown in said.out
    assert shown in named.run("show", "plan.json").out
    (change,) = checked((named.folder / "plan.json").read_text(), "plan")["changes"]
    assert change["patch"]["config"]["topicIds"] == [117801, 117805]

    assert named.run("apply", "--plan", "plan.json").code == 0
    assert named.stored()[CHANGING]["config"]["topicIds"] == [117801, 117805]
    assert "topics" not in named.stored()[CHANGING]["config"]
    assert "No changes." in named.run("plan").out


def test_digest_is_that_of_the_ids(named: Organization) -> None:
    by_name = document(named.run("plan", "--format", "json"))
    write(named, WRITTEN.replace("topics: ", "topicIds: ").replace("'Marketing ROI'", "117805").replace(
        '"CRM Software"', "117801"
    ))  # fmt: skip
    by_id = document(named.run("plan", "--format", "json"))
    assert by_name["digest"] == by_id["digest"]
    assert by_name["changes"][0]["digest"] == by_id["changes"][0]["digest"]


def test_changed_meaning_is_a_change_and_said(named: Organization) -> None:
    named.peer.edit(CHANGING, {"config": {"topicIds": [117805, 117801], "minScore": 60}})
    start(named.folder)
    commit(named.folder, "Base")
    git(named.folder, "switch", "--quiet", "--create", "work")
    assert "No changes." in named.run("plan", "--base", "main").out
    catalogue(named.folder, TOPICS | {117801: "CRM Suites", 117850: "CRM Software"})

    plan = document(named.run("plan", "--base", "main", "--format", "json"))
    (change,) = plan["changes"]
    assert [(one["path"], one["added"], one["removed"], one["cause"]) for one in change["fields"]] == [
        ("config.topicIds", [117850], [117801], "change")
    ]
    assert [(one["severity"], one["code"], one["summary"], one["line"]) for one in plan["diagnostics"]] == [
        ("warning", "topic-changed",
         '"CRM Software" is topic 117850 by catalogue.json, and was topic 117801 before', 7),
    ]  # fmt: skip
    assert "was topic 117801 before" in named.run("plan", "--base", "main").out


def test_base_without_usable_catalogue_knows_no_names(named: Organization) -> None:
    start(named.folder)
    (named.folder / "catalogue.json").write_text("{")
    commit(named.folder, "Base")
    catalogue(named.folder)
    (change,) = document(named.run("plan", "--base", "main", "--format", "json"))["changes"]
    assert [one["cause"] for one in change["fields"]] == ["change"]


def test_adopt_writes_names_into_names(named: Organization) -> None:
    said = named.run("adopt", "--all")
    assert (said.code, said.err) == (0, "")
    assert text_of(named) == WRITTEN.replace('"CRM Software"', '"CRM Migration"')
    assert "No changes." in named.run("plan").out


ODD = [
    "yes",
    "2024",
    "C#: a",
    "[x], {y}",
    'O\'Neil said "no"',
    "\U0001f600",
    " a ",
    "- b",
    "*c",
    "null",
    "a?b",
]


def test_odd_names_are_written_as_they_are(named: Organization) -> None:
    topics = dict(enumerate(ODD, start=1))
    catalogue(named.folder, {**TOPICS, **topics})
    named.peer.edit(CHANGING, {"config": {"topicIds": [*topics], "minScore": 60}})
    for written in (
        WRITTEN,
        WRITTEN.replace("'", "").replace('"', ""),
        f"{{id: {CHANGING}, name: A, config: {{topics: [Marketing ROI]}}}}",
    ):
        write(named, written)
        assert named.run("adopt", "--all").code == 0
        assert "No changes." in named.run("plan").out


@pytest.mark.parametrize("topic", [117890, 117999, 999])
def test_topic_without_a_name_leaves_file(named: Organization, topic: int) -> None:
    named.peer.edit(CHANGING, {"config": {"topicIds": [117805, topic], "minScore": 77}})
    said = named.run("adopt", "--all")
    assert (said.code, text_of(named)) == (1, WRITTEN)
    assert f"this file says topics by name, and catalogue.json has no name for {topic}" in said.err
    assert (
        "Replace topics by topicIds in it; or add the name to it, run `reconciler catalogue update`"
        in said.err
    )


def test_restore_writes_names_into_names(named: Organization) -> None:
    assert named.run(*AUTO, "--out", "result.json").code == 0
    said = named.run("restore", "result.json")
    assert (said.code, said.err) == (0, "")
    assert text_of(named) == WRITTEN.replace('"CRM Software"', '"CRM Migration"')
    catalogue(named.folder, {117805: "Marketing ROI", 117801: "CRM Software"})
    write(named, WRITTEN)
    said = named.run("restore", "result.json")
    assert (said.code, text_of(named)) == (1, WRITTEN)
    assert "catalogue.json has no name for 117822" in said.err


def test_fmt_sorts_names_and_keeps_comments(named: Organization) -> None:
    assert named.run("fmt").code == 0
    assert text_of(named) == WRITTEN.replace(
        "'Chief financial officers'", "Chief financial officers"
    ).replace(
        "    - 'Marketing ROI'   # the core\n    - \"CRM Software\"\n",
        "    - CRM Software\n    - Marketing ROI   # the core\n",
    )
    assert named.run("fmt", "--check").code == 0


def test_import_passes_over_what_is_named(named: Organization) -> None:
    said = named.run("import", "--all")
    assert said.code == 0
    assert "1 definition written." in said.out
    assert text_of(named) == WRITTEN


def test_shell_completes_what_is_named(named: Organization) -> None:
    words = {"COMP_WORDS": "reconciler plan --target Chief", "COMP_CWORD": "3"}
    asked = {"_RECONCILER_COMPLETE": "bash_complete", **words}
    assert named.run(settings=asked).out == "plain,Chief financial officers\n"
    (named.folder / "catalogue.json").write_text("{")
    assert named.run(settings=asked).out.strip() == ""


def test_protection_of_what_is_named_counts(named: Organization) -> None:
    start(named.folder)
    write(named, f"{WRITTEN}lifecycle: {{protect: true}}\n")
    commit(named.folder, "Base")
    git(named.folder, "switch", "--quiet", "--create", "work")
    write(named, WRITTEN)
    (change,) = document(named.run("plan", "--base", "main", "--format", "json"))["changes"]
    assert change["protected"]


def test_outdated_catalogue_does_not_flood_a_plan(found: Founding) -> None:
    live, documents = many(23)
    organization = found(live, documents)
    catalogue(organization.folder, {})
    told = document(organization.run("plan", "--format", "json"))["diagnostics"]
    said = [one for one in told if one["code"] in {"unknown-topic", "more-warnings"}]
    assert [one["code"] for one in said] == ["unknown-topic"] * 20 + ["more-warnings"]
    assert (said[-1]["summary"], said[-1]["detail"]) == (
        "3 more warnings of definitions, the first of them here", "Run `reconciler validate` to see each"
    )  # fmt: skip
    assert said[-1]["file"] == "audiences.d/Audience 20.yaml"
