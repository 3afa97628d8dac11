"""What the repository promises beside its code: who may write where, commands that run, pages in step."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

import httpx
import pytest
import yaml
from markdown_it import MarkdownIt

from reconciler import __version__
from reconciler.api import client
from tests.cli.command import run

ROOT = Path(__file__).parents[2]

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


def modules() -> dict[str, str]:
    """Return the source of each module that could reach a server, by its path in the package."""
    package = ROOT / "reconciler"
    files = {file.relative_to(package).as_posix(): file for file in sorted(package.rglob("*.py"))}
    return {name: file.read_text("utf-8") for name, file in files.items() if not name.startswith("sandbox/")}


def test_one_patch_is_the_only_mutating_verb() -> None:
    """POST is there once: to the two routes that take a config and only read."""
    found = [
        (name, verb)
        for name, source in modules().items()
        if not name.startswith("github/")
        for verb in mutating_verbs(source)
    ]
    assert found == [("api/client.py", "POST"), ("api/client.py", "PATCH")]
    assert set(client.EVALUATIONS.values()) == {"validate", "preview"}
    tree = ast.parse(modules()["api/client.py"])
    (evaluate,) = [node for node in ast.walk(tree) if getattr(node, "name", "") == "evaluate"]
    assert mutating_verbs(f"import httpx\n{ast.unparse(evaluate)}") == ["POST"]
    assert ast.unparse(evaluate).count("f'{AUDIENCES}/{EVALUATIONS[route]}'") == 1


def test_only_the_client_and_github_speak_http() -> None:
    speaking = {name for name, source in modules().items() if imports_httpx(ast.parse(source))}
    assert {name for name in speaking if not name.startswith("api/")} == {"github/rest.py"}


def test_github_is_written_through_one_function() -> None:
    source = modules()["github/rest.py"]
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    sent = [ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == "self._send"]
    (send,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_send"]
    uses = Counter(attributes(tree, "self._http"))
    assert set(sent) == {"GET", "POST", "PATCH", "DELETE"}
    assert sorted(verb for verb in sent if verb != "GET") == sorted(mutating_verbs(source))
    assert uses == {"request": 1, "close": 1}
    assert "request" in attributes(send, "self._http")
    assert set(attributes(tree, "httpx")).isdisjoint(dir(httpx.Client)), "no request beside the one client"


def attributes(tree: ast.AST, of: str) -> list[str]:
    """Return the names that are asked of something, as `close` in `self._http.close`."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return [node.attr for node in found if ast.unparse(node.value) == of]


@pytest.mark.parametrize("title", ["Run it", "Test it"])
def test_readme_has_one_command_a_section(title: str) -> None:
    tokens = MarkdownIt().parse((ROOT / "README.md").read_text("utf-8"))
    section, blocks = "", []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before and before.type == "heading_open":
            section = token.content if before.tag == "h2" else section
        if token.type == "fence" and section == title:
            blocks.append((token.info, token.content.strip().count("\n") + 1))
    assert blocks == [("sh", 1)]


def possessive_groups(source: str) -> list[str]:
    """Return the texts of a module that repeat a group possessively, when read as patterns."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    outside = {
        text: re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "", text) for text in texts if isinstance(text, str)
    }
    return [text for text, rest in outside.items() if re.search(r"\)(?:[*+?]|\{[\d,]+\})\+", rest)]


def test_patterns_need_no_python_above_3_11_4() -> None:
    """Before that, a possessive group may end too early (gh-106052), and Debian 12 has such a Python."""
    assert possessive_groups(r'GROUP = re.compile(r"(?:[ \t]++|#[^\n]*+)*+")') == [r"(?:[ \t]++|#[^\n]*+)*+"]
    assert possessive_groups(r'SINGLE = re.compile(r"(?:[()*+,]|[ \t]++)+")') == []
    package = ROOT / "reconciler"
    assert {
        file.name: found
        for file in package.rglob("*.py")
        if (found := possessive_groups(file.read_text("utf-8")))
    } == {}


def test_newest_entry_of_the_changelog_is_this_version() -> None:
    entries = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert [entry for entry in entries if entry != "Unreleased"][:1] in ([], [__version__])
    assert entries[0] in {"Unreleased", __version__}


def test_license_is_what_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert (project["license"], project["license-files"]) == ("MIT", ["LICENSE"])
    assert text.startswith("MIT License\n\nCopyright (c) 2026 The reconciler authors\n")


def test_developers_page_names_exactly_the_gates() -> None:
    page = (ROOT / "DEVELOPERS.md").read_text("utf-8")
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    named_gates = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    assert named_gates == re.findall(r"^gate (\w+) ", script, flags=re.MULTILINE)


@pytest.fixture
def hook() -> dict[str, object]:
    (only,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert isinstance(only, dict)
    return only


def test_hook_runs_when_a_definition_changes(hook: dict[str, object]) -> None:
    assert (hook["id"], hook["language"], hook["types"]) == ("reconciler-validate", "python", ["yaml"])
    wanted = re.compile(str(hook["files"]))
    names = [
        "audiences.d/cfo.yaml",
        "audiences.d/emea/cfo.yml",
        "docs/audiences.d/cfo.yaml",
        "other.yaml",
        "policies/a.yaml",
    ]
    assert [bool(wanted.search(name)) for name in names] == [True, True, False, False, True]
    page = (ROOT / "docs" / "editors.md").read_text("utf-8")
    assert f"id: {hook['id']}" in page


def test_the_pre_commit_hook_validates_the_whole_folder(hook: dict[str, object], tmp_path: Path) -> None:
    assert hook["pass_filenames"] is False
    name, *arguments = str(hook["entry"]).split()
    assert name in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert [run(*arguments, cwd=folder).code for folder in (ROOT, tmp_path)] == [0, 1]
