"""Durable applies: one workflow for each organization and digest, which outlives the process that runs it.

What runs lies in a database: SQLite on one machine, PostgreSQL over many. It holds names of organizations,
digests, counts and words of ours, and nothing of an audience: no key, no name, no person.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

from reconciler.errors import SettingsError

# What the extra `fleet` installs. This module imports none of it, so that it can say what is missing.
_EXTRA = ("dbos", "sqlalchemy", "psycopg")

# Seconds: a worker that may not write any more has half of them to settle what is in flight.
MIN_TAKEOVER = 15.0


def enable() -> None:
    """Make the engine ready to be imported; raises SettingsError where it is not installed.

    DBOS reads the environment by itself, as it is imported. What could lead it to a service of its makers
    goes: a worker speaks to the database and to the API, and to nobody else.
    """
    if any(find_spec(name) is None for name in _EXTRA):
        raise SettingsError(
            "the engine dbos is not installed",
            'Run pip install "audience-reconciler[fleet]" (in a checkout of it, pip install ".[fleet]"), '
            "or use --engine local",
        )
    for name in [name for name in os.environ if name.startswith("DBOS_")]:
        del os.environ[name]
