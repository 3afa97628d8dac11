"""What was reviewed before a merge, and whether it approves anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import NotApproved
from reconciler.github import comment_state, sticky
from reconciler.github.pulls import merged
from reconciler.github.rest import GitHub

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.github.environment import Environment
    from reconciler.github.sticky import Sticky


@dataclass(frozen=True, slots=True)
class Review:
    """What was reviewed, in which comment of which pull request; `objection` says why it approves nothing.

    `is_waived` where there was none and none is required.
    """

    kind: str
    number: int | None = None
    comment: Sticky | None = None
    digest: str | None = None
    objection: NotApproved | None = None
    is_waived: bool = False

    @property
    def state(self) -> Mapping[str, object]:
        return {} if self.comment is None else self.comment.state


def find(environment: Environment, paths: Sequence[str], *, is_optional: bool) -> Review:
    """Find what was reviewed before the merge that this event is about.

    Raises ApiError and SettingsError where GitHub cannot be asked, and NotApproved for an event of a pull
    request that is not merged.
    """
    kind = sticky.kind("plan", paths)
    with GitHub(environment) as remote:
        number = merged(remote, environment)
        if number is None and is_optional:
            return Review(kind, is_waived=True)
        if number is None:
            summary = "this push belongs to no merged pull request, so nobody reviewed what it would do"
            hint = "Bring it by a pull request, or start the apply with --without-pull-request"
            return Review(kind, objection=NotApproved(summary, hint))
        comment = next(iter(sticky.find_comments(remote, number, kind)), None)
    digest = None if comment is None else comment_state.digest(comment.state)
    return Review(kind, number, comment, digest, _objection(number, comment, digest))


def _objection(number: int, comment: Sticky | None, digest: str | None) -> NotApproved | None:
    if digest is not None:
        return None
    if comment is None:
        return NotApproved(
            f"pull request {number} has no comment with a plan, so nobody can have reviewed one"
        )
    if comment_state.is_ended(comment.state):
        return NotApproved(f"pull request {number} was acted upon already, and a review counts once")
    return NotApproved(f"the plan that pull request {number} shows has errors, and cannot be applied")
