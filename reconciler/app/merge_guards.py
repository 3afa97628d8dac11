"""The guards that stood before what a push brought: nothing is applied on the strength of what it lifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import git_history
from reconciler.app.merge_base import read_commit
from reconciler.errors import FileError
from reconciler.github import approvals, pulls
from reconciler.github.rest import GitHub
from reconciler.plan import guards

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from reconciler.app.merge_base import MergeBase
    from reconciler.github.environment import Environment
    from reconciler.github.reviews import Review
    from reconciler.model import Definition
    from reconciler.plan import Limits


class MergeGuards:
    """The guards before merges.

    `commits` are the branch's own, the newest first, and `ends` those of them with which another pull
    request, or what was pushed before, ended: no pull request began earlier.
    """

    def __init__(
        self,
        environment: Environment,
        paths: Sequence[str],
        commits: Sequence[str],
        ends: Collection[str] = (),
    ) -> None:
        self._environment = environment
        self._paths = paths
        self._commits = commits
        self._ends = {*ends, str(environment.event.get("before"))}
        self._found: dict[str, Guards] = {}
        self._approvers: dict[int, frozenset[str]] = {}

    def before(self, review: Review) -> Guards:
        """Return the guards that stood before a pull request was merged.

        Raises FileError where git cannot tell, and ApiError where GitHub cannot.
        """
        if review.merge_commit not in self._found:
            self._found[review.merge_commit] = self._guards(self._bases(review))
        return self._found[review.merge_commit]

    def approvers(self, review: Review) -> frozenset[str]:
        """Return who approved what a pull request merged, in lower case; raises ApiError."""
        if review.number not in self._approvers:
            with GitHub(self._environment) as github:
                pull = pulls.get(github, review.number)
                self._approvers[review.number] = approvals.approvers(github, pull)
        return self._approvers[review.number]

    def before_push(self) -> Guards:
        """Return the guards that stood before a push that no pull request brought; raises FileError."""
        before = str(self._environment.event.get("before"))
        if "HEAD" not in self._found:
            base = before if before in self._commits else self._before("HEAD")[0]
            self._found["HEAD"] = self._guards([base])
        return self._found["HEAD"]

    def _bases(self, review: Review) -> Iterator[str]:
        """Yield where a pull request was merged; where that is one of two places, both.

        A rebase leaves a row of commits, and a squash leaves one; nothing in git tells which of them it was.
        """
        parents = self._before(review.merge_commit)
        yield parents[0]
        if len(parents) == 1:
            with GitHub(self._environment) as github:
                count = pulls.commit_count(github, review.number)
            start = self._commits.index(review.merge_commit) + 1
            earlier = self._commits[start : start + count] or parents
            # A squash counts as one commit here, and has as many as a rebase: it must not reach further back.
            yield next((one for one in earlier if one in self._ends), earlier[-1])

    def _before(self, commit: str) -> Sequence[str]:
        """Return what came right before a commit, and for the first one of all itself."""
        try:
            return git_history.parents(commit, self._paths) or (commit,)
        except FileError as error:
            summary = f"nobody knows which guards stood before this: {error.summary}"
            raise FileError(summary, error.detail) from error

    def _guards(self, commits: Iterable[str]) -> Guards:
        return Guards([read_commit(one, self._paths) for one in dict.fromkeys(commits)])


class Guards:
    """What stood before one merge or push; where it stood in one of several places, it counts."""

    def __init__(self, bases: Sequence[MergeBase]) -> None:
        self._bases = bases

    def is_protected(self, definition: Definition) -> bool:
        return any(guards.is_protected(definition, base.definitions) for base in self._bases)

    def before(self, definition: Definition) -> Definition | None:
        """Return an audience's definition as it stood, None where it was new or nobody can tell which."""
        found = [base.definitions.get(definition.id) for base in self._bases]
        owners = {one.owner if one else "" for one in found}
        return found[0] if len(owners) == 1 else None

    def limits(self, now: Limits) -> list[Limits]:
        """Return the limits that all have to be met: those of `now` where none could be used before."""
        return [base.limits or now for base in self._bases]
