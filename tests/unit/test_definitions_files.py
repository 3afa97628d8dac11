"""Which definition files there are below some paths, and which entries cannot be read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from reconciler.definitions import files
from reconciler.errors import Diagnostic


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x", "utf-8")


def found(*paths: str) -> list[str]:
    """Return the files, and for any other entry what is wrong with it."""
    return [
        f"{entry.file}: {entry.summary}" if isinstance(entry, Diagnostic) else str(entry)
        for entry in files.find(paths)
    ]


def problem(name: str) -> str:
    read = files.read(Path(name), 100)
    assert isinstance(read, Diagnostic)
    assert (read.file, read.is_error) == (name, True)
    return f"{read.code}: {read.summary}"


# --- Which there are


def test_definitions_in_all_folders_are_found_sorted() -> None:
    touch("d/b.yaml", "d/a.yml", "d/a/c.yaml", "d/a/deep/er/d.yaml", "d/Z.yaml", "d/A.YAML", "d/é.Yml")
    touch("d/README.md", "d/a.yaml.orig", "d/yaml", "d/a.json", "other.yaml")
    assert found("d") == [
        "d/A.YAML",
        "d/Z.yaml",
        "d/a.yml",
        "d/a/c.yaml",
        "d/a/deep/er/d.yaml",
        "d/b.yaml",
        "d/é.Yml",
    ]


def test_hidden_entries_and_editors_locks_are_none() -> None:
    touch("d/a.yaml", "d/.git/b.yaml", "d/.hidden.yaml", "d/e/.c.yaml.swp", "d/#a.yaml#", "d/a.yaml~")
    Path("d/.#a.yaml").symlink_to("ana@laptop.1234:1")
    assert found("d") == ["d/a.yaml"]
    assert found("d/.hidden.yaml", "d/.git") == ["d/.git/b.yaml", "d/.hidden.yaml"]


def test_named_file_needs_no_suffix() -> None:
    touch("a.txt")
    assert found("a.txt") == ["a.txt"]


def test_file_in_several_spellings_is_found_once() -> None:
    touch("d/a.yaml", "d/e/b.yaml")
    Path("link").symlink_to("d")
    here = str(Path.cwd())
    spellings = [
        "d",
        "./d",
        "d/",
        "d//e",
        "d/a.yaml",
        "d/e/../a.yaml",
        "link/a.yaml",
        f"{here}/d",
        "../here/d",
    ]
    assert found(*spellings) == found(*spellings[::-1]) == ["d/a.yaml", "d/e/b.yaml"]


def test_problem_is_found_once() -> None:
    Path("empty").mkdir()
    Path("d").mkdir()
    Path("d/link").symlink_to("../empty")
    here = str(Path.cwd())
    assert found("empty", "./empty", f"{here}/empty") == ["empty: no definition in this folder"]
    assert found("d", f"{here}/d") == ["d/link"]


def test_link_does_not_hide_its_target() -> None:
    touch("d/b.yaml")
    Path("d/a.yaml").symlink_to("b.yaml")
    assert found("d") == ["d/a.yaml", "d/b.yaml"]


def test_names_shown_alike_are_two_files() -> None:
    Path("d").mkdir()
    for name in (b"d/\xff.yaml", b"d/\\xff.yaml"):
        Path(os.fsdecode(name)).write_text("x", "utf-8")
    entries = files.find(["d"])
    assert [files.shown(entry) for entry in entries if isinstance(entry, str)] == [
        "d/\\xff.yaml",
        "d/\\xff.yaml",
    ]
    assert len(set(entries)) == 2


@pytest.mark.parametrize("name", ["empty", "empty/inner", "."])
def test_folder_without_definitions_is_a_problem(name: str) -> None:
    Path("empty/inner").mkdir(parents=True)
    touch("empty/inner/README.md")
    assert found(name) == [f"{name}: no definition in this folder"]


def test_empty_path_is_not_this_folder() -> None:
    touch("a.yaml")
    (entry,) = files.find([""])
    assert isinstance(entry, Diagnostic)
    assert (entry.code, entry.file) == ("no-path", None)
    assert found("", "a.yaml") == ["None: a path is empty", "a.yaml"]


def test_folder_or_link_named_yaml_is_found() -> None:
    Path("d/folder.yaml").mkdir(parents=True)
    Path("d/link").symlink_to("/")
    Path("d/broken.yaml").symlink_to("nowhere")
    os.mkfifo("d/pipe.yml")
    touch("d/folder.yaml/a.yaml")
    assert found("d") == ["d/broken.yaml", "d/folder.yaml", "d/folder.yaml/a.yaml", "d/link", "d/pipe.yml"]


def test_link_named_as_path_is_not_followed() -> None:
    touch("real/a.yaml")
    Path("audiences.d").symlink_to("real")
    assert found("audiences.d", "audiences.d/") == ["audiences.d"]
    assert problem("audiences.d") == "not-a-file: is a symbolic link, which is not followed"


# --- What is in them


def test_bytes_are_read_up_to_a_size() -> None:
    Path("a").write_bytes(b"\0\xff" * 10)
    assert files.read(Path("a"), 20) == files.read(Path("a"), 21) == b"\0\xff" * 10
    assert files.read(Path("a"), 19) == (b"\0\xff" * 10)[:19]


def test_irregular_file_is_named_by_kind() -> None:
    touch("a.yaml")
    Path("folder.yaml").mkdir()
    for name, target in (("link.yaml", "a.yaml"), ("broken.yaml", "nowhere"), ("loop.yaml", "loop.yaml")):
        Path(name).symlink_to(target)
    os.mkfifo("pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.yaml")
        assert problem("socket.yaml") == "not-a-file: is a socket, not a regular file"
    for name in ("link.yaml", "broken.yaml", "loop.yaml"):
        assert problem(name) == "not-a-file: is a symbolic link, which is not followed"
    assert problem("folder.yaml") == "not-a-file: is a folder, not a regular file"
    assert problem("pipe.yaml") == "not-a-file: is a named pipe, not a regular file"
    for name in ("/dev/zero", "/dev/null"):
        assert problem(name) == "not-a-file: is a device, not a regular file"


def test_unreadable_path_is_a_problem() -> None:
    touch("a.yaml")
    assert problem("none.yaml") == "unreadable: there is no such file or folder"
    assert problem("a.yaml/b.yaml") == "unreadable: cannot be read: Not a directory"
    assert problem("n" * 300) == "unreadable: cannot be read: File name too long"
    assert found("n" * 300, "a.yaml/b") == ["a.yaml/b", "n" * 300]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has a file that fails to be read")
def test_read_error_after_open_is_a_problem() -> None:
    assert problem("/proc/self/mem") == "unreadable: cannot be read: Input/output error"


@pytest.mark.parametrize(("said", "limit", "expected"), [(0, 99, b"abc"), (3, 99, b"abc"), (9, 2, b"ab")])
def test_file_is_read_to_its_end(said: int, limit: int, expected: bytes) -> None:
    Path("a.yaml").write_bytes(b"abc")
    with Path("a.yaml").open("rb") as file:
        assert files._content(file.fileno(), said, limit) == expected
