"""Where durable applies are kept, and what is said of a database that cannot be used.

An address may hold a password, in more than one place: no message quotes any of it.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from sqlite3 import sqlite_version_info
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, SettingsError
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

VARIABLE = "RECONCILER_DATABASE_URL"
DEFAULT = "sqlite:///.reconciler/fleet.sqlite3"
SCHEMA = "reconciler"  # of PostgreSQL, where others may have their tables beside ours
_HAS_FRACTIONS = (3, 42)  # the SQLite whose unixepoch knows 'subsec'; others return NULL for it
_SQLITE, _POSTGRES = "sqlite:///", ("postgresql://", "postgres://")
_HINT = f"Give --database-url or {VARIABLE}: sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"


class DatabaseError(ReconcilerError):
    """The database of the durable applies cannot be reached, or is not what it should be."""

    code = "database"


def address(given: str | None) -> Secret:
    """Return where the database is, by the option, the environment or the default.

    Raises SettingsError, which quotes nothing, for anything but SQLite or PostgreSQL.
    """
    text = given or os.environ.get(VARIABLE) or DEFAULT
    for scheme in _POSTGRES:
        if text.startswith(scheme):
            text = _POSTGRES[0] + text.removeprefix(scheme)
    if not text.startswith((_SQLITE, _POSTGRES[0])) or text == _SQLITE:
        raise SettingsError("the database's address is neither SQLite's nor PostgreSQL's", _HINT)
    try:
        found = Secret(text)
        _parsed(found)
    except ValueError as error:  # of a port, too
        raise SettingsError("the database's address cannot be read", _HINT) from error
    return found


def _parsed(where: Secret) -> None:
    """Raise ValueError unless an address names a database."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        if not make_url(where.reveal()).database:
            raise ValueError("no database is named")
    except ArgumentError as error:
        raise ValueError("not an address") from error


def is_sqlite(where: Secret) -> bool:
    return where.reveal().startswith(_SQLITE)


def exists(where: Secret) -> bool:
    """Tell whether there can be something to read: SQLite would make an empty file."""
    return not is_sqlite(where) or _file(where).exists()


def _make_file(where: Secret) -> None:
    if not is_sqlite(where):
        return
    file = _file(where)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DatabaseError(f"the database {file} cannot be written: {error.strerror}", _HINT) from error


def _file(where: Secret) -> Path:
    return Path(where.reveal().removeprefix(_SQLITE).partition("?")[0])


@contextmanager
def connected(where: Secret) -> Iterator[Engine]:
    """Give connections for what is read and written beside DBOS, which wait for some seconds at most.

    Raises DatabaseError for what is not caught inside.
    """
    engine = _engine(where)
    try:
        with reported():
            yield engine
    finally:
        engine.dispose()


def _engine(where: Secret) -> Engine:
    import sqlalchemy

    url = sqlalchemy.make_url(where.reveal())
    if is_sqlite(where):
        return sqlalchemy.create_engine(url, connect_args={"timeout": 10})
    alive = {
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 2,
        "tcp_user_timeout": 10_000,
    }
    return sqlalchemy.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=1,
        max_overflow=1,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "reconciler", **alive},
    ).execution_options(schema_translate_map={None: SCHEMA})


def _add_fractions() -> None:
    """Let an older SQLite tell the time as DBOS asks for it on Python 3.12 and later: in fractions."""
    import sqlalchemy

    if sqlite_version_info >= _HAS_FRACTIONS:
        return

    @sqlalchemy.event.listens_for(sqlalchemy.Engine, "connect")
    def add(connection: object, _: object) -> None:
        if isinstance(connection, SqliteConnection):
            connection.create_function("unixepoch", 1, lambda _: time.time())


def migrate(where: Secret) -> None:
    """Make the tables where they are not there yet, for nobody else to read; raises DatabaseError."""
    from dbos import DBOS

    from reconciler.app.fleet.durable import lease

    _make_file(where)
    _add_fractions()
    with reported():
        DBOS.migrate(where.reveal(), schema=SCHEMA)
    with connected(where) as engine:
        if is_sqlite(where):
            _set_wal(engine)
        lease.create_table(engine)


def _set_wal(engine: Engine) -> None:
    """Let a file remember that it keeps a log, which is quicker; whoever comes second changes nothing."""
    from sqlalchemy.exc import SQLAlchemyError

    with suppress(SQLAlchemyError), engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")


@contextmanager
def reported() -> Iterator[None]:
    """Raise DatabaseError, which quotes nothing, for what SQLAlchemy or DBOS raise."""
    from dbos import error as dbos_error
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        raise DatabaseError(f"the database cannot be used: {_reason(error)}", _HINT) from None
    except dbos_error.DBOSException as error:
        raise DatabaseError(f"the database is not one of ours ({type(error).__name__})", _HINT) from None


def _reason(error: Exception) -> str:
    """Return what went wrong as SQLite or a server says it: a driver's own words may hold the address."""
    from sqlalchemy.exc import OperationalError

    cause = getattr(error, "orig", None) or error
    said = str(cause) if isinstance(cause, SqliteError) else getattr(cause, "diag", None)
    shown = said if isinstance(said, str) else getattr(said, "message_primary", None)
    return shown or ("no connection" if isinstance(error, OperationalError) else type(cause).__name__)
