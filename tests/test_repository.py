"""What the repository promises beside its code: safe workflows, one mutating verb, commands that run."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from reconciler import __version__

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
ACTIONS = sorted((ROOT / ".github").rglob("action.y*ml"))

every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)


def workflow(file: Path) -> dict[str, Any]:
    """Read a workflow with every scalar as text: `on` is a key here, not a boolean."""
    loader = yaml.BaseLoader(file.read_text("utf-8"))
    try:
        document: dict[str, Any] = loader.get_single_data()
    finally:
        loader.dispose()
    return document


def named(name: str) -> dict[str, Any]:
    return workflow(ROOT / ".github" / "workflows" / f"{name}.yml")


def jobs(document: dict[str, Any]) -> list[dict[str, Any]]:
    return list(document["jobs"].values())


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of all jobs of a workflow, or of one composite action."""
    owners = [document["runs"]] if "runs" in document else jobs(document)
    return [step for owner in owners for step in owner["steps"]]


def using(document: dict[str, Any], action: str) -> list[dict[str, Any]]:
    return [step for step in steps(document) if step.get("uses", "").startswith(f"{action}@")]


def test_the_workflows_that_users_copy_are_there() -> None:
    assert {"apply.yml", "ci.yml", "plan.yml"} <= {file.name for file in WORKFLOWS}


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: str(file.relative_to(ROOT)))
def test_actions_are_pinned_by_commit_and_say_their_version(file: Path) -> None:
    lines = [line for line in file.read_text("utf-8").splitlines() if re.match(r"\s*(- )?uses:", line)]
    foreign = [line for line in lines if not re.search(r"uses: \./", line)]
    pinned = re.compile(r"\s*(- )?uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
    assert len(lines) == sum("uses" in step for step in steps(workflow(file)))
    assert [line for line in foreign if not pinned.match(line)] == []


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: str(file.relative_to(ROOT)))
def test_no_expression_meets_a_shell(file: Path) -> None:
    assert [step["run"] for step in steps(workflow(file)) if "${{" in step.get("run", "")] == []


@every_workflow
def test_permissions_are_none_at_the_top_and_read_only_in_a_job(file: Path) -> None:
    document = workflow(file)
    assert document["permissions"] == {}
    assert [job["permissions"] for job in jobs(document)] == [{"contents": "read"}] * len(jobs(document))


@every_workflow
def test_no_workflow_runs_for_a_foreign_change_with_our_secrets(file: Path) -> None:
    assert not {"pull_request_target", "workflow_run"} & set(workflow(file)["on"])


@every_workflow
def test_every_job_ends_by_itself(file: Path) -> None:
    assert [job for job in jobs(workflow(file)) if not 0 < int(job["timeout-minutes"]) <= 60] == []


@every_workflow
def test_a_checkout_leaves_no_token_behind(file: Path) -> None:
    kept = [
        step
        for step in using(workflow(file), "actions/checkout")
        if step["with"]["persist-credentials"] != "false"
    ]
    assert kept == []


@every_workflow
def test_a_secret_reaches_one_step_of_a_job_with_an_environment(file: Path) -> None:
    text = file.read_text("utf-8")
    keyed = [
        (job, step)
        for job in jobs(workflow(file))
        for step in job["steps"]
        if "secrets." in str(step.get("env"))
    ]
    assert text.count("secrets.") == sum(str(step["env"]).count("secrets.") for _, step in keyed)
    assert [job["name"] for job, _ in keyed if "environment" not in job] == []
    assert [step["name"] for _, step in keyed if "pip" in step["run"]] == []


