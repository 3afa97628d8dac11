"""What git cannot tell is not taken for untouched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.app import untouched
from reconciler.github import environment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_without_a_repository_nothing_is_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    event = {"pull_request": {"number": 1, "base": {"sha": "b" * 40}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    given = {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_EVENT_PATH": "event.json"}

    assert not untouched.is_so(environment.read(given), ["audiences.d"])
    assert not untouched.is_so_of("9" * 40, ["audiences.d"])
