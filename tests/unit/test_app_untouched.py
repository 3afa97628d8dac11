"""What git cannot tell is not taken for untouched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.app import untouched
from reconciler.github import environment
from tests.doubles.git import commit, git, start, write

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_repository_nothing_is_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    event = {"pull_request": {"number": 1, "base": {"sha": "b" * 40}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    given = {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_EVENT_PATH": "event.json"}

    assert not untouched.is_so(environment.read(given), ["audiences.d"])
    assert not untouched.is_so_of("9" * 40, ["audiences.d"])


@pytest.mark.parametrize(("name", "is_untouched"), [("base", False), ("other", True)])
def test_piece_that_is_extended_is_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, is_untouched: bool
) -> None:
    files = {"audiences.d/a.yaml": "extends: ../shared/base.yaml\n", "shared/base.yaml": "", "README": ""}
    monkeypatch.chdir(start(tmp_path, files))
    base = git(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "switch", "--quiet", "--create", "work")
    write(tmp_path, {f"shared/{name}.yaml": "status: paused\n"})
    edited = commit(tmp_path, "Edit")
    git(tmp_path, "switch", "--quiet", "--detach")
    (tmp_path / "event.json").write_text(
        json.dumps({"pull_request": {"number": 1, "base": {"sha": base}, "head": {"sha": edited}}})
    )
    given = {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_EVENT_PATH": "event.json"}

    assert untouched.is_so(environment.read(given), ["audiences.d"]) is is_untouched
    assert untouched.is_so_of(edited, ["audiences.d"]) is is_untouched
