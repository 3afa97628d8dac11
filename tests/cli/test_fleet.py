"""Many organizations by one command: who is selected, what becomes of each, and how that is reported."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.cli.agency import Agency
from tests.cli.command import FAST, ROOT, SECONDS, checked, run
from tests.cli.terminal import INTERRUPT, Terminal
from tests.doubles import git
from tests.doubles.oracles import markdown
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

NAMES = ("acme", "globex", "hooli", "initech", "umbrella")


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    """Give five organizations that are live as defined."""
    made = Agency(tmp_path, NAMES)
    with made.running():
        yield made


def trouble(agency: Agency) -> None:
    """Let acme have a change, and globex no key; hooli is down, initech refused, and umbrella slow."""
    agency.define("acme", 0, 80)
    agency.settings["LEADPIPE_API_KEY__GLOBEX"] = ""
    agency.peers["hooli"].inject(Fault("status", status=503, times=None))
    for number in range(4):
        agency.define("initech", number, 80)
    agency.define("umbrella", 1, 80)
    agency.peers["umbrella"].inject(Fault("delay", seconds=0.3))


def test_list_names_folders_and_definitions(agency: Agency) -> None:
    agency.write("orgs/README.md", "no organization")
    listed = agency.run("list", "--format", "json", "--org", "[ag]*").document("fleet-list")
    assert listed == {
        "organizations": [
            {"name": name, "path": f"orgs/{name}", "definitions": 4} for name in ("acme", "globex")
        ]
    }
    assert agency.run("list").out.splitlines()[-2:] == [
        "umbrella  orgs/umbrella  4 definitions",
        "5 organizations",
    ]


def test_one_in_trouble_stops_no_other(agency: Agency) -> None:
    trouble(agency)
    code, found, report = agency.report("plan", program=FAST)

    assert code == 1
    assert {name: one["outcome"] for name, one in found.items()} == {
        "acme": "changes",
        "globex": "failed",
        "hooli": "failed",
        "initech": "refused",
        "umbrella": "changes",
    }
    assert found["acme"]["counts"]["update"] == 1
    assert found["acme"]["audiences"][0]["name"] == "Audience 0 of acme"
    assert found["globex"]["diagnostics"][0]["summary"] == "LEADPIPE_API_KEY__GLOBEX is not set"
    assert "503" in found["hooli"]["diagnostics"][0]["summary"]
    assert report["summary"]["failed"] == 2
    assert agency.written() == {}


def test_apply_writes_where_it_may(agency: Agency) -> None:
    trouble(agency)
    code, found, _ = agency.report("apply", "--auto-approve", "--out", "out", program=FAST)

    assert {name: one["outcome"] for name, one in found.items()} == {
        "acme": "applied",
        "globex": "failed",
        "hooli": "failed",
        "initech": "refused",
        "umbrella": "applied",
    }
    # The worst alone would be 1, which says that nothing was written.
    assert code == 4
    assert agency.written() == {"acme": 1, "umbrella": 1}
    out = agency.folder / "out"
    assert checked((out / "report.json").read_text("utf-8"), "fleet-report")["exit_code"] == code
    for name in NAMES:
        checked((out / name / "result.json").read_text("utf-8"), "apply-result")
    assert len((out / "acme" / "journal.jsonl").read_text("utf-8").splitlines()) == 2
    assert not (out / "initech" / "journal.jsonl").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("validate",), 0),
        (("plan",), 0),
        (("plan", "--detailed-exitcode"), 2),
        (("drift",), 2),
        (("apply", "--auto-approve", "--org", "acme"), 0),
        (("apply", "--auto-approve", "--org", "initech"), 3),
        (("apply", "--auto-approve", "--org", "*i*", "--max-changes", "100%"), 0),
        (("apply",), 3),
    ],
)
def test_exit_code_is_the_worst(agency: Agency, arguments: tuple[str, ...], code: int) -> None:
    agency.define("acme", 0, 80)
    for number in range(4):
        agency.define("initech", number, 80)
    assert agency.run(*arguments).code == code


@pytest.mark.slow
def test_unknown_outcome_is_worst_of_all(agency: Agency) -> None:
    agency.define("acme", 0, 80)
    agency.define("hooli", 0, 80)
    agency.peers["acme"].inject(
        Fault("drop", method="PATCH", when="after"), Fault("drop", skip=2, times=None)
    )
    quick = {"RECONCILER_TEST_SCALE": "0.01"}
    code, outcomes = agency.outcomes("apply", "--auto-approve", program=FAST, settings=quick)
    assert (code, outcomes["acme"], outcomes["hooli"]) == (5, "unknown", "applied")


def test_progress_is_on_stderr_alone(agency: Agency) -> None:
    agency.define("acme", 0, 80)
    said = agency.run("drift", "--jobs", "1")
    assert said.err.splitlines() == [
        "1/5 with drift: acme",
        *(f"{number}/5 no changes: {name}" for number, name in enumerate(NAMES[1:], start=2)),
    ]
    assert said.out == (
        "acme: 1 of 4 audiences differs from git\n"
        '  "Audience 0 of acme": drops people who score 60 to 79\n'
        "\n"
        "No changes (4): globex, hooli, initech, umbrella\n"
        "\n"
        "Drift in 5 organizations: 1 with drift, 4 no changes.\n"
    )


def test_reviewed_plans_are_applied_and_nothing_else(agency: Agency) -> None:
    for name in ("acme", "globex"):
        agency.define(name, 0, 80)
    assert agency.run("plan", "--out", "reviewed", "--org", "[agh]*").code == 0
    agency.define("globex", 1, 90)
    code, found, _ = agency.report("apply", "--plan", "reviewed")

    assert code == 4
    assert {name: one["outcome"] for name, one in found.items()} == {
        "acme": "applied",
        "globex": "refused",
        "hooli": "unchanged",
        "initech": "refused",
        "umbrella": "refused",
    }
    assert found["globex"]["diagnostics"][0]["code"] == "stale-plan"
    assert found["initech"]["diagnostics"][0]["summary"] == "there is no reviewed plan of initech in reviewed"
    assert agency.written() == {"acme": 1}
    # What is left of a plan that was applied in part still holds.
    assert agency.run("apply", "--plan", "reviewed", "--org", "acme").code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "outcome"), [("{}", "failed"), (None, "refused")], ids=["not-a-plan", "with-an-error"]
)
def test_saved_plan_that_cannot_be_applied(agency: Agency, text: str | None, outcome: str) -> None:
    if text is None:
        agency.peers["acme"].edit(min(agency.peers["acme"].state), None)
    agency.run("plan", "--org", "acme", "--out", "reviewed")
    if text is not None:
        agency.write("reviewed/acme/plan.json", text)
    assert agency.outcomes("apply", "--plan", "reviewed", "--org", "acme")[1] == {"acme": outcome}


@pytest.mark.parametrize(
    ("answer", "code", "written"),
    [("yes", 0, {"acme": 1}), pytest.param("no", 3, {}, marks=pytest.mark.slow)],
)
def test_question_shows_plan_of_all(agency: Agency, answer: str, code: int, written: dict[str, int]) -> None:
    agency.define("acme", 0, 80)
    with Terminal("fleet", "apply", cwd=agency.folder, settings=agency.settings) as terminal:
        terminal.wait_for("Change 1 audience in 1 organization? Only `yes` is a yes: ")
        assert "drops people who score 60 to 79" in terminal.shown
        terminal.type(f"{answer}\n")
        assert terminal.end() == code
    assert agency.written() == written


@pytest.mark.slow
def test_interrupted_question_writes_nothing(agency: Agency) -> None:
    agency.define("acme", 0, 80)
    with Terminal("fleet", "apply", cwd=agency.folder, settings=agency.settings) as terminal:
        terminal.wait_for("Only `yes` is a yes: ")
        terminal.type(INTERRUPT)
        assert terminal.end() == 130
    assert agency.written() == {}


@pytest.mark.slow
def test_interrupted_plan_asks_no_question(agency: Agency) -> None:
    agency.peers["acme"].inject(Fault("delay", seconds=SECONDS))
    with Terminal("fleet", "apply", cwd=agency.folder, settings=agency.settings) as terminal:
        agency.peers["acme"].wait(lambda entry: entry.method == "GET", SECONDS)
        terminal.type(INTERRUPT)
        assert terminal.end() == 130
    assert "Error: interrupted. Nothing was written." in terminal.shown


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_signal_settles_writes_and_names_the_rest(agency: Agency, number: signal.Signals) -> None:
    for name in NAMES:
        agency.define(name, 0, 80)
    agency.peers["acme"].inject(Fault("delay", method="PATCH", seconds=0.5))
    agency.peers["globex"].inject(Fault("delay", seconds=SECONDS))
    arguments = ("apply", "--auto-approve", "--jobs", "2", "--format", "json")
    with agency.started(*arguments) as process:
        agency.peers["acme"].wait(lambda entry: entry.method == "PATCH", SECONDS)
        agency.peers["globex"].wait(lambda entry: entry.method == "GET", SECONDS)
        process.send_signal(number)
        out, _ = process.communicate(timeout=SECONDS)

    report = checked(out, "fleet-report")
    assert (process.returncode, report["exit_code"]) == (130, 130)
    found = {one["name"]: one for one in report["organizations"]}
    assert found["acme"]["outcome"] == "interrupted"
    assert found["acme"]["audiences"][0]["text"].startswith("applied")
    assert found["globex"]["outcome"] == "interrupted"
    assert [found[name]["outcome"] for name in NAMES[2:]] == ["not_attempted"] * 3
    assert agency.written() == {"acme": 1}


@pytest.mark.parametrize(
    ("files", "selected"),
    [
        ({"orgs/acme/audiences.d/0.yaml": "id: 1\n"}, ["acme"]),
        pytest.param({"orgs/hooli/reconciler.toml": "[limits]\n"}, ["hooli"], marks=pytest.mark.slow),
        ({"shared/base.yaml": "name: x\n"}, ["umbrella"]),
        pytest.param({"reconciler.toml": "[limits]\n"}, list(NAMES), marks=pytest.mark.slow),
        pytest.param({"policies/names.yaml": "id: x\n"}, list(NAMES), marks=pytest.mark.slow),
        pytest.param({"README.md": "x\n", "orgs/README.md": "x\n"}, [], marks=pytest.mark.slow),
    ],
    ids=["definition", "settings", "piece", "settings-of-all", "policy", "nothing-of-ours"],
)
def test_changed_since_selects(agency: Agency, files: dict[str, str], selected: list[str]) -> None:
    agency.write("shared/base.yaml", "name: y\n")
    agency.write("orgs/umbrella/audiences.d/0.yaml", "extends: ../../../shared/base.yaml\n")
    repository = git.start(agency.folder)
    base = git.commit(repository, "Base")
    git.git(repository, "checkout", "--quiet", "-b", "topic")
    for file, text in files.items():
        agency.write(file, text)
    git.commit(repository, "Change")
    listed = agency.run("list", "--changed-since", base, "--format", "json").document("fleet-list")
    assert [one["name"] for one in listed["organizations"]] == selected


@pytest.mark.slow
def test_plan_since_tells_drift_guards_and_gone(agency: Agency) -> None:
    agency.write("orgs/acme/reconciler.toml", "[limits]\nmax_changes = 0\n")
    agency.define("left", 0)
    repository = git.start(agency.folder)
    base = git.commit(repository, "Base")
    agency.write("orgs/acme/reconciler.toml", "[limits]\nmax_changes = 4\n")
    agency.define("acme", 0, 80)
    git.git(repository, "rm", "-r", "--quiet", "orgs/left", "orgs/hooli/audiences.d/0.yaml")
    git.commit(repository, "Change")
    _, found, report = agency.report("plan", "--changed-since", base)

    assert report["gone"] == ["left"]
    assert (found["hooli"]["outcome"], found["hooli"]["audiences"][0]["name"]) == (
        "no_changes",
        "Audience 0 of hooli",
    )
    assert found["acme"]["outcome"] == "refused"
    assert {one["code"] for one in found["acme"]["diagnostics"]} == {"limit-exceeded", "guard-lifted"}
    assert agency.run("apply", "--changed-since", base, "--auto-approve").code == 3
    said = agency.run("plan", "--changed-since", base).out
    assert "No longer defined here (1): left. Their audiences keep running as they are." in said
    assert "has no definition any more, and stays as it is live: nobody manages it" in said
    assert "> [!WARNING]" in agency.run("plan", "--changed-since", base, "--format", "markdown").out


def test_shards_share_out_everything_once(agency: Agency) -> None:
    matrix = agency.run("matrix", "--shards", "3").document("fleet-matrix")["include"]
    shares = [
        {
            one["name"]
            for one in json.loads(agency.run("list", "--shard", job["shard"], "--format", "json").out)[
                "organizations"
            ]
        }
        for job in matrix
    ]
    assert [len(share) for share in shares] == [job["organizations"] for job in matrix]
    assert sorted(name for share in shares for name in share) == list(NAMES)


@pytest.mark.slow
def test_matrix_has_no_job_without_organization(agency: Agency) -> None:
    jobs = agency.run("matrix", "--shards", "50", "--org", "acme").document("fleet-matrix")["include"]
    assert [job["organizations"] for job in jobs] == [1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plan", "--org", "nobody"), '--org "nobody" matches no organization'),
        (("list", "--org", "nobody"), '--org "nobody" matches no organization'),
        (("matrix", "--shards", "2", "--org", "nobody"), '--org "nobody" matches no organization'),
        (("plan", "--shard", "0/6"), "'0/6' is not a shard. Write 2/6, of at most 50."),
        (("plan", "--shard", "7/6"), "'7/6' is not a shard"),
        (("plan", "--shard", "1/51"), "'1/51' is not a shard"),
        (("matrix", "--shards", "51"), "51 is not in the range 1<=x<=50"),
        (("plan", "--changed-since", "nothing"), "git finds no common commit of nothing and HEAD"),
        (("apply", "--plan", "none"), "none is not a folder"),
    ],
)
def test_wrong_use_is_an_error(agency: Agency, arguments: tuple[str, ...], message: str) -> None:
    said = agency.run(*arguments)
    assert said.code == 1
    assert message in said.err


def test_failed_command_still_prints_json(tmp_path: Path) -> None:
    agency = Agency(tmp_path, ())
    said = agency.run("plan", "--format", "json")
    assert said.code == 1
    report = said.document("fleet-report")
    assert (report["organizations"], report["diagnostics"][0]["code"]) == ([], "file")
    assert said.err == (
        "Error: orgs cannot be read: No such file or directory. "
        "Run this where the folder orgs is, which holds a folder for each organization.\n"
    )
    assert agency.run("list", "--format", "json").document("fleet-list") == {"organizations": []}
    assert agency.run("plan", "--format", "markdown").out == ""


@pytest.mark.slow
def test_folder_that_is_no_organization_is_named(agency: Agency) -> None:
    (agency.folder / "orgs" / "link").symlink_to("acme")
    agency.define("no name", 0)
    agency.define("ac_me", 0)
    agency.define("ac-me", 0)
    said = agency.run("plan")
    assert said.code == 1
    for message in (
        "orgs/link: is a symbolic link, which is not followed. Put the folder itself here.",
        "orgs/no name: the folder's name cannot be an organization's.",
        "orgs/ac-me: its key would have the name of another organization's: ac_me.",
    ):
        assert message in said.out
    assert agency.run("list").code == 1


def test_markdown_is_one_page_and_harmless(agency: Agency) -> None:
    trouble(agency)
    agency.define("*no* @name", 0)
    said = agency.run("plan", "--format", "markdown", program=FAST)
    assert said.out.startswith(
        "## Plan for 6 organizations\n\n**3 failed, 1 would be refused, 2 with changes.**\n"
    )
    assert markdown.rendered(said.out).references == frozenset()


def test_help_names_every_command(tmp_path: Path) -> None:
    agency = Agency(tmp_path, ())
    said = agency.run("--help")
    assert [
        line.split()[0] for line in said.out.partition("Commands:\n")[2].splitlines() if line.strip()
    ] == [*("list", "validate", "plan", "apply", "drift", "matrix", "worker", "status")]
    assert "No such command 'nonsense'" in agency.run("nonsense").err


@pytest.mark.slow
def test_shell_completes_organizations(agency: Agency) -> None:
    asked = {
        "_RECONCILER_COMPLETE": "bash_complete",
        "COMP_WORDS": "reconciler fleet plan --org h",
        "COMP_CWORD": "4",
    }
    said = agency.run(settings=asked)
    assert said.out.splitlines() == ["plain,hooli"]
    said = run(settings=asked, cwd=agency.folder / "orgs")
    assert said.out.strip() == ""


@pytest.mark.slow
def test_nothing_to_change_asks_nobody(agency: Agency) -> None:
    with Terminal("fleet", "apply", cwd=agency.folder, settings=agency.settings) as terminal:
        assert terminal.end() == 0
    assert "Only `yes` is a yes" not in terminal.shown


def test_sandbox_has_a_state_for_each_organization(tmp_path: Path) -> None:
    agency = Agency(tmp_path, ())
    sample = (ROOT / "audiences.d" / "cfo-fintech.yaml").read_text("utf-8")
    for organization in ("acme", "globex"):
        agency.write(f"orgs/{organization}/audiences.d/cfo.yaml", sample)
    assert agency.run("apply", "--sandbox", "--auto-approve", "--org", "acme").code == 0
    assert agency.outcomes("drift", "--sandbox") == (2, {"acme": "no_changes", "globex": "changes"})
    assert agency.run("plan", "--sandbox", "--org", "globex").code == 0
