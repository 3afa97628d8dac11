"""The one comment with a pull request's plan: while it is open, of its newest commit, by the newest run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import NotApproved
from reconciler.github import comment_state, pulls, sticky
from reconciler.github.rest import GitHub

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.github.environment import Environment
    from reconciler.github.sticky import Sticky


def publish(environment: Environment, number: int, kind: str, body: str, *, is_new: bool = True) -> str:
    """Write the comment, over the one that is there; only where `is_new`, a first one. Return its address.

    Others of its kind are removed. Raises ApiError, and NotApproved where the body would
    say what is not so any more: a comment of a newer run stays, and so does one on a pull request that is
    merged, or closed, or has a newer commit.
    """
    with GitHub(environment) as github:
        (found,) = sticky.find_comments(github, number, kind)
        if not found and not is_new:
            return ""
        pulls.require_current(github, environment, number)
        if max((comment_state.run(one.state) for one in found), default=(0, 0)) > environment.run:
            raise NotApproved(f"a newer run has shown its plan on pull request {number} already")
        address = sticky.write_comment(github, number, next(iter(found), None), body)
        if not found:  # another run may have written its first one at the same time
            found = _newest_first(*sticky.find_comments(github, number, kind))
        sticky.delete_comments(github, found[1:])
    return address


def _newest_first(comments: Sequence[Sticky]) -> list[Sticky]:
    """Return them in an order that is the same for every run that looks."""
    return sorted(comments, key=lambda one: (comment_state.run(one.state), -one.number), reverse=True)
