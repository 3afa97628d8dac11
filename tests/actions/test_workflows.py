"""What every workflow and action promises: this repository's own, and those that the documentation shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.actions import fleets, teams
from tests.actions.teams import ACTIONS, ROOT

pytestmark = pytest.mark.once  # git and GitHub are the same under every Python


def pinned(texts: dict[str, str]) -> dict[str, str]:
    """Return workflows as a reader has them who has put a repository and a commit in place."""
    return {
        name: text.replace("OWNER/", "acme/").replace("@COMMIT", f"@{'a' * 40} # v1.0.0")
        for name, text in texts.items()
    }


SHOWN = pinned(teams.quick_start())
FLEET = pinned(fleets.workflows())
WORKFLOWS = {**teams.own(), **{f"quick-start-{name}": text for name, text in SHOWN.items()}, **FLEET}
COMPOSITE = {file.parent.name: file.read_text("utf-8") for file in sorted(ACTIONS.glob("*/action.yml"))}
EVERYTHING = {**WORKFLOWS, **{f"action-{name}": text for name, text in COMPOSITE.items()}}
KEY = "${{ secrets.LEADPIPE_API_KEY }}"
KEYS = "${{ secrets.LEADPIPE_API_KEYS }}"
KEYLESS = {"ci", "dependencies"}
NEEDED = {
    "ci": {"contents": "read"},
    "dependencies": {"contents": "read"},
    "plan": {"contents": "read", "pull-requests": "write"},
    "apply": {"contents": "read", "pull-requests": "write"},
    "drift": {"contents": "read", "issues": "write"},
    "fleet-plan": {"contents": "read"},
    "fleet-apply": {"contents": "read"},
}
ALSO = {  # of further jobs
    "drift": [{"contents": "write", "pull-requests": "write", "issues": "write"}],
    "fleet-plan": [{"contents": "read"}, {"contents": "read", "pull-requests": "write"}],
    "fleet-apply": [
        {"contents": "read", "pull-requests": "read"},
        {"contents": "read", "pull-requests": "write"},
    ],
}

Document = dict[str, Any]

every_workflow = pytest.mark.parametrize("name", WORKFLOWS)
every_action = pytest.mark.parametrize("name", COMPOSITE)
everything = pytest.mark.parametrize("name", EVERYTHING)
both = pytest.mark.parametrize("prefix", ["", "quick-start-"])


def read(name: str) -> Document:
    """Read a workflow or an action with every scalar as text: `on` is a key here, not a boolean."""
    loader = yaml.BaseLoader(EVERYTHING[name])
    try:
        document: Document = loader.get_single_data()
    finally:
        loader.dispose()
    return document


def jobs(document: Document) -> list[Document]:
    return list(document["jobs"].values())


def steps(document: Document) -> list[Document]:
    """Return the steps of all jobs of a workflow, or of one composite action."""
    owners = [document["runs"]] if "runs" in document else jobs(document)
    return [step for owner in owners for step in owner["steps"]]


def using(document: Document, action: str) -> list[Document]:
    return [step for step in steps(document) if step.get("uses", "").startswith(f"{action}@")]


def reconciling(document: Document) -> list[tuple[str, Document]]:
    """Return the steps that use one of our actions, with its name."""
    found = [(re.search(r"/\.github/actions/(\w+)", step.get("uses", "")), step) for step in steps(document)]
    return [(match[1], step) for match, step in found if match is not None]


def checked(folder: Path, texts: dict[str, str], schema: str, *options: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text, "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *options]
    done = subprocess.run([*command, *folder.iterdir()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_these_workflows_and_actions() -> None:
    assert set(teams.own()) == {"ci", "dependencies", "plan", "apply", "drift"}
    assert set(SHOWN) == set(COMPOSITE) - {"fleet"} == {"plan", "apply", "drift"}
    assert set(FLEET) == {"fleet-plan", "fleet-apply"}


@everything
def test_actions_are_pinned_by_commit(name: str) -> None:
    lines = [line for line in EVERYTHING[name].splitlines() if re.match(r"\s*(- )?uses:", line)]
    foreign = [line for line in lines if not re.search(r"uses: [.$]/", line)]
    pattern = re.compile(r"\s*(- )?uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
    assert len(lines) == sum("uses" in step for step in steps(read(name)))
    assert [line for line in foreign if not pattern.match(line)] == []


def test_the_same_action_is_the_same_commit_everywhere() -> None:
    pins = {match for text in WORKFLOWS.values() for match in re.findall(r"uses: (actions/\S+)@(\w+)", text)}
    assert len(pins) == len({action for action, _ in pins})


@everything
def test_no_expression_meets_a_shell(name: str) -> None:
    assert [step["run"] for step in steps(read(name)) if "${{" in step.get("run", "")] == []


@every_workflow
def test_job_has_only_the_permissions_it_needs(name: str) -> None:
    document = read(name)
    assert document["permissions"] == {}
    ours = name.removeprefix("quick-start-")
    assert [job["permissions"] for job in jobs(document)] == [NEEDED[ours], *ALSO.get(ours, [])]


@every_workflow
def test_no_workflow_has_secrets_on_a_foreign_change(name: str) -> None:
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(read(name)["on"])


@every_workflow
def test_every_job_ends_by_itself(name: str) -> None:
    assert [job for job in jobs(read(name)) if not 0 < int(job["timeout-minutes"]) <= 60] == []


@every_workflow
def test_a_checkout_leaves_no_token_behind(name: str) -> None:
    checkouts = using(read(name), "actions/checkout")
    assert checkouts != []
    assert [step for step in checkouts if step["with"]["persist-credentials"] != "false"] == []


@pytest.mark.parametrize("name", [name for name in WORKFLOWS if name not in FLEET])
def test_key_goes_from_an_environment_to_our_action(name: str) -> None:
    keyed = [step for _, step in reconciling(read(name)) if step["with"].get("api-key") == KEY]
    count = 0 if name in KEYLESS else len(jobs(read(name)))
    assert WORKFLOWS[name].count("secrets") == len(keyed) == count
    assert all("environment" in job for job in jobs(read(name)) if name not in KEYLESS)


@pytest.mark.parametrize("name", FLEET)
def test_keys_of_a_shard_go_to_its_job(name: str) -> None:
    assert WORKFLOWS[name].count("secrets") == 1
    keyed = [job for job in jobs(read(name)) if KEYS in str(job)]
    assert [set(job["strategy"]) for job in keyed] == [{"fail-fast", "matrix"}]
    assert [job for job in jobs(read(name)) if "environment" in job] == keyed
    assert "-${{ matrix.number }}" in str(keyed[0]["environment"])
    steps_of_fleet = [step["with"] for _, step in reconciling(read(name)) if step["with"].get("api-keys")]
    assert [step["api-keys"] for step in steps_of_fleet] == [KEYS]


@every_workflow
def test_a_workflow_hands_over_what_the_action_takes(name: str) -> None:
    for action, step in reconciling(read(name)):
        inputs = read(f"action-{action}")["inputs"]
        needed = {key for key, given in inputs.items() if given.get("required") == "true"}
        assert needed <= set(step["with"]) <= set(inputs)


@pytest.mark.parametrize("name", [name for name in COMPOSITE if name != "fleet"])
def test_last_step_of_an_action_gets_the_key(name: str) -> None:
    install, last = steps(read(f"action-{name}"))
    assert [step["shell"] for step in (install, last)] == ["bash", "bash"]
    assert install["run"] == 'exec bash "$ACTION/../install.sh"'
    assert install["env"] == {"ACTION": "${{ github.action_path }}"}
    *_, command = last["run"].splitlines()
    begin, end = f'exec "$RUNNER_TEMP/reconciler/bin/python" -Im reconciler github {name} ', '"$PATHS"'
    assert (command.startswith(begin), command.endswith(end)) == (True, True)
    assert last["env"]["LEADPIPE_API_KEY"] == "${{ inputs.api-key }}"


@every_action
def test_action_uses_every_input_and_real_outputs(name: str) -> None:
    document = read(f"action-{name}")
    used = set(re.findall(r"inputs\.([\w-]+)", str(document["runs"])))
    named = {output["value"] for output in document.get("outputs", {}).values()}
    assert used == set(document["inputs"])
    assert named <= {f"${{{{ steps.{name}.outputs.{key} }}}}" for key in document.get("outputs", {})}


def test_ci_runs_the_one_script_on_oldest_python() -> None:
    (job,) = jobs(read("ci"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == f">={job['strategy']['matrix']['python'][0]}"
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]


def test_lowest_and_newest_versions_are_tested_weekly() -> None:
    weekly = read("dependencies")
    (job,) = jobs(weekly)
    assert set(weekly["on"]) == {"schedule", "workflow_dispatch"}
    assert [one["versions"] for one in job["strategy"]["matrix"]["include"]] == ["lowest", "newest"]
    assert [step["run"].split()[1] for step in steps(weekly) if "run" in step] == [".ci/versions.py"]
    assert (ROOT / ".ci" / "versions.py").exists()


@both
def test_plan_can_be_a_required_check(prefix: str) -> None:
    plan = read(f"{prefix}plan")
    by_hand = plan["on"].pop("workflow_dispatch")
    assert plan["on"] == {event: {"branches": ["main"]} for event in ("pull_request", "merge_group")}
    assert list(by_hand["inputs"]) == ["pull-request"]
    assert [job for job in jobs(plan) if "if" in job] == [], "a job that is skipped is green"
    one_each = "github.event.pull_request.number || inputs.pull-request || github.ref"
    assert one_each in plan["concurrency"]["group"]
    assert plan["concurrency"]["cancel-in-progress"] == "true"


@both
def test_applies_queue_and_none_is_cancelled(prefix: str) -> None:
    for name in ("apply", "drift"):
        concurrency = read(f"{prefix}{name}")["concurrency"]
        assert "${{" not in concurrency["group"]
        assert (concurrency["queue"], concurrency["cancel-in-progress"]) == ("max", "false")
    assert read(f"{prefix}apply")["on"]["push"]["branches"] == ["main"]
    assert [job["environment"] for job in jobs(read(f"{prefix}apply"))] == ["production"]


@both
def test_only_an_apply_is_a_deployment(prefix: str) -> None:
    environments = [job["environment"] for name in ("plan", "drift") for job in jobs(read(f"{prefix}{name}"))]
    assert environments == [{"name": "plan", "deployment": "false"}] * 3


TOOL_AS_MERGED = {"Make room for the tool", "Check out the tool, as merged"}  # a team pins the tool instead


@pytest.mark.parametrize("name", SHOWN)
def test_quick_start_has_all_that_ours_has(name: str) -> None:
    ours, shown = read(name), read(f"quick-start-{name}")
    for document in (ours, shown):
        for job in jobs(document):
            job["steps"] = [step for step in job["steps"] if step.get("name") not in TOOL_AS_MERGED]
        for _, step in reconciling(document):
            step["uses"] = re.sub(r".*(/\.github/actions/\w+).*", r"\1", step["uses"])
    ours["name"] = f"audiences {ours['name']}"
    ours["concurrency"]["group"] = f"audiences-{ours['concurrency']['group']}"
    assert shown == ours


@both
def test_drift_runs_on_schedule_and_by_hand(prefix: str) -> None:
    assert set(read(f"{prefix}drift")["on"]) == {"schedule", "workflow_dispatch"}


@pytest.mark.parametrize(("name", "module"), [("plan", "pull_request"), ("apply", "merged_apply")])
def test_what_a_job_leaves_is_always_kept(name: str, module: str) -> None:
    kept, *_ = using(read(name), "actions/upload-artifact")
    source = (ROOT / "reconciler" / "app" / f"{module}.py").read_text("utf-8")
    written = set(re.findall(r'"(reconciler-[\w-]+\.(?!html)\w+)"', source))
    assert kept["if"] == "always()"
    assert set(re.findall(r"\$\{\{ runner\.temp \}\}/(\S+)", kept["with"]["path"])) == written != set()


@both
def test_page_is_kept_for_a_browser(prefix: str) -> None:
    ((_, plan),) = reconciling(read(f"{prefix}plan"))
    _, kept = using(read(f"{prefix}plan"), "actions/upload-artifact")
    assert plan["with"]["page"] == "plan-${{ github.run_attempt }}.html", (
        "no two artifacts of a run share a name"
    )
    assert kept["if"] == "always() && steps.plan.outputs.html"
    # What is not archived is named by its file, and GitHub shows it in the browser.
    assert kept["with"] == {
        "path": "${{ steps.plan.outputs.html }}",
        "archive": "false",
        "retention-days": "30",
    }


def test_only_merged_code_runs_next_to_a_key() -> None:
    python, change, room, tool, plan, *_ = steps(read("plan"))
    assert python["uses"].startswith("actions/setup-python@"), "before there are files of the pull request"
    assert set(change["with"]) == {"ref", "fetch-depth", "persist-credentials"}
    assert "path" not in change["with"], "its files are data"
    assert room["run"] == f"rm -rf -- {tool['with']['path']}"
    assert (tool["with"]["ref"], tool["with"]["path"]) == ("main", ".reconciler-base")
    assert plan["uses"] == f"./{tool['with']['path']}/.github/actions/plan"
    assert not (ROOT / tool["with"]["path"]).exists()
    assert read("plan")["on"]["pull_request"]["branches"] == ["main"]


@pytest.mark.slow
def test_quick_start_workflows_satisfy_the_schema(tmp_path: Path) -> None:
    checked(tmp_path, {**SHOWN, **FLEET}, "github-workflows")


@pytest.mark.slow
def test_the_pipeline_for_gitlab_is_what_gitlab_reads(tmp_path: Path) -> None:
    (pipeline,) = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "gitlab.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    checked(tmp_path, {".gitlab-ci": pipeline}, "gitlab-ci", "--data-transform", "gitlab-ci")


@pytest.mark.slow
def test_quick_start_workflows_satisfy_zizmor(tmp_path: Path) -> None:
    for name, text in {**SHOWN, **FLEET}.items():
        (tmp_path / f"{name}.yml").write_text(text, "utf-8")
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    options = ["--offline", "--pedantic", "--strict-collection", "--no-progress", "--format", "json"]
    done = subprocess.run(
        [zizmor, *options, *tmp_path.iterdir()], capture_output=True, text=True, check=False
    )
    # A page explains beside its workflows what a comment and a name explain in them.
    explained = {"undocumented-permissions", "anonymous-definition"}
    assert {finding["ident"] for finding in json.loads(done.stdout)} <= explained


def test_locked_versions_are_installed_by_hash() -> None:
    script = (ACTIONS / "install.sh").read_text("utf-8")
    assert "--require-hashes" in script
    assert "--only-binary :all:" in script
    assert re.findall(r"python\S* (-\w+)", script) == ["-Im"] * 3
