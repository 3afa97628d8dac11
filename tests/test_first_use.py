"""The first five minutes of a newcomer: plan, apply and plan again against the embedded API."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.cli.command import ROOT, run
from tests.cli.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path


def test_plan_apply_plan(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "audiences.d", tmp_path / "audiences.d")
    first = run("plan", "--sandbox", cwd=tmp_path)

    assert (first.code, first.err) == (0, "")
    assert "Plan: " in first.out
    for kind in ("(stops being active)", "(becomes active)", "~ config.minScore:", "~ name:", "left alone:"):
        assert kind in first.out

    with Terminal("apply", "--sandbox", cwd=tmp_path) as terminal:
        terminal.wait_for("Only `yes` is a yes: ")
        terminal.type("yes\n")
        assert terminal.end() == 0
    assert "Apply complete: " in terminal.shown

    after = run("plan", "--sandbox", "--detailed-exitcode", cwd=tmp_path)
    assert after.code == 0
    assert after.out.startswith("No changes. The live audiences match the definitions.\n")
    assert "left alone: " in after.out
