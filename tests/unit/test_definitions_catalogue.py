from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler import definitions
from reconciler.model import Catalogue, Filter
from tests.unit.strategies import UUIDS

if TYPE_CHECKING:
    from pathlib import Path

FILTERS = {"role.seniority": Filter(values=("vp",)), "role.isCeo": Filter()}


@pytest.mark.parametrize(
    ("config", "codes"),
    [
        ("3", {"wrong-type"}),
        ("{topicIds: 3, filters: []}", {"wrong-type"}),
        ("{topicIds: [a], filters: {role.seniority: {values: [3]}}}", {"wrong-type"}),
        ("{topicIds: [1], filters: {role.isCio: true}}", {"unknown-key"}),
        ("{topicIds: [1], filters: {role.seniority: vp, role.isCeo: true}}", {"wrong-type"}),
        ("{topicIds: [2], filters: {role.seniority: {values: [vpp]}}}", {"unknown-topic", "unknown-value"}),
    ],
)
def test_what_the_schema_refuses_is_said_once(tmp_path: Path, config: str, codes: set[str]) -> None:
    (tmp_path / "a.yaml").write_text(f"id: {UUIDS[0]}\nname: a\nconfig: {config}\n")
    found = definitions.load([str(tmp_path)], Catalogue(2, FILTERS, {1: "One", 2: None}))

    assert {one.code for one in found.diagnostics} == codes
