"""The apply of merged pull requests: what their comments showed, and where its end is published."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import git_history, schema
from reconciler.app import place, planning, untouched
from reconciler.app.apply_session import ApplyRequest
from reconciler.app.merge_guards import MergeGuards
from reconciler.app.reviewed_session import ReviewedSession
from reconciler.errors import FileError, Refused
from reconciler.github import comment_state, reviews, sticky
from reconciler.github import environment as runner
from reconciler.github.rest import FULL_RETRY, NO_RETRY, GitHub
from reconciler.plan import ApplyResult
from reconciler.render import comment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import ReconcilerError
    from reconciler.github.environment import Environment
    from reconciler.github.reviews import Review, Reviews
    from reconciler.plan import MaxChanges

MAX_COMMITS = 1000  # of the branch, among which merges are looked for


@dataclass(frozen=True)
class Merge:
    """A merge whose definitions are to be applied."""

    environment: Environment
    paths: Sequence[str]

    @cached_property
    def _commits(self) -> Sequence[str]:
        """The commits of the branch, the newest first; without history this one alone."""
        try:
            return git_history.first_parents(self.paths, MAX_COMMITS)
        except FileError:
            return (self.environment.sha,) if self.environment.sha else ()

    def find_reviews(self, *, is_optional: bool, is_approval_required: bool = False) -> Reviews:
        """Find what was reviewed; raises ApiError, and NotApproved for a pull request that is not merged."""
        found = reviews.find(
            self.environment,
            self.paths,
            self._commits,
            is_optional=is_optional,
            is_approval_required=is_approval_required,
        )
        return self._related(found)

    def _related(self, found: Reviews) -> Reviews:
        """Return the reviews without the merges, beside others of this push, that changed nothing of ours."""
        new = [one for one in found.found if one.is_new]
        others = [one for one in new if one.approved or not untouched.is_so_of(one.merge_commit, self.paths)]
        if not others:
            return found
        return replace(found, found=tuple(one for one in found.found if one in others or not one.is_new))

    def session(
        self,
        found: Reviews,
        *,
        is_sandbox: bool,
        parallelism: int,
        max_changes: MaxChanges | None,
        targets: Sequence[str] = (),
        is_all_or_nothing: bool = False,
    ) -> ReviewedSession:
        """Return an apply that writes exactly what was reviewed."""
        folder = Path(os.environ.get("RUNNER_TEMP") or ".")
        request = ApplyRequest(
            paths=self.paths,
            is_sandbox=is_sandbox,
            targets=targets,
            parallelism=parallelism,
            max_changes=max_changes,
            out=str(folder / "reconciler-result.json"),
            journal=str(folder / "reconciler-journal.jsonl"),
        )
        ends = {review.merge_commit for review in found.found}
        guards = MergeGuards(self.environment, self.paths, self._commits, ends)
        return ReviewedSession(request, found, guards, is_all_or_nothing=is_all_or_nothing)

    def publish_failure(self, error: ReconcilerError) -> None:
        """Say in the job's summary why nothing was applied; raises FileError."""
        run = self.environment.run_url
        if isinstance(error, Refused):
            body = comment.refused(error.diagnostics, (), schema.rules(), run=run)
        else:
            body = comment.applied(ApplyResult(diagnostics=error.diagnostics), has_begun=False, run=run)
        self.environment.append_summary(body)


