"""One of the processes that run what waits, and take over what another one left."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from reconciler.app.fleet.durable import database, lease, workflow
from reconciler.app.fleet.durable.gate import Gate
from reconciler.app.fleet.durable.plain_json import PlainJson
from reconciler.app.fleet.durable.runs import APPLICATION, QUEUE, Runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbos import DBOSConfig

    from reconciler.app.fleet.durable.applying import Applier
    from reconciler.secret import Secret

VERSION = "1"  # of the workflow: what another version began is not taken over
_TICK = 0.1  # seconds
_SETTLING = 10.0  # seconds that applies have to settle what is in flight
_STATUS = sa.Table(  # DBOS's own, of which this much is read
    "workflow_status",
    sa.MetaData(),
    *(sa.Column(name, sa.Text) for name in ("status", "executor_id", "queue_name")),
)
_ACTIVE = ("ENQUEUED", "DELAYED", "PENDING")


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker works: `jobs` organizations at once, and of each at most `starts_a_minute` runs, one at a
    time. `takeover` is how many seconds a worker may be silent before others take over what it ran.
    """

    jobs: int = 16
    starts_a_minute: int = 12
    takeover: float = 60.0
    polling: float = 0.25
    is_until_idle: bool = False


class QueueWorker:
    """Runs what waits until it is told to stop, or where that is wanted until nothing waits or runs."""

    def __init__(
        self, where: Secret, applier: Applier, settings: WorkerSettings, tell: Callable[[str], None]
    ) -> None:
        self._where = where
        self._applier = applier
        self._settings = settings
        self._tell = tell
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask to stop; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Work; raises DatabaseError where the database cannot be used from the start."""
        database.migrate(self._where)
        with database.connected(self._where) as engine:
            while not _Shift(self._where, engine, self._applier, self._settings, self._tell).work(
                self._stopping
            ):
                self._tell("Others took over: the database was out of reach for too long. Going on afresh.")


class _Shift:
    """The work under one lease: a worker that was taken for dead goes on under another name."""

    def __init__(
        self,
        where: Secret,
        engine: sa.Engine,
        applier: Applier,
        settings: WorkerSettings,
        tell: Callable[[str], None],
    ) -> None:
        self._where = where
        self._engine = engine
        self._applier = applier
        self._settings = settings
        self._tell = tell
        name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._lease = lease.Lease(engine, name, settings.takeover)
        self._gate = Gate(lambda: self._lease.is_held)
        self._over = threading.Event()
        self._is_lost = self._is_idle = self._is_out_of_reach = False
        self._bug: Exception | None = None

    def work(self, stopping: threading.Event) -> bool:
        """Return whether this ended as it should, and not because others took over."""
        with database.reported(), Runs(self._where, is_patient=True) as runs:
            self._lease.take()
            self._launch(runs)
            beating = threading.Thread(target=self._beat, name="lease", daemon=True)
            beating.start()
            try:
                self._watch(stopping)
            finally:
                self._end(beating)
        if self._bug is not None:
            raise self._bug
        return not self._is_lost

    def _launch(self, runs: Runs) -> None:
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": self._where.reveal(),
            "dbos_system_schema": database.SCHEMA,
            "executor_id": self._lease.executor,
            "application_version": VERSION,
            "serializer": PlainJson(),
            "use_listen_notify": False,
            "enable_otlp": False,
            "run_migrations": False,
            "sys_db_pool_size": 5,
        }
        DBOS(config=config)
        workflow.register(self._applier, self._gate, runs)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._settings.jobs,
            partition_concurrency=1,
            partition_limiter={"limit": self._settings.starts_a_minute, "period": 60.0},
            polling_interval_sec=self._settings.polling,
            on_conflict="always_update",
        )

    def _beat(self) -> None:
        try:
            while not self._over.is_set():
                self._look()
                self._over.wait(self._settings.takeover / lease.BEATS)
        except lease.LeaseLost:
            self._is_lost = True
        except Exception as bug:  # noqa: BLE001 - raised again in the main thread
            self._bug = bug

    def _look(self) -> None:
        """Say that this worker is alive, and see to what others left."""
        try:
            self._lease.beat()
            self._take_over()
            self._is_idle = self._settings.is_until_idle and not self._count_active()
            self._is_out_of_reach = False
        except SQLAlchemyError:
            if not self._is_out_of_reach:
                self._tell("The database is out of reach. Trying again.")
            self._is_out_of_reach = True

    def _take_over(self) -> None:
        """Let wait again what runs by the database, and whose worker is not alive."""
        alive = sa.select(lease.WORKERS.c.executor)
        dead = sa.select(_STATUS.c.executor_id).distinct()
        dead = dead.where(_STATUS.c.status == "PENDING", _STATUS.c.executor_id.not_in(alive))
        with self._engine.connect() as connection:
            gone = list(connection.execute(dead).scalars())
        if gone:
            # DBOS has no public word for it; what it does is safe to ask for twice, and by two at once.
            taken = DBOS._recover_pending_workflows(gone)  # noqa: SLF001
            if taken:
                self._tell(f"Took over {len(taken)} that {', '.join(gone)} left.")

    def _count_active(self) -> int:
        count = sa.select(sa.func.count()).select_from(_STATUS)
        count = count.where(_STATUS.c.queue_name == QUEUE, _STATUS.c.status.in_(_ACTIVE))
        with self._engine.connect() as connection:
            return connection.execute(count).scalar_one()

    def _watch(self, stopping: threading.Event) -> None:
        was_held = False
        while not (self._is_lost or self._is_idle or self._bug) and not stopping.wait(_TICK):
            if self._lease.is_held is not was_held:
                was_held = not was_held
                self._gate.set_open(is_open=was_held)

    def _end(self, beating: threading.Thread) -> None:
        self._gate.set_open(is_open=False)
        began = time.monotonic()
        while self._gate.is_busy and time.monotonic() - began < _SETTLING:
            time.sleep(_TICK)
        self._over.set()
        DBOS.destroy(destroy_registry=True)
        beating.join(_SETTLING)
        self._lease.give_up()
