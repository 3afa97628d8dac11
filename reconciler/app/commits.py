"""Who committed each definition of a plan last, as git has it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import FileError
from reconciler.plan.model import Commit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.plan import Change, Plan

MAX_FILES = 500  # of a plan; so many names fit into one command


def add(plan: Plan) -> Plan:
    """Return the plan with the commits that changed its definitions last, as it is where git knows none.

    A shared piece that a changed value comes from counts as a part of the definition.
    """
    if not plan.changes:
        return plan
    from reconciler import git_history

    found: dict[str, Commit] = {}
    files = [*dict.fromkeys(file for change in plan.changes for file in _files(change))][:MAX_FILES]
    with suppress(FileError):
        found = {name: Commit(*commit) for name, commit in git_history.last_commits(files).items()}
    changes = tuple(replace(change, commit=_newest(_files(change), found)) for change in plan.changes)
    return replace(plan, changes=changes)


def _files(change: Change) -> tuple[str, ...]:
    """Return the files that a change comes from, the definition's first."""
    origins = (origin.file for field in change.fields for origin in field.origins)
    return tuple(dict.fromkeys((change.file, *origins)))


def _newest(files: Sequence[str], found: Mapping[str, Commit]) -> Commit | None:
    """Return the commit of the file that git tells first, None where it tells none of one of them."""
    if not all(file in found for file in files):
        return None
    return next(commit for file, commit in found.items() if file in files)
