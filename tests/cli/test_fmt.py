"""`reconciler fmt`: what it writes, what it only shows, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import without_privileges
from tests.cli.organization import CHANGING, STEADY

if TYPE_CHECKING:
    from tests.cli.organization import Project

ODD = f"name: 'Chiefs'   # ours\nid: {CHANGING}\n"
EVEN = f"id: {CHANGING}\nname: Chiefs   # ours\n"
OTHER = f"id: {STEADY}\nname: Security leads\n"


@pytest.fixture
def written(project: Project) -> Project:
    for file in project.definitions.iterdir():
        file.unlink()
    (project.definitions / "odd.yaml").write_text(ODD)
    (project.definitions / "even.yaml").write_text(OTHER)
    return project


def test_files_are_written_once(written: Project) -> None:
    said = written.run("fmt")

    assert (said.code, said.out, said.err) == (0, "Formatted audiences.d/odd.yaml\n", "")
    assert (written.definitions / "odd.yaml").read_text() == EVEN
    assert written.run("fmt", "--check").out == "2 definitions, all in canonical form.\n"


DIFF = f"""--- a/audiences.d/odd.yaml
+++ b/audiences.d/odd.yaml
@@ -1,2 +1,2 @@
-name: 'Chiefs'   # ours
 id: {CHANGING}
+name: Chiefs   # ours
"""


@pytest.mark.parametrize(
    ("options", "code", "out"),
    [
        (["--check"], 2, "Would format audiences.d/odd.yaml\n"),
        (["--diff"], 0, DIFF),
        (["--check", "--diff"], 2, DIFF),
        (["--check", "audiences.d/even.yaml"], 0, "1 definition, all in canonical form.\n"),
    ],
)
def test_check_and_diff_write_nothing(written: Project, options: list[str], code: int, out: str) -> None:
    said = written.run("fmt", *options)

    assert (said.code, said.out) == (code, out)
    assert (written.definitions / "odd.yaml").read_text() == ODD


def test_topics_get_names_of_catalogue(written: Project) -> None:
    topics = [{"id": 117801, "name": "CRM Software"}, {"id": 117805}]
    catalogue = {
        "format_version": "1.0",
        "generation": 1,
        "status": "catalog",
        "filters": {},
        "topics": topics,
    }
    (written.folder / "catalogue.json").write_text(json.dumps({**catalogue, "topics": topics}))
    (written.definitions / "odd.yaml").write_text(f"{EVEN}config: {{topicIds: [117805, 117801]}}\n")

    assert written.run("fmt").code == 0
    topics_written = "config:\n  topicIds:\n    - 117801  # CRM Software\n    - 117805\n"
    assert (written.definitions / "odd.yaml").read_text() == EVEN + topics_written


def test_missing_last_line_end_is_shown(written: Project) -> None:
    (written.definitions / "odd.yaml").write_text(EVEN.rstrip())

    assert (
        "-name: Chiefs   # ours\n\\ No newline at end of file\n+name: Chiefs"
        in written.run("fmt", "--diff").out
    )


def test_invalid_definition_stops_all(written: Project) -> None:
    (written.definitions / "bad.yaml").write_text("id: x\n")

    said = written.run("fmt")

    assert (said.code, said.out) == (1, "")
    assert "audiences.d/bad.yaml:1:" in said.err
    assert (written.definitions / "odd.yaml").read_text() == ODD


def test_file_that_cannot_be_written_is_named(written: Project) -> None:
    written.definitions.chmod(0o500)
    said = written.run("fmt", through=without_privileges())
    written.definitions.chmod(0o700)

    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "Error: audiences.d/odd.yaml cannot be written: Permission denied. Check that you may write it.\n"
    )
