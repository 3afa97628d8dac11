"""Which pull request a push came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import NotApproved

if TYPE_CHECKING:
    from reconciler.github.environment import Environment
    from reconciler.github.rest import GitHub


def merged(github: GitHub, environment: Environment) -> int | None:
    """Return the pull request that this event merged, None for a push that came without one.

    A pull request merged a commit only where it is merged and this is its merge commit: GitHub lists one for
    every commit that it holds, merged or not, and an open one has a merge commit too, for its checks.

    Raises NotApproved for an event of a pull request that is not merged, and ApiError.
    """
    if environment.pull_request is not None:
        if environment.event["pull_request"].get("merged") is not True:
            raise NotApproved("this pull request is not merged", "Merge it, and its plan is applied")
        return environment.pull_request
    if environment.sha is not None:
        for pull in github.pages(f"commits/{environment.sha}/pulls"):
            is_merged = pull.get("merged_at") is not None
            if is_merged and pull.get("merge_commit_sha") == environment.sha:
                return int(pull["number"])
    return None
