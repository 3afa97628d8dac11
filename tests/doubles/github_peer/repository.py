"""A repository: its issues, pull requests, comments and commits; tests change it as other people would."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from .accounts import ACTIONS, Account, account

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_FIRST_SECOND = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment, on an issue or on a pull request."""

    id: int
    number: int
    author: Account
    body: str
    created_at: str
    updated_at: str
    edited_at: str | None = None
    editor: Account | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review of a pull request; `state` is in capitals, as GitHub writes it."""

    id: int
    number: int
    author: Account
    state: str
    commit: str
    submitted_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What makes an issue a pull request."""

    head_ref: str
    head_sha: str
    head_repository: str
    base_ref: str
    base_sha: str
    test_merge_sha: str
    merged_at: str | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    commits: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue; a pull request is an issue too, in the same row of numbers."""

    id: int
    number: int
    author: Account
    title: str
    body: str | None
    created_at: str
    updated_at: str
    labels: tuple[str, ...] = ()
    state: str = "open"
    state_reason: str | None = None
    closed_at: str | None = None
    locked: bool = False
    pull: Pull | None = None


class Repository:
    """Every method may be used from any thread; times advance by a second at each write."""

    def __init__(
        self,
        full_name: str,
        repository_id: int,
        *,
        private: bool = True,
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.full_name = full_name
        self.id = repository_id
        self.private = private
        self.has_issues = True
        self.default_branch = "main"
        self.owner = replace(account(full_name.partition("/")[0]), type="Organization")
        self._lock = lock or nullcontext()
        self._seconds = count()
        # Beyond 32 bits, as the real ones are.
        self._ids = count(4_300_000_001)
        self._issues: dict[int, Issue] = {}
        self._comments: dict[int, Comment] = {}
        self._commits: dict[str, tuple[int, ...]] = {}
        self._reviews: dict[int, Review] = {}
        self.permissions: dict[str, str] = {}  # by login; "write" for who is not named
        self._labels: dict[str, str] = {}
        self.may_propose = True  # a setting: whether a workflow's token may open a pull request
        self.trees: dict[
            str, dict[str, str]
        ] = {}  # by their sha, texts by path, of those that were made here
        self.made: dict[str, tuple[str, tuple[str, ...]]] = {}  # a commit's tree and parents, of these too
        self.heads: dict[str, str] = {}  # commits by branch, of those that were pushed through the API

    def seed_pull(
        self,
        *,
        title: str = "Widen the audience",
        author: str = "marta",
        head_ref: str = "widen",
        head_sha: str = "a" * 40,
        base_sha: str = "b" * 40,
        test_merge_sha: str = "c" * 40,
        fork: str | None = None,
        number: int | None = None,
    ) -> int:
        """Open a pull request from a branch here, or from one in the fork, and give its number."""
        pull = Pull(
            head_ref=head_ref,
            head_sha=head_sha,
            head_repository=fork or self.full_name,
            base_ref=self.default_branch,
            base_sha=base_sha,
            test_merge_sha=test_merge_sha,
        )
        with self._lock:
            issue = self.add_issue(title, None, author=account(author), number=number, pull=pull)
            self._commits[head_sha] = (*self._commits.get(head_sha, ()), issue.number)
            self._commits.setdefault(base_sha, ())
            return issue.number

    def synchronize(self, number: int, head_sha: str, test_merge_sha: str = "d" * 40) -> str:
        """Push a commit to the pull request's branch, and give the commit that was its head before."""
        with self._lock:
            before = self._pull(number)
            after = replace(
                before, head_sha=head_sha, test_merge_sha=test_merge_sha, commits=before.commits + 1
            )
            self.change_issue(number, pull=after)
            self._commits[head_sha] = (*self._commits.get(head_sha, ()), number)
            return before.head_sha

    def merge(self, number: int, sha: str, by: str = "marta") -> None:
        """Merge the pull request: `sha` is the commit on its base branch."""
        with self._lock:
            now = self.now()
            merged = replace(self._pull(number), merged_at=now, merged_by=account(by), merge_commit_sha=sha)
            self.change_issue(number, pull=merged, state="closed", closed_at=now)
            self.push(sha, number)

    def push(self, sha: str, *pulls: int) -> None:
        """Push a commit to the default branch that these pull requests contain."""
        with self._lock:
            self._commits[sha] = (*self._commits.get(sha, ()), *pulls)

    def seed_issue(
        self, title: str, body: str | None = None, *, author: str = "marta", labels: tuple[str, ...] = ()
    ) -> int:
        with self._lock:
            return self.add_issue(title, body, author=account(author), labels=labels).number

    def seed_comments(
        self, number: int, n: int = 200, *, body: str = "A remark.", author: str = "marta"
    ) -> tuple[int, ...]:
        """Comment n times as somebody else, and give the ids."""
        with self._lock:
            return tuple(self.add_comment(number, body, account(author)).id for _ in range(n))

    def add_issue(
        self,
        title: str,
        body: str | None,
        *,
        author: Account,
        labels: tuple[str, ...] = (),
        number: int | None = None,
        pull: Pull | None = None,
    ) -> Issue:
        with self._lock:
            now = self.now()
            chosen = number or max(self._issues, default=0) + 1
            if chosen in self._issues:
                raise ValueError(f"#{chosen} is there already")
            issue = Issue(
                id=next(self._ids),
                number=chosen,
                author=author,
                title=title,
                body=body,
                created_at=now,
                updated_at=now,
                labels=self.named_labels(labels),
                pull=pull,
            )
            self._issues[chosen] = issue
            return issue

    def change_issue(self, number: int, **changes: Any) -> Issue:
        with self._lock:
            self._issues[number] = replace(self._issues[number], **{"updated_at": self.now(), **changes})
            return self._issues[number]

    def lock(self, number: int) -> None:
        """Lock the conversation: whoever may not push, a workflow's token too, can no longer comment."""
        self.change_issue(number, locked=True)

    def add_comment(self, number: int, body: str, author: Account) -> Comment:
        with self._lock:
            now = self.now()
            comment = Comment(
                id=next(self._ids), number=number, author=author, body=body, created_at=now, updated_at=now
            )
            self._comments[comment.id] = comment
            self.change_issue(number, updated_at=now)
            return comment

    def change_comment(self, comment_id: int, body: str, by: Account | None = ACTIONS) -> Comment:
        """Edit a comment; `by` None stands for an account that is gone since."""
        with self._lock:
            now = self.now()
            changed = replace(self._comments[comment_id], body=body, updated_at=now, edited_at=now, editor=by)
            self._comments[comment_id] = changed
            return changed

    def hide_comment(self, comment_id: int) -> None:
        """Hide a comment as outdated: that updates it, and is no edit."""
        with self._lock:
            self._comments[comment_id] = replace(self._comments[comment_id], updated_at=self.now())

    def delete_comment(self, comment_id: int) -> None:
        with self._lock:
            del self._comments[comment_id]

    def review(self, number: int, by: str, state: str = "APPROVED") -> int:
        """Review the pull request as it is now, and give the review's id."""
        with self._lock:
            review = Review(
                id=next(self._ids),
                number=number,
                author=account(by),
                state=state,
                commit=self._pull(number).head_sha,
                submitted_at=self.now(),
            )
            self._reviews[review.id] = review
            return review.id

    def dismiss(self, review_id: int) -> None:
        with self._lock:
            self._reviews[review_id] = replace(self._reviews[review_id], state="DISMISSED")

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Give the reviews of a pull request, the oldest first."""
        with self._lock:
            return tuple(review for review in self._reviews.values() if review.number == number)

    def issue(self, number: int) -> Issue | None:
        with self._lock:
            return self._issues.get(number)

    def comment(self, comment_id: int) -> Comment | None:
        with self._lock:
            return self._comments.get(comment_id)

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Give the comments on an issue, the oldest first."""
        with self._lock:
            return tuple(comment for comment in self._comments.values() if comment.number == number)

    def issues(self) -> tuple[Issue, ...]:
        """Give every issue and pull request, the newest first."""
        with self._lock:
            return tuple(sorted(self._issues.values(), key=lambda issue: issue.number, reverse=True))

    def pulls_of(self, sha: str) -> tuple[Issue, ...] | None:
        """Give the pull requests that contain a commit; None when there is no such commit."""
        with self._lock:
            numbers = self._commits.get(sha)
            return (
                None if numbers is None else tuple(self._issues[number] for number in dict.fromkeys(numbers))
            )

    def named_labels(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Give each label as it was first written; one that is not there yet comes into being."""
        with self._lock:
            return tuple(dict.fromkeys(self._labels.setdefault(name.lower(), name) for name in names))

    def now(self) -> str:
        moment = _FIRST_SECOND + timedelta(seconds=next(self._seconds))
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _pull(self, number: int) -> Pull:
        pull = self._issues[number].pull
        if pull is None:
            raise ValueError(f"#{number} is no pull request")
        return pull
