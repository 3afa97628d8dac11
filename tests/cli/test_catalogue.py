"""The catalogue: fetched from either generation, kept, and what `validate` makes of it offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from jsonschema import Draft202012Validator

from reconciler.sandbox import catalogue as sandbox
from tests.cli.command import FULL, checked
from tests.cli.organization import Project, audience
from tests.unit.sandbox.calls import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "6fb81599-f601-4afe-b3ff-e8a211cae27d"
UPDATE = ("catalogue", "update")
FIRST = """\
id: 6fb81599-f601-4afe-b3ff-e8a211cae27d
name: a
config:
  topicIds: [117805, 999]
  filters:
    companyIndustry: [banking, sofware development]
    state: Texs
    jobTitle: anything
    hasPhone: true
"""
SECOND = """\
id: 6fb81599-f601-4afe-b3ff-e8a211cae27d
name: a
config:
  topicIds: [117805]
  filters:
    role.seniority: {values: [vp, managr], operator: contians}
    company.domains: {values: [anything.example]}
    role.isFinance: true
"""
UNKNOWN_ELSE = "If it is new, run `reconciler catalogue update`"


@pytest.fixture
def served_project(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    """Give a project whose organization is the embedded API of a generation, on a real socket."""
    from reconciler.sandbox.app import create_app

    app = create_app(tmp_path / "data.sqlite3", generation=request.param)
    with served(app) as api:
        settings = {"LEADPIPE_API_KEY": "sk_sandbox", "LEADPIPE_BASE_URL": f"http://127.0.0.1:{api.port}"}
        yield Project(tmp_path, settings)


both = pytest.mark.parametrize("served_project", [1, 2], indirect=True)
first = pytest.mark.parametrize("served_project", [1], indirect=True)
second = pytest.mark.parametrize("served_project", [2], indirect=True)


def problems(project: Project) -> list[tuple[Any, ...]]:
    document = project.run("validate", "--format", "json").document("diagnostics")
    return [
        (one["severity"], one["line"], one["column"], one["summary"], one["detail"])
        for one in document["diagnostics"]
    ]


def kept(project: Project) -> Any:
    return checked((project.folder / "catalogue.json").read_text("utf-8"), "catalogue-file")


@both
def test_update_writes_what_check_then_accepts(served_project: Project) -> None:
    project = served_project
    project.define({"a.yaml": audience(ID, "a", topicIds=[117805, 117801])})
    before = project.run("catalogue", "check")
    assert (before.code, before.out.count("is out of date. Run `reconciler catalogue update`.")) == (2, 2)

    said = project.run(*UPDATE)
    assert said.out.splitlines()[:2] == ["+ catalogue.json", "+ catalogue.schema.json"]
    assert kept(project)["topics"] == [
        {"id": 117801, "name": "CRM Software"}, {"id": 117805, "name": "Marketing ROI"}
    ]  # fmt: skip
    assert project.run("catalogue", "check").out == "The catalogue is up to date.\n"
    assert "+" not in project.run(*UPDATE).out

    (project.folder / "catalogue.schema.json").write_text("{}")
    assert project.run("catalogue", "check").code == 2


@first
def test_first_generation_is_checked_by_its_lists(served_project: Project) -> None:
    project = served_project
    (project.definitions / "a.yaml").write_text(FIRST)
    assert problems(project) == []
    project.run(*UPDATE)

    assert problems(project) == [
        ("error", 4, 22, "the API has no topic 999", "Find its id with `reconciler topics search WORDS`"),
        ("error", 6, 32, '"sofware development" is not among the values of companyIndustry',
         f'Did you mean "software development"? {UNKNOWN_ELSE}'),
        ("error", 7, 12, '"Texs" is not among the values of state', f'Did you mean "Texas"? {UNKNOWN_ELSE}'),
    ]  # fmt: skip
    (project.definitions / "a.yaml").write_text(FIRST + "lifecycle: {allow_unknown_values: true}\n")
    assert problems(project) == []
    (project.definitions / "a.yaml").write_text(SECOND)
    assert '"role.isFinance" is not a filter of this organization\'s API' in {
        one[3] for one in problems(project)
    }


@second
def test_second_generation_has_keys_and_operators(served_project: Project) -> None:
    project = served_project
    (project.definitions / "a.yaml").write_text(SECOND)
    project.run(*UPDATE)

    assert [one[:4] for one in problems(project)] == [
        ("error", 6, 35, '"managr" is not among the values of role.seniority'),
        ("error", 6, 54, '"contians" is not an operator of role.seniority'),
    ]
    (project.definitions / "a.yaml").write_text(FIRST.replace("999", "117801"))
    found = problems(project)
    assert {one[1] for one in found} == {4, 6, 7, 8, 9}
    assert found[0][0::3] == ("warning", "topic 117801 is not in catalogue.json")


NEW = {
    "role.isFounder": {"type": "boolean"},
    "company.technologies": {"type": "multi_select", "operators": ["contains"], "values": ["Oracle", "SAP"]},
    "company.founded": {"type": "number_range"},
    "company.mood": {"type": "mood"},
}
KNOWN = SECOND.replace("managr], operator: contians", "manager]").replace("role.isFinance", "role.isFounder")


def extend(project: Project, *left_out: str) -> None:
    """Let the kept catalogue have filters that the schema does not know."""
    document = kept(project)
    document["filters"] |= {key: value for key, value in NEW.items() if key not in left_out}
    (project.folder / "catalogue.json").write_text(json.dumps(document))


@second
def test_filter_of_the_catalogue_alone_is_valid(served_project: Project) -> None:
    project, file = served_project, served_project.definitions / "a.yaml"
    file.write_text(KNOWN)
    project.run(*UPDATE)
    assert [one[3] for one in problems(project)] == ['unknown filter "role.isFounder"']
    extend(project)
    assert problems(project) == []

    file.write_text(
        KNOWN + "    company.technologies: {values: [SAP, oracle, 3], operator: contians, modus: any}\n"
        "    company.founded: {min: 3}\n    company.mood: good\n    seniority: [vp]\n"
    )
    assert [one[1:4] for one in problems(project) if "says the same" not in one[3]] == [
        (9, 42, '"oracle" is not among the values of company.technologies'),
        (9, 50, "expected text, found the number 3"),
        (9, 64, '"contians" is not an operator of company.technologies'),
        (9, 74, 'unknown key "modus"'),
        (10, 5, '"company.founded" is a number range, whose values the vendor does not document'),
        (11, 5, 'unknown filter "company.mood"'),
        (12, 5, '"seniority" is not a filter of this organization\'s API'),
    ]  # fmt: skip


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch, served_project: Project) -> Project:
    """Give a project whose API has got two filters that the schema does not know."""
    for added in (
        sandbox.Filter("role.isFounder", "Founder", "boolean", 90),
        sandbox.Filter("company.technologies", "Technologies", "multi_select", 5, {"SAP": 40, "Oracle": 30}),
    ):
        monkeypatch.setitem(cast("dict[str, Any]", sandbox.SECOND), added.key, added)
    return served_project


@pytest.mark.slow
@second
def test_new_filter_goes_all_the_way(grown: Project) -> None:
    grown.run("import", "CFO*")
    grown.run(*UPDATE)
    (file,) = grown.definitions.glob("cfo*")
    before = file.read_text()
    file.write_text(before + "    role.isFounder: true  # new\n    company.technologies: {values: [SAP]}\n")
    said = grown.run("apply", "--auto-approve", "--out", "result.json")
    assert (said.code, "`" in said.out, said.out.count("which this version has no words for")) == (
        0,
        False,
        2,
    )
    assert "No changes." in grown.run("plan").out

    live_as(grown, file, {"role": {"isFounder": True}, "company.technologies": {"values": ["Oracle", "SAP"]}})
    assert "~ config.filters.company.technologies.values: + Oracle" in grown.run("adopt", "--all").out
    assert "[SAP, Oracle]}" in file.read_text()
    assert "    role.isFounder: true  # new\n" in file.read_text()
    assert grown.run("restore", "result.json", "--force").code == 0
    assert "isFounder" not in file.read_text()

    file.unlink()
    said = grown.run("import", "CFO*")
    assert (said.code, said.err) == (0, "")
    assert {"    role.isFounder: true", "      values: [Oracle, SAP]"} <= {*file.read_text().splitlines()}
    assert grown.run("fmt", "--check").code == 0


def live_as(project: Project, file: Path, filters: dict[str, Any]) -> None:
    """Let somebody save a definition's audience with these filters alone."""
    identity = file.read_text().partition("id: ")[2].split()[0]
    with httpx.Client(base_url=f"{project.settings['LEADPIPE_BASE_URL']}/v1/intent/audiences/") as client:
        client.headers["X-API-Key"] = project.settings["LEADPIPE_API_KEY"]
        config = client.get(identity).json()["data"]["config"] | {"filters": filters}
        assert client.patch(identity, json={"config": config}).status_code == 200


