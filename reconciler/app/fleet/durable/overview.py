"""What runs, waits, failed and is done in a database, and who works there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.app.fleet.durable import database, lease
from reconciler.app.fleet.durable.runs import Runs
from reconciler.plan.durable_run import FleetStatus

if TYPE_CHECKING:
    from reconciler.secret import Secret


def read(where: Secret) -> FleetStatus:
    """Return the state of things, making nothing; raises DatabaseError."""
    if not database.exists(where):
        return FleetStatus()
    with database.connected(where) as engine, Runs(where) as runs:
        workers = lease.alive(engine)
        return FleetStatus(tuple(runs.status()), tuple(sorted(workers)))
