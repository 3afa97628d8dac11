"""Durable applies to test with: an agency, a database, and workers as processes."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from tests.cli.command import FAST, SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.cli.agency import Agency
    from tests.cli.command import Running, Said

TAKEOVER = 3.0  # seconds that a worker may be silent


def wait_until(holds: Callable[[], object], what: str = "it never came true", seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Office:
    """An agency whose applies are left to workers of a database; its files are beside the organizations."""

    def __init__(self, agency: Agency, url: str) -> None:
        self.agency = agency
        self.url = url
        agency.settings["RECONCILER_DATABASE_URL"] = url

    def change(self, size: int = 3, names: Sequence[str] = ()) -> None:
        """Let so many of the four definitions of these organizations, or of all, differ from what is live."""
        for name in names or self.agency.names:
            for number in range(size):
                self.agency.define(name, number, 80)

    def review(self) -> None:
        assert self.agency.run("plan", "--out", "plans", program=FAST).code == 0

    def apply(self, *arguments: str, **how: Any) -> tuple[int, dict[str, Any], Any]:
        given = arguments or ("--plan", "plans")
        return self.agency.report("apply", "--engine", "dbos", *given, program=FAST, **how)

    def applying(self, *arguments: str) -> AbstractContextManager[Running]:
        given = arguments or ("--plan", "plans")
        return self.agency.started("apply", "--engine", "dbos", *given, program=FAST)

    @contextmanager
    def worker(self, *options: str) -> Iterator[Running]:
        """Start a worker, which is stopped gently where it still runs at the end."""
        given = ("worker", "--takeover-after", str(TAKEOVER), *options)
        with self.agency.started(*given, program=FAST) as process:
            yield process
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                process.wait(SECONDS)

    def work(self, *options: str) -> Said:
        """Let one worker do all there is to do."""
        takeover = ("--takeover-after", str(TAKEOVER))
        return self.agency.run("worker", "--until-idle", *takeover, *options, program=FAST)

    def status(self) -> Any:
        return self.agency.run("status", "--format", "json").document("fleet-status")

    def states(self) -> dict[str, str]:
        return {one["organization"]: one["state"] for one in self.status()["runs"]}

    def patched(self) -> list[str]:
        """Return the audience of every PATCH that an API got."""
        return sorted(str(one.id) for peer in self.agency.peers.values() for one in peer.patches())

    def requests(self) -> int:
        return sum(len(peer.log) for peer in self.agency.peers.values())

    def wait_for_patches(self, count: int) -> None:
        wait_until(lambda: len(self.patched()) >= count, f"fewer than {count} PATCH calls")


def everything_in(url: str) -> str:
    """Return all that a database holds, of every table, with their names."""
    rows = _sqlite(url) if url.startswith("sqlite") else _postgres(url)
    return "\n".join(rows)


def _sqlite(url: str) -> Iterator[str]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield from (f"{name} {row}" for row in connection.execute(f'SELECT * FROM "{name}"'))  # noqa: S608 - its own names


def _postgres(url: str) -> Iterator[str]:
    import psycopg

    tables = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog')"
    with psycopg.connect(url) as connection:
        for schema, name in connection.execute(tables).fetchall():
            statement = psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(schema, name))
            yield from (f"{schema}.{name} {row}" for row in connection.execute(statement))


def raw_bytes(folder: Path) -> bytes:
    """Return what the files of an SQLite database hold, deleted rows too."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("fleet.sqlite3*")))
