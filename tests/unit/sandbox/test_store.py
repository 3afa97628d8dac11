"""The file behind the sandbox: seeded once, kept between processes, and never another program's."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import FileError
from reconciler.sandbox.app import create_app
from reconciler.sandbox.options import Options
from reconciler.sandbox.organization import Organization, fresh_records
from reconciler.sandbox.store import Store
from tests.unit.sandbox.calls import MARKETING, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.sandbox.record import Record

OPEN = """
import sys
from pathlib import Path
from reconciler.sandbox.app import create_app
print("started", flush=True)
sys.stdin.readline()
create_app(Path(sys.argv[1]))
"""


def _execute(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def test_first_use_creates_file_and_private_folder(database: Path) -> None:
    create_app(database)

    assert database.is_file()
    assert database.parent.stat().st_mode & 0o777 == 0o700


def test_processes_that_start_at_once_seed_once(database: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(database)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]

    assert ends == [("", 0)] * 4
    with served(create_app(database)) as api:
        assert len({item["id"] for item in api.get().data}) == len(api.get().data) == 17


def test_a_state_outlives_the_app_that_made_it(database: Path) -> None:
    with served(create_app(database)) as api:
        api.patch(MARKETING, {"name": "Kept"})
    with served(create_app(database, generation=2, config_semantics="merge", slots=3)) as api:
        assert api.get(f"/{MARKETING}").data["name"] == "Kept"


def test_an_app_sees_what_another_one_changes(database: Path) -> None:
    with served(create_app(database)) as one, served(create_app(database, generation=2)) as other:
        one.patch(MARKETING, {"name": "Seen"})

        assert other.get(f"/{MARKETING}").data["name"] == "Seen"


def test_a_seed_that_fails_leaves_nothing_behind(database: Path) -> None:
    def broken() -> Iterator[Record]:
        yield from list(fresh_records())[:3]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Store(database, broken())

    with Store(database, fresh_records()).reading() as audiences:
        assert len(audiences.all()) == 17


def test_an_empty_file_is_seeded(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()

    with Store(tmp_path / "empty.sqlite", fresh_records()).reading() as audiences:
        assert len(audiences.all()) == 17


def test_a_relative_path_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(database.relative_to(tmp_path), fresh_records())
    monkeypatch.chdir("/")

    with store.reading() as audiences:
        assert len(audiences.all()) == 17


def _text(path: Path) -> None:
    path.write_text("name,status\n" * 200, encoding="utf-8")


def _foreign(path: Path) -> None:
    _execute(path, "CREATE TABLE invoices (id)")


def _marked(path: Path) -> None:
    _execute(path, "PRAGMA application_id = 7")


def _newer(path: Path) -> None:
    create_app(path)
    _execute(path, "PRAGMA user_version = 2")


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [_text, _foreign, _marked, _newer, _folder])
def test_non_sandbox_file_is_refused_and_left_unchanged(tmp_path: Path, make: object) -> None:
    path = tmp_path / "other.sqlite"
    assert callable(make)
    make(path)
    before = path.is_dir() or path.read_bytes()

    with pytest.raises(FileError) as caught:
        create_app(path)

    assert str(path) in caught.value.summary
    assert "delete it to start afresh" in caught.value.detail
    assert (path.is_dir() or path.read_bytes()) == before


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FileError, match="the sandbox cannot use this file"):
        create_app(tmp_path / "file" / "api.sqlite")


def test_database_corrupted_while_serving_is_a_server_error(database: Path) -> None:
    with served(create_app(database)) as api:
        database.write_bytes(b"nothing like a database" * 100)

        assert api.get().error == (500, "INTERNAL_ERROR")
        assert api.patch(MARKETING, {"name": "x"}).error == (500, "INTERNAL_ERROR")
        assert str(database) in api.get().message


def test_updated_at_increases_when_clock_is_set_back(database: Path) -> None:
    organization = Organization(Store(database, fresh_records()), Options())
    _execute(database, "UPDATE audience SET updated_at = '2999-12-31T23:59:59.999Z'")

    assert organization.update(MARKETING, {"name": "x"}).updated_at == "3000-01-01T00:00:00.000Z"
