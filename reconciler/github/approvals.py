"""Who, beside its author, approved on GitHub what a pull request merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.errors import ApiRejected
from reconciler.github.rest import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.github.pulls import Pull
    from reconciler.github.rest import GitHub

_DECIDING = frozenset(
    {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
)  # a mere comment leaves what was decided
_WRITERS = frozenset({"admin", "write"})  # "maintain" is told as "write"


def is_approved(github: GitHub, pull: Pull) -> bool:
    """Return whether somebody who may write here approved the merged head commit; raises ApiError."""
    return any(_can_write(github, login) for login in _approving(github, pull))


def approvers(github: GitHub, pull: Pull) -> frozenset[str]:
    """Return who may write here and approved the merged head commit, in lower case; raises ApiError."""
    return frozenset(login.lower() for login in _approving(github, pull) if _can_write(github, login))


def _approving(github: GitHub, pull: Pull) -> list[str]:
    """Return who approved the merged head commit by the time of the merge, and kept to it.

    Only a person counts who is not the author; what somebody decided last before the merge is what he thinks,
    and what was dismissed does not count, whenever that was. Raises ApiError.
    """
    decided: dict[str, Mapping[str, Any]] = {}
    for review in github.expected(f"pulls/{pull.number}/reviews"):  # the oldest first
        author, time = review.get("user") or {}, str(review.get("submitted_at") or "")
        is_person = author.get("type") == "User" and author["login"] != pull.author
        # Automatic merging comes within the second of the approval that it waited for.
        if is_person and review.get("state") in _DECIDING and "" < time <= (pull.merged_at or ""):
            decided[str(author["login"])] = review
    return [login for login, review in decided.items() if _is_of(review, pull)]


def _is_of(review: Mapping[str, Any], pull: Pull) -> bool:
    return review["state"] == "APPROVED" and review.get("commit_id") == pull.head_sha


def _can_write(github: GitHub, login: str) -> bool:
    """Return whether somebody may write here: in a public repository anybody may approve."""
    try:
        found = github.item(f"collaborators/{quote(login, safe='')}/permission")
    except ApiRejected as error:
        if error.status == NOT_FOUND:
            return False
        raise
    return found.get("permission") in _WRITERS
