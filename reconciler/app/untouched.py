"""A pull request that touches nothing of ours: it gets no plan, and no comment shows an older one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import definitions, git_history
from reconciler.app import project
from reconciler.definitions import pieces
from reconciler.errors import FileError
from reconciler.github import comment_state, plan_comment, sticky
from reconciler.render import comment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.github.environment import Environment

BESIDE = (project.SETTINGS, "catalogue.json", "policies")  # what a plan depends on, wherever it lies


def is_so(environment: Environment, paths: Sequence[str]) -> bool:
    """Return whether git says that a pull request or a merge group changes nothing that a plan depends on.

    Where git cannot tell, it is not so.
    """
    if environment.base_sha is None:
        return False
    try:
        base = git_history.merged_into(environment.head_sha or "", paths) or environment.base_sha
        return not git_history.is_touched(base, [*paths, *pieces.used_below(paths)], BESIDE)
    except FileError:
        return False


def is_so_of(commit: str, paths: Sequence[str]) -> bool:
    """Return whether git says that a merge commit changed nothing that a plan depends on."""
    try:
        files = git_history.files(commit, paths, definitions.is_definition)
        return not git_history.is_touched_by(commit, [*paths, *pieces.used(files)], BESIDE)
    except FileError:
        return False


def publish_summary(environment: Environment) -> None:
    """Say in the job's summary that nothing was planned; raises FileError."""
    environment.append_summary(comment.untouched())


def publish_comment(environment: Environment, paths: Sequence[str]) -> None:
    """Write over the plan that an earlier commit got, where there is one; raises ApiError and NotApproved."""
    number = environment.pull_request
    if number is None or environment.is_fork:
        return
    kind = sticky.kind("plan", paths)
    state = comment_state.nothing(environment.head_sha, environment.run)
    plan_comment.publish(
        environment, number, kind, sticky.marked(kind, state, comment.untouched()), is_new=False
    )
