"""The commands that get an organization in and keep it in step, against the API in their own process."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.cli.command import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path


def test_sample_organization_is_kept_in_step(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "audiences.d", tmp_path / "audiences.d")
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")

    def said(*arguments: str) -> tuple[int, str]:
        done = run(*arguments, "--sandbox", cwd=tmp_path)
        return done.code, done.out.splitlines()[-1] if done.out else done.err

    assert said("catalogue", "check")[0] == 2
    assert said("catalogue", "update")[1].startswith("The catalogue is up to date: ")
    assert said("catalogue", "check") == (0, "The catalogue is up to date.")
    assert "Marketing ROI" in run("topics", "search", "marketing", "roi", "--sandbox", cwd=tmp_path).out
    run("plan", "--out", "plan.json", "--sandbox", cwd=tmp_path)
    assert said("import", "--all") == (0, "No changes. The live audiences match them.")
    assert said("adopt", "--all")[1] == "Adopted what is live: 4 files written."
    assert said("adopt", "--all", "--dry-run") == (0, "Nothing to adopt: the files say what is live.")
    assert said("restore", "plan.json")[0] == 0
