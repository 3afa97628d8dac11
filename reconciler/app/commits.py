"""Who committed each definition of a plan last, as git has it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import FileError
from reconciler.plan.model import Commit

if TYPE_CHECKING:
    from reconciler.plan import Plan

MAX_FILES = 500  # of a plan; so many names fit into one command


def add(plan: Plan) -> Plan:
    """Return the plan with the commits that changed its definitions last, as it is where git knows none."""
    if not plan.changes:
        return plan
    from reconciler import git_history

    found: dict[str, Commit] = {}
    files = [*dict.fromkeys(change.file for change in plan.changes)][:MAX_FILES]
    with suppress(FileError):
        found = {name: Commit(*commit) for name, commit in git_history.last_commits(files).items()}
    changes = tuple(replace(change, commit=found.get(change.file)) for change in plan.changes)
    return replace(plan, changes=changes)
