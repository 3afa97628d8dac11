"""What a command does not use is not imported: numbers of modules, which no busy machine moves."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = "id: 6fb81599-f601-4afe-b3ff-e8a211cae27d\nname: x\n"
# Runs the command line and prints, as the last line of stderr, what it imported.
PROGRAM = """
import json, sys
from reconciler.entry_point import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def imported(command: str, cwd: Path) -> set[str]:
    """Return the modules that a command has imported at its end."""
    (cwd / "audiences.d").mkdir()
    (cwd / "audiences.d" / "a.yaml").write_text(SAMPLE, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, command], capture_output=True, text=True, check=False, cwd=cwd
    )
    assert done.returncode in {0, 1}
    return set(json.loads(done.stderr.splitlines()[-1]))


def bare() -> set[str]:
    """Return what click alone imports, and the Python that it runs in (under coverage, too)."""
    program = "import json, sys, click\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


HEAVY = {
    "asyncio",
    "deepdiff",
    "httpx",
    "jsonschema",
    "logging",
    "yaml",
    "reconciler.plan.model",
    "subprocess",
}


@pytest.mark.parametrize(
    ("command", "most", "unused"),
    [
        ("--help", 26, HEAVY),
        ("--version", 16, HEAVY),
        ("validate", 100, HEAVY - {"yaml", "logging"}),
        ("plan", 280, {"rich", "jsonschema", "deepdiff", "reconciler.render.markdown"}),
    ],
)
def test_command_imports_what_it_uses(command: str, most: int, unused: set[str], tmp_path: Path) -> None:
    new = imported(command, cwd=tmp_path) - bare()
    assert not new & unused
    assert len(new) <= most, sorted(new)