@dataclass(frozen=True)
class MergedApply:
    """An apply that has ended, with `error` or without, on its way to everywhere that it is published.

    Where it `is_part`, the reviews are about other organizations too, of which it knows nothing.
    """

    environment: Environment
    paths: Sequence[str]
    session: ReviewedSession
    error: ReconcilerError | None
    is_part: bool = False

    def publish_outputs(self) -> None:
        """Set the step's outputs; raises FileError."""
        request, result = self.session.request, self._result
        is_known = self.session.has_begun or self.error is None or isinstance(self.error, Refused)
        self.environment.set_outputs(
            {
                "outcome": self._outcome if is_known else "",
                "digest": result.digest or "",
                **{name: count if is_known else "" for name, count in result.summary.items()},
                "result": str(request.out),
                "journal": str(request.journal),
            }
        )

    @property
    def _outcome(self) -> str:
        """What became of it, in a word; the result has the rest."""
        result, is_refused = self._result, self.session.refusal is not None or isinstance(self.error, Refused)
        if result.summary["unknown"]:
            return "unknown"
        if is_refused and not result.is_written:
            return "refused"
        if not result.is_converged:
            return "in-part"
        return "applied" if result.is_written else "unchanged"

    def publish_summary(self) -> None:
        """Append the result to the job's summary; raises FileError."""
        self.environment.append_summary(self._body(runner.MAX_SUMMARY, "the saved result"))

    def publish_comments(self) -> None:
        """Comment on each pull request that this apply was about, the newest merge first; raises ApiError.

        Each is a new comment, which people are told of, and says what of the review is used up.
        """
        addresses: list[str] = []
        retry_policy = NO_RETRY if self._result.interrupted else FULL_RETRY
        with GitHub(self.environment, retry_policy) as github:
            for review in filter(self._concerns, self.session.reviews.found):
                state = comment_state.from_apply(
                    self.used(review), self.environment.run, is_complete=self._is_complete
                )
                marker = sticky.marked(sticky.kind("result", self.paths), state, "")
                see_also = comment.summary_link(self.environment.run_url)
                body = self._body(comment.MAX_COMMENT - len(marker), see_also)
                addresses.append(sticky.create_comment(github, review.number, marker + body))
        self.environment.set_outputs({"comment": next(iter(addresses), "")})

    def _concerns(self, review: Review) -> bool:
        # The newest commit, for a run that was started by hand, may be about something else.
        is_asked = review.is_new and (review.is_unapproved or not self.session.reviews.is_by_hand)
        return bool(review.approved) or (is_asked and bool(self._result.results or self.error))

    @property
    def _is_complete(self) -> bool:
        return self.session.plan is not None and not self._targets and self._result.is_converged

    @property
    def _targets(self) -> Sequence[str]:
        return self.session.request.targets

    @cached_property
    def _included(self) -> frozenset[str]:
        """The short ids of the audiences that this apply was about."""
        included = planning.targeted(self.session.definitions, self._targets)
        return frozenset(comment_state.short_id(one.id) for one in included)

    def used(self, review: Review) -> set[str]:
        """Return the digests of a review that count no more after this apply."""
        plan = self.session.plan
        if plan is None or plan.errored:
            return set()
        is_settled = {one.id: one.outcome in {"applied", "unchanged"} for one in self._result.results}
        settled = frozenset(comment_state.short_id(one) for one in is_settled if is_settled[one])
        used = set(reviews.used(review, comment_state.digests(plan), settled))
        # The audiences that no target matches are not in the plan, though there is something to do for them.
        included = {one for key in self._included & review.approved.keys() for one in review.approved[key]}
        return used & included if self._targets or self.is_part else used

    @cached_property
    def _result(self) -> ApplyResult:
        return self.session.result(self.error)

    def _body(self, max_bytes: int, see_also: str) -> str:
        if isinstance(self.error, Refused):
            return self._refused(self.error, max_bytes)
        refused = {change.id for change in self.session.refused}
        results = tuple(one for one in self._result.results if one.id not in refused)
        diagnostics = () if self.error is None else self.error.diagnostics
        render = partial(
            comment.applied,
            replace(self._result, results=results, diagnostics=diagnostics),
            has_begun=self.session.has_begun,
            refused=self._refusal(),
            run=self.environment.run_url,
            see_also=see_also,
        )
        return comment.fit(lambda *, max_shown, **_: render(max_shown=max_shown), len(results), max_bytes)

    def _refusal(self) -> str:
        session = self.session
        if session.refusal is None:
            return ""
        where = place.on_github(self.environment)
        return comment.left_out(session.refusal.diagnostics, session.refused, schema.rules(), where)

    def _refused(self, error: Refused, max_bytes: int) -> str:
        plan, is_unreviewed = self.session.plan, error is self.session.refusal
        changes = self.session.refused if is_unreviewed else plan.audience_changes if plan else ()
        render = partial(
            comment.refused,
            error.diagnostics,
            changes,
            schema.rules(),
            remarks=[comment.nothing_left(self._names_without_a_change())] if is_unreviewed else [],
            place=place.on_github(self.environment),
            run=self.environment.run_url,
        )
        return comment.fit(lambda *, max_shown, **_: render(max_shown=max_shown), len(changes), max_bytes)

    def _names_without_a_change(self) -> list[str]:
        """Return the audiences of new reviews for which there is nothing to do."""
        plan, found = self.session.plan, self.session.reviews.found
        fresh = comment_state.digests(plan) if plan else {}
        reviewed = {one for review in found if review.is_new for one in review.approved} - fresh.keys()
        reviewed &= self._included
        return [one.name for one in self.session.definitions if comment_state.short_id(one.id) in reviewed]