def test_ci_runs_the_one_script_on_the_oldest_python_that_is_supported() -> None:
    (job,) = jobs(named("ci"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == f">={job['strategy']['matrix']['python'][0]}"
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]


def test_an_apply_runs_alone_on_main_and_is_never_cancelled() -> None:
    document = named("apply")
    assert document["on"] == {"push": {"branches": ["main"], "paths": ["audiences.d/**"]}}
    assert document["concurrency"] == {"group": "apply", "cancel-in-progress": "false"}
    assert [job["environment"] for job in jobs(document)] == ["production"]


def test_an_apply_keeps_its_journal_whatever_happened() -> None:
    (kept,) = using(named("apply"), "actions/upload-artifact")
    (applied,) = [step["run"] for step in steps(named("apply")) if "reconciler apply" in step.get("run", "")]
    assert kept["if"] == "always()"
    assert applied.startswith("exec reconciler apply --auto-approve")
    assert set(re.findall(r"\$RUNNER_TEMP/(\S+?)\"", applied)) == set(
        re.findall(r"}}/(\S+)", kept["with"]["path"])
    )


def test_a_newer_push_to_a_pull_request_replaces_its_plan() -> None:
    document = named("plan")
    assert "github.event.pull_request.number" in document["concurrency"]["group"]
    assert document["concurrency"]["cancel-in-progress"] == "true"


def test_a_fork_is_validated_and_gets_no_key() -> None:
    plan = named("plan")["jobs"]
    assert "secrets." not in str(plan["validate"])
    assert "if" not in plan["validate"]
    assert plan["plan"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"


def test_next_to_a_key_only_the_base_branch_is_installed() -> None:
    keyed = named("plan")["jobs"]["plan"]
    document = {"jobs": {"plan": keyed}}
    places = {step["with"]["path"]: step["with"].get("ref") for step in using(document, "actions/checkout")}
    installs = [step["run"] for step in keyed["steps"] if "pip" in step.get("run", "")]
    inside = [
        step for step in keyed["steps"] if "change" in step.get("working-directory", "") + step.get("run", "")
    ]
    assert places == {"base": "${{ github.base_ref }}", "change": None}
    assert installs == ["python -Im pip install --quiet ./base"]
    assert [step["run"].split(" --")[0] for step in inside] == ["exec reconciler plan"]
    assert [step["uses"] for step in keyed["steps"] if step.get("uses", "").startswith(".")] == []


FORBIDDEN = {"POST", "PUT", "DELETE"}


def imports_httpx(tree: ast.AST) -> bool:
    return any(
        "httpx" in ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def unsent(tree: ast.AST) -> set[int]:
    """Return the identities of the nodes that send nothing: docstrings, and what stands in a comparison."""
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    comparisons = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    return {id(node) for node in statements} | {id(part) for node in comparisons for part in ast.walk(node)}


def mutating_verbs(source: str) -> list[str]:
    """Return the mutating HTTP methods that a module names.

    Where httpx is at hand, any literal and any attribute can make a request. Elsewhere PATCH is also a word
    (in plans, in messages), but nothing there has a reason to name one of the other three.
    """
    tree = ast.parse(source)
    quiet, speaks_http = unsent(tree), imports_httpx(tree)
    names = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in quiet
    ]
    if speaks_http:
        names += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    words = [name.strip().upper() for name in names if isinstance(name, str)]
    return [word for word in words if word in FORBIDDEN or (word == "PATCH" and speaks_http)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import httpx\nhttpx.post(url)", ["POST"]),
        ("from httpx import AsyncClient\nAsyncClient().delete(url)", ["DELETE"]),
        ("import httpx\nself._http.stream(method='patch')", ["PATCH"]),
        ("import httpx\nMETHODS = {'write': 'PATCH', 'remove': 'DELETE'}", ["PATCH", "DELETE"]),
        ("client.send('put', url)", ["PUT"]),
        ("import asyncio\nasyncio.Queue().put(1)", []),
        ("import httpx\ndef get():\n    'POST'\n    return method == 'PATCH'", []),
        ("raise Rejected('PATCH', path)", []),
    ],
)
def test_the_search_for_verbs_sees_them(source: str, found: list[str]) -> None:
    assert mutating_verbs(source) == found


def test_the_one_mutating_verb_is_one_patch_in_the_client() -> None:
    package = ROOT / "reconciler"
    modules = [file.relative_to(package) for file in sorted(package.rglob("*.py"))]
    found = [
        (module.parts[0].removesuffix(".py"), verb)
        for module in modules
        if module.parts[0] != "sandbox"
        for verb in mutating_verbs((package / module).read_text("utf-8"))
    ]
    assert found == [("client", "PATCH")]


@pytest.mark.parametrize("title", ["Run it", "Test it"])
def test_the_readme_has_one_command_to_run_and_one_to_test(title: str) -> None:
    tokens = MarkdownIt().parse((ROOT / "README.md").read_text("utf-8"))
    section, blocks = "", []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before and before.type == "heading_open":
            section = token.content if before.tag == "h2" else section
        if token.type == "fence" and section == title:
            blocks.append((token.info, token.content.strip().count("\n") + 1))
    assert blocks == [("sh", 1)]


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    entries = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert [entry for entry in entries if entry != "Unreleased"][:1] in ([], [__version__])
    assert entries[0] in {"Unreleased", __version__}


def test_the_license_is_the_one_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert (project["license"], project["license-files"]) == ("MIT", ["LICENSE"])
    assert text.startswith("MIT License\n\nCopyright (c) 2026 The reconciler authors\n")


def test_the_developers_page_names_the_gates_that_run_and_no_other() -> None:
    page = (ROOT / "DEVELOPERS.md").read_text("utf-8")
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    named_gates = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    assert named_gates == re.findall(r"^gate (\w+) ", script, flags=re.MULTILINE)


def test_the_pre_commit_hook_validates_the_whole_folder() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert (hook["id"], hook["entry"]) == ("reconciler-validate", "reconciler validate")
    assert (hook["types"], hook["files"], hook["pass_filenames"]) == (["yaml"], r"^audiences\.d/", False)