@second
def test_fallback_of_the_vendor_only_warns(served_project: Project) -> None:
    project = served_project
    (project.definitions / "a.yaml").write_text(SECOND)
    project.run(*UPDATE)
    file = project.folder / "catalogue.json"
    file.write_text(file.read_text("utf-8").replace('"catalog"', '"static_fallback"'))

    assert {one[0] for one in problems(project)} == {"warning"}
    assert project.run("validate").code == 0


@second
def test_changed_catalogue_says_so_at_the_line(served_project: Project) -> None:
    project = served_project
    (project.definitions / "a.yaml").write_text(SECOND.replace("managr], operator: contians", "manager]"))
    project.run(*UPDATE)
    assert problems(project) == []
    document = kept(project)
    del document["filters"]["role.isFinance"]
    (project.folder / "catalogue.json").write_text(json.dumps(document))

    assert [one[:4] for one in problems(project)] == [
        ("error", 8, 5, '"role.isFinance" is not a filter of this organization\'s API')
    ]


@both
def test_editors_get_the_values_of_the_organization(served_project: Project) -> None:
    project = served_project
    project.define({"a.yaml": audience(ID, "a")})
    project.run("import", "Marketing*")
    project.run(*UPDATE)
    schema = json.loads((project.folder / "catalogue.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    config = schema["properties"]["config"]["properties"]

    assert {"const": 117805, "description": "Marketing ROI"} in config["topicIds"]["items"]["anyOf"]
    industries = config["filters"]["properties"]["companyIndustry"]["items"]
    assert ("banking" in industries.get("enum", ())) is (kept(project)["generation"] == 1)
    operator = config["filters"]["properties"]["role.seniority"]["properties"]["operator"]
    assert operator.get("enum") == (None if kept(project)["generation"] == 1 else ["contains", "equals"])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "catalogue.json is not JSON ("),
        ("[]", "catalogue.json is not a catalogue: the file: "),
        (" " * (4 * 1024 * 1024 + 1), "catalogue.json is not a catalogue: the file: "),
        ('{"format_version": "2.0", "generation": 1, "status": "catalog", "filters": {}, "topics": []}',
         "its format is of another version"),
        (json.dumps({"format_version": "1.0", "generation": 1, "status": "catalog", "topics": [],
                     "filters": {str(number): {} for number in range(2001)}}), "has over 2,000 filters"),
    ],
)  # fmt: skip
def test_catalogue_that_cannot_be_used_is_an_error(project: Project, content: str, problem: str) -> None:
    (project.folder / "catalogue.json").write_text(content)
    said = project.run("validate")

    assert (said.code, said.out) == (1, "")
    assert problem in said.err
    assert "Make it again with `reconciler catalogue update`." in said.err


