"""Which workers are alive, known to all by the database, so that one can take over what another left.

A worker counts up in its own row. One whose count stands still for as long as a lease lasts, by the clock of
whoever looks, is dead: its row goes, and what it ran waits again. No clocks are compared. A worker that
cannot count for half of a lease stops writing to any API by itself, so that nobody takes over from one that
still writes; where its row is gone, it was taken for dead.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateTable

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_TABLES = sa.MetaData()
WORKERS = sa.Table(
    "reconciler_workers",
    _TABLES,
    sa.Column("executor", sa.Text, primary_key=True),
    sa.Column("beat", sa.BigInteger, nullable=False),
)
BEATS = 6  # in the time of a lease


class LeaseLost(ReconcilerError):
    """The worker was taken for dead, and others run what it ran."""

    code = "lease-lost"


def create_table(engine: sa.Engine) -> None:
    """Make the table of workers where it is not there yet, whoever does so at the same time."""
    create = CreateTable(WORKERS, if_not_exists=True)
    try:
        with engine.begin() as connection:
            connection.execute(create)
    except SQLAlchemyError:  # PostgreSQL looks first and makes it then, and two may do so at once
        with engine.begin() as connection:
            connection.execute(create)


class Lease:
    """One worker's word that it is alive, and what it sees of the others'."""

    def __init__(
        self, engine: sa.Engine, executor: str, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.executor = executor
        self.seconds = seconds
        self._engine = engine
        self._clock = clock
        self._counted = clock()
        self._seen: dict[str, tuple[int, float]] = {}

    @property
    def is_held(self) -> bool:
        """Whether nobody can have taken over: only then may anything be written to an API."""
        return self._clock() - self._counted < self.seconds / 2

    def take(self) -> None:
        """Enter the worker among those that are alive; raises SQLAlchemyError."""
        with self._engine.begin() as connection:
            connection.execute(sa.insert(WORKERS).values(executor=self.executor, beat=0))

    def beat(self) -> None:
        """Count up, and strike off who is dead; raises LeaseLost where it is this one."""
        began = self._clock()
        with self._engine.begin() as connection:
            ours = WORKERS.c.executor == self.executor
            counted = connection.execute(sa.update(WORKERS).where(ours).values(beat=WORKERS.c.beat + 1))
            if not counted.rowcount:
                raise LeaseLost("this worker was taken for dead", "Others go on with what it ran")
            rows = connection.execute(sa.select(WORKERS.c.executor, WORKERS.c.beat)).all()
        self._counted = began
        self._strike_off([(row.executor, row.beat) for row in rows if row.executor != self.executor])

    def _strike_off(self, others: Collection[tuple[str, int]]) -> None:
        now = self._clock()
        self._seen = {
            name: self._seen[name] if self._seen.get(name, (None,))[0] == beat else (beat, now)
            for name, beat in others
        }
        for name, (beat, since) in self._seen.items():
            if now - since > self.seconds:
                with self._engine.begin() as connection:
                    # One that has counted meanwhile is alive.
                    dead = (WORKERS.c.executor == name) & (WORKERS.c.beat == beat)
                    connection.execute(sa.delete(WORKERS).where(dead))

    def give_up(self) -> None:
        """Leave at once what this worker still had to others; a database that is gone learns of it later."""
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.delete(WORKERS).where(WORKERS.c.executor == self.executor))
        except SQLAlchemyError:
            pass


def alive(engine: sa.Engine) -> set[str]:
    """Return the workers that nobody has struck off; raises SQLAlchemyError."""
    with engine.connect() as connection:
        return set(connection.execute(sa.select(WORKERS.c.executor)).scalars())
