"""The engines by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reconciler.app.fleet.local import Local

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reconciler.app.fleet.engine import Engine, Job
    from reconciler.apply import Stop
    from reconciler.plan.organization import OrganizationResult

EngineName = Literal["local"]


def make(
    name: EngineName,
    process: Callable[[Job], Awaitable[OrganizationResult]],
    stop: Stop,
    concurrency: int,
) -> Engine:
    """Return an engine that has jobs done by `process`, so many at once."""
    engines = {"local": Local}
    return engines[name](process, stop, concurrency)
