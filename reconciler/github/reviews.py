"""What was reviewed before the merges that a commit holds, and what of it still approves something."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.errors import NotApproved
from reconciler.github import approvals, comment_state, edits, pulls, sticky
from reconciler.github.rest import GitHub

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.github.comment_state import Digests
    from reconciler.github.environment import Environment
    from reconciler.github.pulls import Pull
    from reconciler.github.sticky import Sticky

MAX_PULLS = 30  # merged pull requests whose comments are read
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True, slots=True)
class Review:
    """What one merged pull request showed, and what is left of it; `objection` says why it approves nothing.

    `is_unapproved` where no second person approved what should have been. `is_new` where this push
    brought it or, for a run that was started by hand, the newest commit; `merge_commit` is what it was
    merged by.
    """

    number: int
    is_new: bool
    merge_commit: str
    approved: Digests = field(default_factory=dict)
    objection: str = ""
    is_unapproved: bool = False


@dataclass(frozen=True, slots=True)
class Reviews:
    """All that may approve a change, the newest merge first; `is_waived` where none is required.

    `is_by_hand` where no push asks for what it brought, but somebody for what is left.
    """

    found: tuple[Review, ...] = ()
    is_waived: bool = False
    is_by_hand: bool = False

    def approver(self, audience: str, digests: Sequence[str]) -> Review | None:
        """Return the newest review that showed all of these changes of an audience, None where none did."""
        shows_all = (one for one in self.found if set(digests) <= set(one.approved.get(audience, ())))
        return next(shows_all, None)

    @property
    def objection(self) -> NotApproved | None:
        """Return why this push approves nothing by itself, where it does not."""
        asked = [review for review in self.found if review.is_new or review.is_unapproved]
        reasons = [review.objection for review in asked if review.objection]
        if self.is_by_hand:
            return NotApproved("; ".join([_NOTHING_LEFT, *reasons]), _SHOW_IT)
        if not any(review.is_new for review in self.found):
            summary = "this push belongs to no merged pull request, so nobody reviewed what it would do"
            hint = (
                "Bring it by a pull request, or start the apply with --without-pull-request. If it was merged"
            )
            return NotApproved("; ".join([summary, *reasons]), f"{hint} a moment ago, run this job again")
        return NotApproved("; ".join(reasons)) if reasons else None


def find(
    environment: Environment,
    paths: Sequence[str],
    commits: Sequence[str],
    *,
    is_optional: bool,
    is_approval_required: bool = False,
) -> Reviews:
    """Find what was reviewed and not used up yet; `commits` are a branch's own, the newest first.

    Where a complete apply has come after a merge, neither it nor an earlier one counts; and where it
    `is_approval_required`, neither does one that no second person approved on GitHub. Raises ApiError and
    SettingsError where GitHub cannot be asked, and NotApproved for an event of a pull request that is not
    merged.
    """
    brought = _brought(environment, commits)
    kinds = sticky.kind("plan", paths), sticky.kind("result", paths)
    found: list[Review] = []
    with GitHub(environment) as github:
        for pull in pulls.merged(github, commits, brought)[:MAX_PULLS]:
            is_new = pull.merge_commit_sha in brought
            is_expected = is_new and not environment.is_dispatch
            plans, results = sticky.find_comments(github, pull.number, *kinds, is_expected=is_expected)
            read = edits.read(github, [*plans, *results])
            plans, results = read[: len(plans)], read[len(plans) :]
            review = _review(pull, plans, results, is_new=is_new)
            if is_approval_required and review.approved and not approvals.is_approved(github, pull):
                review = _unapproved(review)
            found.append(review)
            if any(comment_state.is_complete(one.state) for one in results):
                break
    is_waived = is_optional and not any(review.is_new for review in found)
    return Reviews(tuple(found), is_waived, is_by_hand=environment.is_dispatch)


def _unapproved(review: Review) -> Review:
    objection = (
        f"pull request {review.number} has no approving review of the commit that was merged, by somebody "
        "else than its author who may write here"
    )
    return replace(review, approved={}, objection=objection, is_unapproved=True)


def _brought(environment: Environment, commits: Sequence[str]) -> Sequence[str]:
    """Return those of the commits that this event is about."""
    before, sha = environment.event.get("before"), environment.sha
    if environment.pull_request is not None:
        before, pull_request = None, environment.event["pull_request"]
        if pull_request.get("merged") is not True:
            raise NotApproved("this pull request is not merged", "Merge it, and its plan is applied")
    if environment.is_dispatch:
        return commits[:1]  # what is newest now, whatever it was when the run was asked for
    if sha is None or sha not in commits:
        return ()
    end = commits.index(before) if before in commits else commits.index(sha) + 1
    return commits[commits.index(sha) : end]


def _review(pull: Pull, plans: Sequence[Sticky], results: Sequence[Sticky], *, is_new: bool) -> Review:
    in_time = [one for one in plans if _is_before(one.edited_at, pull.merged_at)]
    own = [one for one in in_time if not one.is_foreign]
    valid = [one for one in own if one.state.get("head") == pull.head_sha]
    newest = max(valid, key=lambda one: comment_state.run(one.state), default=None)
    objection = ""
    if not plans:
        objection = f"pull request {pull.number} has no comment with a plan, so nobody can have reviewed one"
    elif not in_time:
        objection = f"the plan of pull request {pull.number} was posted or edited after the merge"
    elif not own:
        objection = f"the plan of pull request {pull.number} was edited by somebody else than the job"
    elif newest is None:
        objection = (
            f"pull request {pull.number} shows the plan of another commit than the one that was merged"
        )
    elif comment_state.is_untouched(newest.state):
        objection = f"pull request {pull.number} changes no definition, and shows no plan"
    elif comment_state.digest(newest.state) is None:
        objection = f"the plan that pull request {pull.number} shows has errors, and cannot be applied"
    approved = {} if newest is None else comment_state.approved(newest.state)
    left = _left(approved, results)
    if approved and not left:
        objection = f"pull request {pull.number} was acted upon already, and a review counts once"
    return Review(pull.number, is_new, pull.merge_commit_sha or "", left, objection)


def _left(approved: Digests, results: Sequence[Sticky]) -> Digests:
    """Return what of a review no result has used up; of one that somebody edited nobody knows that."""
    if any(comment_state.is_complete(one.state) or one.is_foreign for one in results):
        return {}
    used = frozenset[str]().union(*(comment_state.used(one.state) for one in results))
    left = {key: tuple(one for one in value if one not in used) for key, value in approved.items()}
    return {key: value for key, value in left.items() if value}


def _is_before(one: str, other: str | None) -> bool:
    """Return whether a time came before another; what is not a time did not."""
    return bool(_TIME.fullmatch(one) and _TIME.fullmatch(other or "")) and one < (other or "")


def used(review: Review, fresh: Digests, settled: frozenset[str]) -> Iterator[str]:
    """Yield the digests of a review that count no more, given what a fresh plan says and what is settled now.

    That is what was settled, what there was nothing to do for, and a first step whose second one is left.
    """
    for audience, digests in review.approved.items():
        left = fresh.get(audience, ())
        if audience in settled or not left:
            yield from digests
        elif set(left) <= set(digests):
            yield from (one for one in digests if one not in left)


_NOTHING_LEFT = "no merged pull request whose review is not used up shows this as it would be now"
_SHOW_IT = (
    "Open a pull request for these files: its comment shows what it would do, and merging it applies that"
)
