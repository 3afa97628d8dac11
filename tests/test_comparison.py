"""Two versions are compared over their whole output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import comparison

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_difference_in_output_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--before", "HEAD", "--mutated", "1", "--organizations", "1", "--size", "3"]
    monkeypatch.setattr(comparison, "FORMATS", ("json",))
    recorded = comparison._recorded

    def altered(tree: Path, folder: Path, name: str) -> dict[str, list[object]]:
        given = recorded(tree, folder, name)
        return {**given, "files json": [0]} if name == "b" else given

    monkeypatch.setattr(comparison, "_recorded", altered)
    assert comparison.main(few) == 1
    said = capsys.readouterr().out
    assert said.startswith("DIFFERS files json\n  before: [0]\n")
    assert said.endswith("1 organizations of 3: 1 differ\n")
