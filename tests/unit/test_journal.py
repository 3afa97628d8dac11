from __future__ import annotations

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

MEND = "Make room, or name a file that can be written; without a durable journal nothing is sent"


def records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a journal, whose every line is one."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def keep(path: Path, *kept: dict[str, Json]) -> None:
    with Journal(str(path)) as journal:
        for record in kept:
            journal.write(record)


def test_each_record_is_a_line_with_the_time(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    keep(path, {"event": "intent", "name": "Grüße\n"}, {"event": "outcome"})
    first, second = records(path)

    assert list(first) == ["time", "event", "name"]
    assert first["name"] == "Grüße\n"
    assert second["event"] == "outcome"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first["time"])


def test_it_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    keep(path, {"event": "first"})
    keep(path, {"event": "second"})

    assert [record["event"] for record in records(path)] == ["first", "second"]


def test_two_may_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(str(path)) as one, Journal(str(path)) as other:
        for number in range(3):
            one.write({"number": number})
            other.write({"number": number})

    assert [record["number"] for record in records(path)] == [0, 0, 1, 1, 2, 2]


def test_a_record_that_a_crash_cut_off_does_not_take_the_next_with_it(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text('{"event": "int')
    keep(path, {"event": "after"})
    torn, whole = path.read_text().splitlines()

    assert torn == '{"event": "int'
    assert json.loads(whole)["event"] == "after"


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_only_its_owner_may_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        keep(tmp_path / "journal", {})
    finally:
        os.umask(before)

    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600


def test_only_its_owner_may_read_it_though_it_was_open_to_all(tmp_path: Path) -> None:
    (tmp_path / "journal").touch(0o666)
    (tmp_path / "journal").chmod(0o666)
    keep(tmp_path / "journal")

    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600


def refused(path: Path, reason: str) -> None:
    with pytest.raises(FileError) as caught:
        Journal(str(path))
    assert caught.value.summary == f"the journal {path} cannot be written: {reason}"
    assert caught.value.detail == MEND


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "target").chmod(0o644)
    (tmp_path / "journal").symlink_to(tmp_path / "target")

    refused(tmp_path / "journal", "it is a symbolic link")
    assert (tmp_path / "target").read_text() == "mine"
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("is_read", [False, True])
def test_what_keeps_nothing_is_refused_and_left_as_it_is(tmp_path: Path, *, is_read: bool) -> None:
    os.mkfifo(tmp_path / "journal", 0o644)
    reader = os.open(tmp_path / "journal", os.O_RDONLY | os.O_NONBLOCK) if is_read else None

    refused(tmp_path / "journal", "it is not a regular file")
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o644
    if reader is not None:
        os.close(reader)


def test_a_folder_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    refused(tmp_path, "Is a directory")
    refused(tmp_path / "nowhere" / "journal", "No such file or directory")


def test_a_disk_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with Journal(str(tmp_path / "journal")) as journal:
        pass
    with pytest.raises(FileError, match="cannot be written: Bad file descriptor"):
        journal.write({})


# A limit on the size of files is a disk that is full at a byte of our choice.
_FULL = """
import resource, sys
from reconciler.errors import FileError
from reconciler.journal import Journal
path, room = sys.argv[1], int(sys.argv[2])
most = 8 * 1024 * 1024
with open(path, "wb") as file:
    file.truncate(most - room)
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


@pytest.mark.parametrize(
    ("room", "first"), [(0, "cannot be written: File too large"), (20, "took only a part of a record")]
)
def test_a_full_disk_is_an_error_and_the_journal_goes_on_after_it(
    tmp_path: Path, room: int, first: str
) -> None:
    path = tmp_path / "journal"
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(path), str(room)],
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
    assert json.loads(path.read_bytes().rpartition(b"\n{")[2].join([b"{", b""]))["event"] == "after"
