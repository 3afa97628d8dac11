"""The package as people install it: built, put into an empty environment, and used away from its source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import ROOT, Said

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "reconciler", "schemas")
NO_SANDBOX = (
    "Error: the embedded API is not installed. "
    'Run pip install "audience-reconciler[sandbox]" (in a checkout of it, pip install ".[sandbox]").\n'
)
NO_FLEET = (
    "Error: the engine dbos is not installed. "
    'Run pip install "audience-reconciler[fleet]" (in a checkout of it, pip install ".[fleet]"), '
    "or use --engine local.\n"
)
_OURS = ("PYTHON", "LEADPIPE_", "GITHUB_")


def call(*command: str | Path, cwd: Path, code: int = 0) -> Said:
    """Run a command that knows nothing of this environment, as a step of a job; return what it says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    environment = kept | {"GITHUB_REPOSITORY": "acme/audiences"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def pip(*arguments: str | Path, cwd: Path) -> None:
    call(sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments, cwd=cwd)


def built(scratch: Path) -> Path:
    """Build the wheel from a copy of what it needs."""
    for name in SOURCES:
        source, copy = ROOT / name, scratch / "source" / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", scratch / "dist")
    pip("wheel", *options, scratch / "source", cwd=scratch)
    shutil.rmtree(scratch / "source")
    (wheel,) = (scratch / "dist").iterdir()
    return wheel


def lock(name: str) -> tuple[str | Path, ...]:
    return ("--require-hashes", "--requirement", ROOT / "requirements" / f"{name}.txt")


def test_the_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    names = set(zipfile.ZipFile(built(tmp_path)).namelist())
    assert {f"reconciler/schemas/{path.name}" for path in (ROOT / "schemas").iterdir()} <= names
    assert {"reconciler/sandbox/seed.json", "reconciler/__main__.py"} <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"reconciler"}


@pytest.mark.slow
def test_the_plain_package_works_and_names_its_extra(tmp_path: Path) -> None:
    programs, project = tmp_path / "empty" / "bin", tmp_path / "project"
    venv.create(programs.parent, symlinks=True)
    install = partial(pip, "--python", programs / "python", "install", "--quiet", cwd=tmp_path)
    reconciler = partial(call, programs / "reconciler", cwd=project)
    shutil.copytree(ROOT / "audiences.d", project / "audiences.d")

    install(*lock("plain"))
    install("--no-deps", built(tmp_path))
    place = call(programs / "python", "-c", "import reconciler; print(reconciler.__file__)", cwd=project)
    assert place.out.startswith(str(tmp_path / "empty"))
    assert "all valid" in reconciler("validate").out

    apply = ("apply", "--sandbox", "--auto-approve")
    for command in (("plan", "--sandbox"), apply, ("sandbox", "serve")):
        assert reconciler(*command, code=1) == Said(1, "", NO_SANDBOX)
    assert "the embedded API is not installed" in reconciler("github", "drift", "--sandbox", code=1).out
    for asked in (("worker",), ("status",), ("apply", "--engine", "dbos", "--auto-approve")):
        assert reconciler("fleet", *asked, code=1) == Said(1, "", NO_FLEET)
    for command, schema in ((("plan", "--sandbox"), "plan"), (apply, "apply-result")):
        said = reconciler(*command, "--format", "json", code=1)
        (diagnostic,) = said.document(schema)["diagnostics"]
        assert NO_SANDBOX == f"Error: {diagnostic['summary']}. {diagnostic['detail']}.\n" == said.err

    install(*lock("run"))
    assert "Plan: " in reconciler("plan", "--sandbox", "--detailed-exitcode", code=2).out
    module = (programs / "python", "-m", "reconciler")
    assert "Apply complete: " in call(*module, *apply, cwd=project).out
