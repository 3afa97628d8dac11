"""The apply of a merged pull request: what its comment showed, and nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.app.apply_session import ApplyRequest, ApplySession
from reconciler.errors import Refused, StalePlan
from reconciler.github import comment_state, reviews, sticky
from reconciler.github import environment as runner
from reconciler.github.rest import FULL_RETRY, NO_RETRY, GitHub
from reconciler.plan import ApplyResult
from reconciler.render import comment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.github.environment import Environment
    from reconciler.github.reviews import Review
    from reconciler.plan import MaxChanges

UNAPPROVED = f"sha256:{64 * '0'}"  # which no plan has: what nobody approved can be planned and never written


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge whose definitions are to be applied."""

    environment: Environment
    paths: Sequence[str]

    def find_review(self, *, is_optional: bool) -> Review:
        """Find what was reviewed; raises ApiError, and NotApproved for a pull request that is not merged."""
        return reviews.find(self.environment, self.paths, is_optional=is_optional)

    def session(
        self, review: Review, *, is_sandbox: bool, parallelism: int, max_changes: MaxChanges | None
    ) -> ApplySession:
        """Return an apply that writes exactly what was reviewed."""
        folder = Path(os.environ.get("RUNNER_TEMP") or ".")
        return ApplySession(
            ApplyRequest(
                paths=self.paths,
                is_sandbox=is_sandbox,
                is_approved=review.is_waived,
                digest=None if review.is_waived else review.digest or UNAPPROVED,
                parallelism=parallelism,
                max_changes=max_changes,
                out=str(folder / "reconciler-result.json"),
                journal=str(folder / "reconciler-journal.jsonl"),
            )
        )

    def publish_failure(self, error: ReconcilerError) -> None:
        """Say in the job's summary why nothing was applied; raises FileError."""
        run = self.environment.run_url
        if isinstance(error, Refused):
            body = comment.refused(error.diagnostics, (), schema.rules(), run=run)
        else:
            body = comment.applied(ApplyResult(diagnostics=error.diagnostics), is_over=False, run=run)
        self.environment.append_summary(body)


def reworded(error: ReconcilerError | None, session: ApplySession, review: Review) -> ReconcilerError | None:
    """Return what an apply ended with in words for people who saw a comment and no digest."""
    if not isinstance(error, StalePlan):
        return error
    if session.plan is not None and not session.plan.changes:
        return None  # nothing is left to do, whoever did it
    return review.objection or StalePlan(
        "what this merge would do now is not what was reviewed",
        "Usually somebody edited an audience in the dashboard after the review, or another pull request was "
        "applied first",
    )


@dataclass(frozen=True)
class MergedApply:
    """An apply that has ended, with `error` or without, on its way to everywhere that it is published."""

    environment: Environment
    review: Review
    session: ApplySession
    error: ReconcilerError | None

    def publish_outputs(self) -> None:
        """Set the step's outputs; raises FileError."""
        request = self.session.request
        self.environment.set_outputs({"result": str(request.out), "journal": str(request.journal)})

    def publish_summary(self) -> None:
        """Append the result to the job's summary; raises FileError."""
        self.environment.append_summary(self._body(runner.MAX_SUMMARY, "the saved result"))

    def publish_comment(self) -> None:
        """Write the comment, unless it says already how an apply ended: that one was the reviewed one.

        Raises ApiError.
        """
        review = self.review
        if review.number is None or comment_state.is_ended(review.state):
            return
        body = self._body(comment.MAX_COMMENT, comment.summary_link(self.environment.run_url))
        # Old definitions must not come back by an old run that is started again: a review counts once.
        state = comment_state.ENDED if self._is_over else review.state
        retry_policy = NO_RETRY if self._result.interrupted else FULL_RETRY
        with GitHub(self.environment, retry_policy) as github:
            text = sticky.marked(review.kind, state, body)
            sticky.write_comment(github, review.number, review.comment, text)

    @property
    def _is_over(self) -> bool:
        return self.session.has_begun or self.error is None or isinstance(self.error, Refused)

    @cached_property
    def _result(self) -> ApplyResult:
        return self.session.result(self.error)

    def _body(self, max_bytes: int, see_also: str) -> str:
        if isinstance(self.error, Refused):
            return self._refused(self.error, max_bytes)
        result, run = self._result, self.environment.run_url
        render = partial(comment.applied, result, is_over=self._is_over, run=run, see_also=see_also)
        return comment.fit(lambda max_shown: render(max_shown=max_shown), len(result.results), max_bytes)

    def _refused(self, error: Refused, max_bytes: int) -> str:
        plan, remarks = self.session.plan, list[str]()
        changes = plan.audience_changes if plan else ()
        if plan and isinstance(error, StalePlan):
            names = {one.id: one.name for one in self.session.definitions}
            moved = comment_state.moved(self.review.state, plan, names)
            changes = moved.changes
            remarks = [comment.nothing_left([names[one] for one in moved.gone], moved.lost)]
            remarks += [comment.renamed()] if moved.is_renamed else []
        render = partial(
            comment.refused,
            error.diagnostics,
            changes,
            schema.rules(),
            remarks=remarks,
            run=self.environment.run_url,
        )
        return comment.fit(lambda max_shown: render(max_shown=max_shown), len(changes), max_bytes)
