"""The engines by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reconciler.app.fleet.local import Local

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reconciler.app.fleet.engine import Engine, Job
    from reconciler.apply import Stop
    from reconciler.plan.organization import OrganizationResult
    from reconciler.secret import Secret

EngineName = Literal["local", "dbos"]


@dataclass(frozen=True, slots=True)
class DatabaseUse:
    """Which database an engine uses, and what is done with what there is to say meanwhile."""

    where: Secret
    tell: Callable[[str], None]


def make(
    process: Callable[[Job], Awaitable[OrganizationResult]],
    stop: Stop,
    concurrency: int,
    database: DatabaseUse | None = None,
    *,
    is_guarded: bool = False,
) -> Engine:
    """Return an engine that has jobs done by `process`, so many at once, or by the workers of a database.

    It `is_guarded` where the guards of a commit count, which only this process knows.
    """
    if database is None:
        return Local(process, stop, concurrency)
    from reconciler.app.fleet.durable.engine import Durable

    return Durable(process, stop, concurrency, database.where, database.tell, is_guarded=is_guarded)