def test_catalogue_that_is_no_file_is_an_error(project: Project) -> None:
    (project.folder / "catalogue.json").symlink_to(FULL)
    assert "is a symbolic link, which is not followed" in project.run("validate").err


@first
def test_topics_are_found_by_words(served_project: Project) -> None:
    project = served_project
    assert project.run("topics", "search", "crm").out == (
        "117801  CRM Software   b2b  Sales  Software\n117822  CRM Migration  b2b  Sales  Service\n"
    )
    assert project.run("topics", "search", "crm", "migration").out.startswith("117822  CRM Migration")
    said = project.run("topics", "search", "zzz")
    assert (said.code, said.out, said.err) == (
        1, "", "Error: no topic has these words. Try fewer or other words.\n"
    )  # fmt: skip


@first
def test_shell_completes_topics_in_use(served_project: Project) -> None:
    project = served_project
    words = "reconciler topics search mark"
    asked = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "3"}
    assert project.run(settings=asked).out.strip() == ""
    project.define({"a.yaml": audience(ID, "a", topicIds=[117805, 999])})
    project.run(*UPDATE)
    assert project.run(settings=asked).out == "plain,Marketing ROI\n"
    (project.folder / "catalogue.json").write_text("{")
    assert project.run(settings=asked).out.strip() == ""


