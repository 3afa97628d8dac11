"""What stands between a value and a file: a file that moved meanwhile, and a proof that does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import definitions, schema
from reconciler.api.audiences import LiveState
from reconciler.app import adopting, restoring, rewriting
from reconciler.errors import FileError
from reconciler.model import Audience
from reconciler.plan import FieldChange
from reconciler.plan.file_change import FileChange
from tests.unit.strategies import UUIDS, normal

if TYPE_CHECKING:
    from reconciler.model import Definition

TEXT = f"id: {UUIDS[0]}\nname: Ann\n"
LIVE = LiveState({UUIDS[0]: Audience(UUIDS[0], normal({"name": "Bo"}))}, (), 0, 1)
SAVED = restoring.Applied(UUIDS[0], "Ann", {"name": "Cy"}, {"name": "Bo"})


@pytest.fixture
def definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Definition:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(TEXT)
    return definitions.load(["a.yaml"]).definitions[0]


@pytest.mark.parametrize(
    ("content", "problem"),
    [(TEXT.replace("Ann", "Eve"), "changed while it was read"), (None, "there is no such file")],
)
def test_file_that_says_something_else_is_refused(
    definition: Definition, content: str | None, problem: str
) -> None:
    if content is None:
        Path("a.yaml").unlink()
    else:
        Path("a.yaml").write_text(content)

    with pytest.raises(FileError, match=problem):
        rewriting.rewrite(definition, [FieldChange("name", "Ann", "Bo")], schema.rules(), None)


def test_change_that_proves_nothing_is_no_change(
    definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_effect(*_: Any) -> tuple[FileChange, Definition]:
        return FileChange("a.yaml", "Ann", b"", b""), definition

    monkeypatch.setattr(rewriting, "rewrite", without_effect)
    adopted = adopting.adopt([definition], LIVE, None, None)
    restored = restoring.restore([definition], LIVE, [SAVED], None, is_forced=False)

    assert (adopted.changes, restored.changes) == ((), ())
    assert "name would still differ from what is live" in adopted.diagnostics[0].summary
    assert "name would not be as before" in restored.diagnostics[0].summary


def test_value_that_no_file_can_hold_is_left(definition: Definition) -> None:
    before: dict[str, Any] = {"name": "Cy", "config": {"topicIds": [1], "x": 1}}
    after: dict[str, Any] = {"name": "Bo", "config": {"topicIds": [1], "x": 2}}
    live = LiveState({UUIDS[0]: Audience(UUIDS[0], normal(after))}, (), 0, 1)
    saved = restoring.Applied(UUIDS[0], "Ann", before, after)

    (change,) = restoring.restore([definition], live, [saved], None, is_forced=False).changes

    assert change.after.decode() == TEXT.replace("Ann", "Cy")
