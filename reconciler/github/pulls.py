"""Pull requests: as they are now, and which one a push came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from reconciler.errors import NotApproved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.github.environment import Environment
    from reconciler.github.rest import GitHub


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request; `merged_at` is a time in UTC, as GitHub writes it, None where it is not merged."""

    number: int
    head_sha: str
    is_open: bool
    merged_at: str | None
    merge_commit_sha: str | None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            int(document["number"]),
            str(document["head"]["sha"]),
            document.get("state") == "open",
            document.get("merged_at"),
            document.get("merge_commit_sha"),
        )


def require_current(github: GitHub, environment: Environment, number: int) -> None:
    """Raise NotApproved unless the pull request is open, with the head commit that the event tells of.

    What a plan shows after the merge nobody can have reviewed. Raises ApiError too.
    """
    pull = Pull.from_document(github.item(f"pulls/{number}"))
    if not pull.is_open:
        state = "merged" if pull.merged_at else "closed"
        raise NotApproved(f"pull request {number} is {state}, and its plan stays as it was")
    if pull.head_sha != environment.head_sha:
        raise NotApproved(f"pull request {number} has a newer commit", "The run of that one shows its plan")


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
