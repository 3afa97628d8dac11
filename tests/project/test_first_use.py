"""The README's first screen and first five minutes: plan, apply and plan again against the embedded API."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.cli.command import ROOT, run
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = "$ reconciler plan --sandbox\n"


def shown_in_the_readme() -> str:
    """Return what the README shows below the command."""
    _, _, after = (ROOT / "README.md").read_text("utf-8").partition(COMMAND)
    return after.partition("```")[0]


def test_plan_apply_plan(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "audiences.d", tmp_path / "audiences.d")
    shutil.copy(ROOT / "reconciler.toml", tmp_path)
    first = run("plan", "--sandbox", cwd=tmp_path)

    assert (first.code, first.err) == (0, "")
    assert "Plan: 4 to change" in shown_in_the_readme()
    assert first.out.startswith(shown_in_the_readme())

    with Terminal("apply", "--sandbox", cwd=tmp_path) as terminal:
        terminal.wait_for("Only `yes` is a yes: ")
        terminal.type("yes\n")
        assert terminal.end() == 0
    assert "Apply complete: 4 applied." in terminal.shown

    after = run("plan", "--sandbox", "--detailed-exitcode", cwd=tmp_path)
    assert after.code == 0
    assert after.out.startswith("No changes. The live audiences match the definitions.\n")
    assert "left alone: " in after.out

    shutil.rmtree(tmp_path / ".reconciler")
    assert run("plan", "--sandbox", cwd=tmp_path) == first
