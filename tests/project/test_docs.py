"""The documentation's commands, run as a reader would: page by page, against the embedded API."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.cli.command import SECONDS, started
from tests.doubles.git import ENVIRONMENT as GIT
from tests.doubles.git import commit, start

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    serve = ["sandbox", "serve", "--port", "0", "--slots", "20"]
    with started(*serve, cwd=tmp_path) as server:
        assert server.stdout is not None
        yield dict(pair.split("=", 1) for pair in server.stdout.readline().split())
        server.terminate()
        server.wait(SECONDS)


def repository(folder: Path, *, has_samples: bool) -> Path:
    start(folder)
    if has_samples:
        shutil.copytree(ROOT / "audiences.d", folder / "audiences.d")
        commit(folder, "Describe the audiences")
        sample = folder / "audiences.d" / "cfo-fintech.yaml"
        sample.write_text(sample.read_text("utf-8").replace("minScore: 80", "minScore: 85"), "utf-8")
        commit(folder, "Ask for more")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh")], ids=lambda page: page.stem)
def test_every_command_of_a_page_works(page: Path, tmp_path: Path, served: dict[str, str]) -> None:
    tool = tmp_path / "bin" / "reconciler"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n', "utf-8")
    tool.chmod(0o755)
    folder = repository(tmp_path / "repository", has_samples=page.stem != "quick-start")
    environment = os.environ | GIT | served
    environment |= {"PYTHONPATH": str(ROOT), "PATH": f"{tool.parent}:{os.environ['PATH']}"}

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks(page, "sh"))],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    if page.stem == "quick-start":
        assert done.stdout.count("No changes. The live audiences match the definitions.") == 2
        assert "17 definitions written.\nNo changes. The live audiences match them." in done.stdout
        assert "people: 1,851 -> 6,171, 3.3 times as many" in done.stdout


def test_there_are_pages_with_commands() -> None:
    assert {page.stem for page in PAGES if blocks(page, "sh")} >= {
        "quick-start",
        "review",
        "operating",
        "editors",
    }


LINKS = [
    (page, target)
    for page in (*PAGES, ROOT / "README.md")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8"))
]


@pytest.mark.parametrize(("page", "target"), LINKS, ids=lambda part: getattr(part, "stem", part))
def test_link_of_a_page_leads_somewhere(page: Path, target: str) -> None:
    assert (page.parent / target).exists()


def test_recipes_for_other_schedulers_can_be_read() -> None:
    page = ROOT / "docs" / "fleet.md"
    documents = [yaml.safe_load(text) for text in blocks(page, "yaml")]
    assert [one["kind"] for one in documents if "kind" in one] == ["CronWorkflow", "CronJob"]
    assert [len(compile(text, page.name, "exec").co_names) > 0 for text in blocks(page, "python")] == [
        True,
        True,
    ]