@both
def test_update_finds_topics_by_name(served_project: Project) -> None:
    project = served_project
    head = f"id: {ID}\nname: a\nconfig: "
    (project.definitions / "a.yaml").write_text(f"{head}{{topics: [CRM Software, CRM Migratoin, zzz]}}\n")
    said = project.run(*UPDATE)
    assert (said.code, [one["id"] for one in kept(project)["topics"]]) == (0, [117801])
    assert said.err.splitlines() == [
        (
            'audiences.d/a.yaml:3:33: Warning: config.topics: no topic in the API is called "CRM Migratoin". '
            'Did you mean "CRM Migration" (117822)? Find it with `reconciler topics search WORDS`.'
        ),
        (
            'audiences.d/a.yaml:3:48: Warning: config.topics: no topic in the API is called "zzz". '
            "Find it with `reconciler topics search WORDS`."
        ),
    ]
    assert [one[1:3] for one in problems(project)] == [(3, 33), (3, 48)]

    (project.definitions / "a.yaml").write_text(f"{head}{{topics: [CRM Software, CRM Migration]}}\n")
    assert project.run("catalogue", "check").code == 2
    assert project.run(*UPDATE).err == ""
    assert problems(project) == []
    schema = json.loads((project.folder / "catalogue.schema.json").read_text("utf-8"))
    names = schema["properties"]["config"]["properties"]["topics"]["items"]["anyOf"]
    assert {"const": "CRM Migration", "description": "Topic 117822"} in names


@first
def test_update_needs_yaml_and_no_more(served_project: Project) -> None:
    project = served_project
    (project.definitions / "a.yaml").write_text("id: x\nconfig: {topicIds: [117805, -1, a], topics: 3}\n")
    (project.definitions / "b.yaml").write_text("config: 3\n")
    assert project.run(*UPDATE).code == 0
    assert [one["id"] for one in kept(project)["topics"]] == [117805]
    (project.definitions / "b.yaml").write_text("[")
    (project.definitions / "c.yaml").symlink_to("a.yaml")
    said = project.run(*UPDATE)
    assert (said.code, said.out, said.err.count(".yaml")) == (1, "", 2)


@both
def test_plan_and_apply_go_by_the_catalogue(served_project: Project) -> None:
    """A changed catalogue that makes a definition invalid stops what would write, at the line."""
    project = served_project
    project.run("import", "CFO*")
    project.run(*UPDATE)
    assert project.run("plan").err == ""
    document = kept(project)
    gone = document["topics"].pop()["id"]
    (project.folder / "catalogue.json").write_text(json.dumps(document))
    said = project.run("plan")
    assert (said.code, f"Warning: config.topicIds: topic {gone} is not in catalogue.json" in said.out) == (
        0,
        True,
    )
    assert project.run("apply", "--auto-approve").code == 0

    document["topics"].append({"id": gone})
    (project.folder / "catalogue.json").write_text(json.dumps(document))
    for command in (["plan"], ["apply", "--auto-approve"]):
        said = project.run(*command)
        assert (said.code, f"config.topicIds: the API has no topic {gone}" in said.err) == (1, True)
    (project.folder / "catalogue.json").write_text("{")
    assert "Make it again with `reconciler catalogue update`" in project.run("plan").err


@first
def test_update_needs_no_definition(served_project: Project) -> None:
    served_project.definitions.rmdir()
    assert served_project.run(*UPDATE).out.endswith("up to date: 8 filters, 0 topics in use.\n")
