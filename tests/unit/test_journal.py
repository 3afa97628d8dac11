from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import FileError
from reconciler.journal import Journal
from tests.cli.command import SECONDS, environment

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Json

FIX = "Make room, or name a file that can be written; without a durable journal nothing is sent"


def records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a journal, whose every line is one."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, *entries: dict[str, Json]) -> None:
    with Journal(str(path)) as journal:
        for record in entries:
            journal.write(record)


def test_each_record_is_a_line_with_the_time(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, {"event": "intent", "name": "Grüße\n"}, {"event": "outcome"})
    first, second = records(path)

    assert list(first) == ["time", "event", "name"]
    assert first["name"] == "Grüße\n"
    assert second["event"] == "outcome"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first["time"])


def test_journal_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, {"event": "first"})
    write(path, {"event": "second"})

    assert [record["event"] for record in records(path)] == ["first", "second"]


def test_two_journals_may_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(str(path)) as one, Journal(str(path)) as other:
        for number in range(3):
            one.write({"number": number})
            other.write({"number": number})

    assert [record["number"] for record in records(path)] == [0, 0, 1, 1, 2, 2]


def test_record_after_a_torn_one_starts_a_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text('{"event": "int')
    write(path, {"event": "after"})
    torn, whole = path.read_text().splitlines()

    assert torn == '{"event": "int'
    assert json.loads(whole)["event"] == "after"


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_only_owner_may_read_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "journal", {})
    finally:
        os.umask(before)

    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600


def test_open_permissions_are_narrowed_to_the_owner(tmp_path: Path) -> None:
    (tmp_path / "journal").touch(0o666)
    (tmp_path / "journal").chmod(0o666)
    write(tmp_path / "journal")

    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600


def refused(path: Path, reason: str) -> None:
    with pytest.raises(FileError) as caught:
        Journal(str(path))
    assert caught.value.summary == f"the journal {path} cannot be written: {reason}"
    assert caught.value.detail == FIX


def test_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "target").chmod(0o644)
    (tmp_path / "journal").symlink_to(tmp_path / "target")

    refused(tmp_path / "journal", "it is a symbolic link")
    assert (tmp_path / "target").read_text() == "mine"
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("is_read", [False, True])
def test_fifo_is_refused_and_left_as_it_is(tmp_path: Path, *, is_read: bool) -> None:
    os.mkfifo(tmp_path / "journal", 0o644)
    reader = os.open(tmp_path / "journal", os.O_RDONLY | os.O_NONBLOCK) if is_read else None

    refused(tmp_path / "journal", "it is not a regular file")
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o644
    if reader is not None:
        os.close(reader)


def test_folder_and_missing_folder_are_refused(tmp_path: Path) -> None:
    refused(tmp_path, "Is a directory")
    refused(tmp_path / "nowhere" / "journal", "No such file or directory")


def test_closed_file_is_an_error(tmp_path: Path) -> None:
    with Journal(str(tmp_path / "journal")) as journal:
        pass
    with pytest.raises(FileError, match="cannot be written: Bad file descriptor"):
        journal.write({})


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Record each fsync: of which inode, and its size at that moment."""
    calls: list[tuple[int, int]] = []
    fsync = os.fsync

    def recording(descriptor: int) -> None:
        status = os.fstat(descriptor)
        calls.append((status.st_ino, status.st_size))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recording)
    return calls


def test_each_record_is_synced_once_it_is_written(tmp_path: Path, synced: list[tuple[int, int]]) -> None:
    path = tmp_path / "journal"
    with Journal(str(path)) as journal:
        for count in (1, 2):
            synced.clear()
            journal.write({"event": "intent"})
            assert synced == [(path.stat().st_ino, path.stat().st_size)]
            assert len(records(path)) == count


def test_folder_is_synced_before_the_first_record(tmp_path: Path, synced: list[tuple[int, int]]) -> None:
    with Journal(str(tmp_path / "journal")) as journal:
        assert [inode for inode, _ in synced] == [tmp_path.stat().st_ino]
        journal.write({})
        journal.write({})

    assert [inode for inode, _ in synced].count(tmp_path.stat().st_ino) == 1


def test_record_that_cannot_be_synced_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Journal(str(tmp_path / "journal")) as journal:
        monkeypatch.setattr(os, "fsync", failing)
        with pytest.raises(FileError, match="cannot be written: Input/output error"):
            journal.write({})


# A limit on the size of files is a disk that is full at a byte of our choice.
_FULL = """
import resource, sys
from reconciler.errors import FileError
from reconciler.journal import Journal
path, room, end = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
most = 8 * 1024 * 1024
with open(path, "wb") as file:
    file.seek(most - room - len(end))
    file.write(end)
with Journal(path) as journal:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    for _ in range(2):
        try:
            journal.write({"event": "intent"})
        except FileError as error:
            print(error.summary.replace(path, "PATH"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most * 2, resource.RLIM_INFINITY))
    journal.write({"event": "after"})
"""


@pytest.mark.parametrize("end", ["whole\n", "torn"])
@pytest.mark.parametrize(
    ("room", "first"), [(0, "cannot be written: File too large"), (20, "took only a part of a record")]
)
def test_record_after_a_full_disk_starts_a_line(tmp_path: Path, room: int, first: str, end: str) -> None:
    path = tmp_path / "journal"
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(path), str(room), end],
        env=environment(),
        capture_output=True,
        timeout=SECONDS,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == [
        f"the journal PATH {first}",
        "the journal PATH cannot be written: File too large",
    ]
    assert json.loads(path.read_bytes().splitlines()[-1])["event"] == "after"
