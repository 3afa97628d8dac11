"""The package as people install it: built, put into an empty environment, and used away from its source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from typing import TYPE_CHECKING

from tests.cli.command import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "reconciler", "schemas")


def call(*command: str | Path, cwd: Path, code: int = 0) -> str:
    """Run a command that knows nothing of this environment, and return what it says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LEADPIPE_"))}
    done = subprocess.run(
        command, cwd=cwd, env=kept, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def built(scratch: Path) -> Path:
    """Build the wheel from a copy of what it needs."""
    for name in SOURCES:
        source, copy = ROOT / name, scratch / "source" / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps")
    call(*pip, "--wheel-dir", scratch / "dist", scratch / "source", cwd=scratch)
    shutil.rmtree(scratch / "source")
    (wheel,) = (scratch / "dist").iterdir()
    return wheel


def installed(wheel: Path, scratch: Path) -> Path:
    """Install the wheel and what it depends on into an environment that has nothing; return its programs."""
    venv.create(scratch / "empty", symlinks=True)
    programs = scratch / "empty" / "bin"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", programs / "python")
    call(*pip, "install", "--quiet", wheel, cwd=scratch)
    return programs


def test_the_wheel_works_away_from_its_source(tmp_path: Path) -> None:
    wheel = built(tmp_path)
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {f"reconciler/schemas/{path.name}" for path in (ROOT / "schemas").iterdir()} <= names
    assert {"reconciler/sandbox/seed.json", "reconciler/__main__.py"} <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"reconciler"}

    programs, project = installed(wheel, tmp_path), tmp_path / "project"
    shutil.copytree(ROOT / "audiences.d", project / "audiences.d")
    place = call(programs / "python", "-c", "import reconciler; print(reconciler.__file__)", cwd=project)

    assert place.startswith(str(tmp_path / "empty"))
    assert "all valid" in call(programs / "reconciler", "validate", cwd=project)
    assert "Plan: " in call(
        programs / "reconciler", "plan", "--sandbox", "--detailed-exitcode", cwd=project, code=2
    )
    assert "Apply complete: " in call(
        programs / "python", "-m", "reconciler", "apply", "--sandbox", "--auto-approve", cwd=project
    )
