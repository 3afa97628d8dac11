"""Saved plans that are small as files and large as work: each part is gone through once."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.app import saved_files
from reconciler.errors import FileError
from reconciler.render import json_output
from tests.unit import reviews

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHANGE: dict[str, Any] = json.loads(json_output.plan(reviews.swap()))["changes"][0]
EDITED = "the plan's content does not match its digest"


def long_volatile() -> dict[str, Any]:
    before = {f"k{number}": 1 for number in range(20_000)}
    return {"changes": [{**CHANGE, "before": before}], "volatile": [f"v{number}" for number in range(20_000)]}


def long_origin() -> dict[str, Any]:
    return {"changes": [CHANGE] * 500, "origin": "x" * 500_000}


def deep_list() -> dict[str, Any]:
    value: Any = [1] * 150_000
    for _ in range(40):
        value = [value, 0]
    return {"changes": [{**CHANGE, "patch": {"config": value}}]}


@pytest.mark.parametrize(
    ("parts", "reason"),
    [(long_volatile, "volatile: "), (long_origin, "origin: "), (deep_list, EDITED)],
    ids=["volatile", "origin", "nesting"],
)
def test_large_part_takes_little_time(
    tmp_path: Path, parts: Callable[[], dict[str, Any]], reason: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({**json.loads(json_output.plan(reviews.swap())), **parts()}))
    started = time.process_time()

    with pytest.raises(FileError) as refused:
        saved_files.read(str(file))

    assert time.process_time() - started < 2
    assert reason in refused.value.summary
    assert len(refused.value.summary) < 300 + len(str(file))


@pytest.mark.parametrize(
    ("text", "reason"),
    [(" " * (saved_files.MAX_BYTES + 1), "is over 10 MiB"), ("{" * 50_001, "holds over 50,000 objects")],
    ids=["bytes", "objects"],
)
def test_too_large_file_is_refused_unread(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(FileError, match=reason):
        saved_files.read_plan(str(tmp_path / "plan.json"))
