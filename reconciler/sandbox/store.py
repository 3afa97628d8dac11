"""The SQLite file that holds an organization's audiences, for any number of threads and processes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.errors import FileError
from reconciler.sandbox.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# Marks the file as ours, so that no other database is ever written to.
APPLICATION_ID = 0x41756453
# The columns of TABLE, whose order the statements below rely on.
LAYOUT = 1
BUSY_SECONDS = 30.0
TABLE = """
    CREATE TABLE audience (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        config TEXT NOT NULL,
        audience_size INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        last_refreshed_at TEXT
    )
"""


class Audiences:
    """The audiences within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self) -> list[Record]:
        """Return the records in the order in which they were made."""
        return [_record(row) for row in self._connection.execute("SELECT * FROM audience ORDER BY position")]

    def get(self, audience_id: str) -> Record | None:
        query = "SELECT * FROM audience WHERE id = ?"
        row = self._connection.execute(query, (audience_id,)).fetchone()
        return _record(row) if row else None

    def count_active(self) -> int:
        (count,) = self._connection.execute(
            "SELECT count(*) FROM audience WHERE status = 'active'"
        ).fetchone()
        return int(count)

    def add(self, record: Record) -> None:
        self._connection.execute(
            "INSERT INTO audience VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (record.id, *_values(record), record.created_at, record.updated_at, record.last_refreshed_at),
        )

    def replace(self, record: Record) -> None:
        self._connection.execute(
            "UPDATE audience SET name = ?, status = ?, config = ?, audience_size = ?, updated_at = ?"
            " WHERE id = ?",
            (*_values(record), record.updated_at, record.id),
        )

    def remove(self, audience_id: str) -> None:
        self._connection.execute("DELETE FROM audience WHERE id = ?", (audience_id,))


def _values(record: Record) -> tuple[str, str, str, int]:
    return record.name, record.status, json.dumps(record.config), record.audience_size


def _record(row: tuple[Any, ...]) -> Record:
    position, audience_id, name, status, config, size, created_at, updated_at, refreshed_at = row
    return Record(
        audience_id, name, status, json.loads(config), size, created_at, updated_at, refreshed_at, position
    )


class Store:
    """One file; a connection lives for one operation, so a store may be used from any thread."""

    def __init__(self, database: Path, fresh: Iterable[Record]) -> None:
        """Open the file; where there is none, make it with `fresh` in it, whole or not at all.

        Raises FileError when it cannot be used, as `reading` and `writing` do.
        """
        self._database = database.absolute()
        try:
            self._database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        with self._transaction() as connection:
            if self._is_new(connection):
                connection.execute(TABLE)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {LAYOUT}")
                for record in fresh:
                    Audiences(connection).add(record)

    @contextmanager
    def reading(self) -> Iterator[Audiences]:
        with self._connected() as connection:
            yield Audiences(connection)

    @contextmanager
    def writing(self) -> Iterator[Audiences]:
        """Give the audiences to this one writer, until the block ends; an exception undoes all of it."""
        with self._transaction() as connection:
            yield Audiences(connection)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as connection, connection:
            # The lock comes before the first read: what is decided on what was read cannot be overtaken.
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(self._database, timeout=BUSY_SECONDS, isolation_level=None)
            ) as connection:
                yield connection
        except sqlite3.Error as error:
            raise self._unusable(str(error)) from error

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not (mark or layout or tables):
            return True
        if (mark, layout) != (APPLICATION_ID, LAYOUT):
            raise self._unusable("it is not a database that this sandbox made")
        return False

    def _unusable(self, reason: str) -> FileError:
        summary = f"{self._database}: the sandbox cannot use this file: {reason}"
        return FileError(summary, "Name another file, or delete it to start afresh")
