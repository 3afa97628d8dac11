"""Which pull request a push came from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotApproved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.github.environment import Environment
    from reconciler.github.rest import GitHub


def merged(github: GitHub, environment: Environment) -> int:
    """Return the pull request that this event merged; raises NotApproved where there is none."""
    if environment.pull_request is not None:
        if environment.event["pull_request"].get("merged") is not True:
            raise NotApproved("this pull request is not merged", "Merge it, and its plan is applied")
        return environment.pull_request
    if re.fullmatch(r"[0-9a-f]{40,64}", environment.sha):
        for pull in github.pages(f"commits/{environment.sha}/pulls"):
            if _is_merge(pull, environment.sha):
                return int(pull["number"])
    raise NotApproved(
        "this push belongs to no merged pull request, so nobody reviewed its plan",
        "Open a pull request, or apply without one by --without-pull-request",
    )


def _is_merge(pull: Mapping[str, Any], sha: str) -> bool:
    return pull.get("merged_at") is not None and pull.get("merge_commit_sha") == sha
