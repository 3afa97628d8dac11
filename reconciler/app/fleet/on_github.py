"""Which organizations an event on GitHub is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import git_history
from reconciler.app.fleet import selection
from reconciler.errors import FileError
from reconciler.plan.organization import FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.app.fleet.selection import Selection
    from reconciler.app.fleet.shards import Shard
    from reconciler.github.environment import Environment

PATHS = (FOLDER,)


def select(environment: Environment, globs: Sequence[str] = (), shard: Shard | None = None) -> Selection:
    """Return the organizations that a pull request, a merge group or a push changes; else all of them.

    Raises SettingsError, and FileError where git cannot tell.
    """
    return selection.select(globs, base(environment), shard)


def base(environment: Environment) -> str | None:
    """Return the commit that an event's changes began at, None for an event that brings none.

    Raises FileError where git cannot tell.
    """
    if environment.base_sha is not None:
        # The event's own base may be older than what the checked-out merge is merged into.
        return git_history.merged_into(environment.head_sha or "", PATHS) or environment.base_sha
    if environment.is_dispatch or "before" not in environment.event:
        return None
    try:
        return git_history.merge_base(str(environment.event["before"]), PATHS)
    except FileError:  # a new branch, or one that was pushed by force
        return next(iter(git_history.parents("HEAD", PATHS)), None)
