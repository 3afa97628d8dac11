"""Pull requests: as they are now, and which of them a history holds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from reconciler.errors import NotApproved
from reconciler.github.rest import LAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.github.environment import Environment
    from reconciler.github.rest import GitHub

MAX_LISTED = 300  # pull requests, of which the last to be touched come first


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request; `merged_at` is a time in UTC, as GitHub writes it, None where it is not merged.

    `author` is a login, empty where the account was deleted.
    """

    number: int
    head_sha: str
    is_open: bool
    merged_at: str | None
    merge_commit_sha: str | None
    author: str

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            int(document["number"]),
            str(document["head"]["sha"]),
            document.get("state") == "open",
            document.get("merged_at"),
            document.get("merge_commit_sha"),
            str((document.get("user") or {}).get("login") or ""),
        )


def require_current(github: GitHub, environment: Environment, number: int) -> None:
    """Raise NotApproved unless the pull request is open, with the head commit that the event tells of.

    What a plan shows after the merge nobody can have reviewed. Raises ApiError too.
    """
    pull = get(github, number)
    if not pull.is_open:
        state = "merged" if pull.merged_at else "closed"
        raise NotApproved(f"pull request {number} is {state}, and its plan stays as it was")
    if pull.head_sha != environment.head_sha:
        raise NotApproved(f"pull request {number} has a newer commit", "The run of that one shows its plan")


def get(github: GitHub, number: int) -> Pull:
    """Return a pull request as it is now; raises ApiError."""
    return Pull.from_document(github.item(f"pulls/{number}"))


def commit_count(github: GitHub, number: int) -> int:
    """Return how many commits a pull request has; raises ApiError."""
    return int(github.item(f"pulls/{number}")["commits"])


def merged(github: GitHub, commits: Sequence[str], brought: Sequence[str]) -> tuple[Pull, ...]:
    """Return the pull requests whose merge commits are among the commits, the newest merge first.

    A pull request merged a commit only where it is merged and this is its merge commit: an open one has a
    merge commit too, for its checks. While none is known for the commits that this push `brought`, GitHub is
    asked again, as its lists lag behind. Raises ApiError.
    """
    found = _listed(github, commits, brought)
    for wait in LAG if brought else ():
        if any(pull.merge_commit_sha in brought for pull in found):
            break
        time.sleep(wait)
        found = _listed(github, commits, brought)
    return tuple(sorted(found, key=lambda pull: commits.index(pull.merge_commit_sha or "")))


def _listed(github: GitHub, commits: Sequence[str], brought: Sequence[str]) -> tuple[Pull, ...]:
    """Return what GitHub's two lists say at the moment."""
    pages = github.pages("pulls?state=closed&sort=updated&direction=desc")
    found = _merged(islice(pages, MAX_LISTED), commits)
    if not brought or any(pull.merge_commit_sha in brought for pull in found):
        return found
    return found + _merged(github.pages(f"commits/{brought[0]}/pulls"), brought)


def _merged(documents: Iterable[Mapping[str, Any]], commits: Sequence[str]) -> tuple[Pull, ...]:
    pulls = map(Pull.from_document, documents)
    return tuple(pull for pull in pulls if pull.merged_at and pull.merge_commit_sha in commits)
