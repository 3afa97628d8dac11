"""The benchmark measures every row; no test fails on a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import opentofu
from benchmarks.rows import rows

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")  # which the benchmark sets for the processes that it starts


def test_row_with_floor_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ["--scale", "0.001", "--runs", "1", "--json", str(tmp_path / "now.json")]
    assert benchmarks.main(["help", "validate-10000", *chosen]) == 0
    saved = json.loads((tmp_path / "now.json").read_text("utf-8"))
    assert [*saved["rows"]] == ["help", "validate-10000"]
    assert [*saved["rows"]["validate-10000"]["medians"]] == ["reconciler", "read", "events", "load"]
    assert benchmarks.main(["help", *chosen, "--against", str(tmp_path / "now.json")]) == 0
    assert "beside `click`" in capsys.readouterr().out


def test_requests_go_to_measured_api(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ["plan-1000", "apply-16", "fleet-drift-2000"]
    assert benchmarks.main([*chosen, "--scale", "0.003", "--runs", "1"]) == 0
    assert capsys.readouterr().out.count("times the bound") == 2


def test_unknown_row_is_refused() -> None:
    with pytest.raises(SystemExit):
        benchmarks.main(["fast"])


def test_absent_opentofu_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert not opentofu.is_there()
    assert "not on the PATH" in opentofu.describe()


def test_row_names_are_unique() -> None:
    names = [row.name for row in rows()]
    assert len(set(names)) == len(names)
