"""The real command line with shorter waits, for tests of deadlines: `python -m tests.cli.fast ARGS`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.api.connection import Timing
from reconciler.app import settings
from reconciler.app.fleet import durable
from reconciler.cli import main

if TYPE_CHECKING:
    from reconciler.api.connection import Connection

SCALE = float(os.environ.get("RECONCILER_TEST_SCALE", "0.05"))


def scaled() -> Timing:
    """Return the product's own timing, every wait times SCALE; what is counted stays."""
    real = Timing()
    return replace(
        real,
        request=real.request * SCALE,
        first_backoff=real.first_backoff * SCALE,
        max_backoff=real.max_backoff * SCALE,
        budget=real.budget * SCALE,
        verification=real.verification * SCALE,
        settling=real.settling * SCALE,
        counting=real.counting * SCALE,
    )


def hurry() -> None:
    """Let every connection that the command line makes wait less."""
    connect = settings.connection

    def connection(*, is_sandbox: bool, **given: Any) -> Connection:
        return replace(connect(is_sandbox=is_sandbox, **given), timing=scaled())

    settings.connection = connection
    durable.MIN_TAKEOVER *= SCALE


if __name__ == "__main__":
    hurry()
    main()
