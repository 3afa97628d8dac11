"""Files replaced in one step: what is refused, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.replacing import replace
from reconciler.errors import FileError
from tests.cli.command import ROOT, without_privileges

if TYPE_CHECKING:
    from pathlib import Path


def names(file: Path) -> list[str]:
    return [path.name for path in file.parent.iterdir()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "a.yaml"
    found.write_bytes(b"before")
    found.chmod(0o640)
    return found


def test_content_is_replaced_and_mode_kept(file: Path) -> None:
    replace(str(file), b"before", b"after")

    assert file.read_bytes() == b"after"
    assert file.stat().st_mode & 0o7777 == 0o640
    assert names(file) == ["a.yaml"]


def linked(file: Path) -> None:
    file.rename(file.parent / "b")
    file.symlink_to("b")


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("meanwhile", "problem"),
    [
        (lambda file: file.write_bytes(b"others"), "changed while it was read"),
        (lambda file: file.write_bytes(b""), "changed while it was read"),
        (linked, "is a symbolic link, which is not followed"),
        (folder, "is a folder, not a regular file"),
        (pipe, "is a named pipe, not a regular file"),
        (lambda file: file.unlink(), "there is no such file or folder"),
    ],
)
def test_file_that_changed_is_refused(file: Path, meanwhile: object, problem: str) -> None:
    assert callable(meanwhile)
    meanwhile(file)
    before = names(file)

    with pytest.raises(FileError, match=problem):
        replace(str(file), b"before", b"after")

    assert names(file) == before


def test_folder_that_takes_nothing_is_named(file: Path) -> None:
    file.parent.chmod(0o500)
    statement = (
        f"from reconciler.definitions.replacing import replace; replace({str(file)!r}, b'before', b'x')"
    )
    command = [*without_privileges(), sys.executable, "-c", statement]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    file.parent.chmod(0o700)

    assert "a.yaml cannot be written: Permission denied" in done.stderr
    assert file.read_bytes() == b"before"


def test_kill_leaves_no_half_written_file(file: Path) -> None:
    statements = f"""
from reconciler.definitions.replacing import replace
first, second = b"a" * 200_000, b"b" * 200_000
replace({str(file)!r}, b"before", first)
print(flush=True)
while True:
    replace({str(file)!r}, first, second)
    first, second = second, first
"""
    for _ in range(2):
        file.write_bytes(b"before")
        with subprocess.Popen(
            [sys.executable, "-c", statements], cwd=ROOT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGKILL)

        assert file.read_bytes() in {b"a" * 200_000, b"b" * 200_000}
        # What was under way is hidden, so that it is no definition.
        assert all(name.startswith(".") for name in names(file) if name != "a.yaml")
