"""The apply of what pull requests showed of many organizations, and the comments that say how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app import saved_files
from reconciler.app.fleet import fleet_outputs
from reconciler.app.fleet.documents import USED
from reconciler.app.fleet.on_github import PATHS
from reconciler.app.merge_guards import MergeGuards
from reconciler.app.merged_apply import MergedApply
from reconciler.app.reviewed_session import ReviewedSession
from reconciler.github import comment_state, sticky
from reconciler.github import environment as runner
from reconciler.github.rest import GitHub
from reconciler.render import comment, fleet, fleet_comment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.app.apply_session import ApplyRequest, ApplySession
    from reconciler.app.fleet.collected import Collected
    from reconciler.app.fleet.engine import Job
    from reconciler.errors import ReconcilerError
    from reconciler.github.environment import Environment
    from reconciler.github.reviews import Reviews
    from reconciler.plan.organization import FleetReport


@dataclass
class MergedSessions:
    """Makes an apply of each organization that writes exactly what was reviewed of it.

    `commits` are the branch's own, the newest first.
    """

    environment: Environment
    reviews: Reviews
    commits: Sequence[str]
    _made: dict[str, ReviewedSession] = field(default_factory=dict)

    def __call__(self, job: Job, request: ApplyRequest) -> ApplySession:
        ends = {review.merge_commit for review in self.reviews.found}
        guards = MergeGuards(self.environment, request.paths, self.commits, ends)
        session = self._made[job.organization] = ReviewedSession(request, self.reviews, guards)
        return session

    def save_used(self, folder: str) -> None:
        """Save what each organization's apply has used up of each review; raises FileError.

        What is not saved still counts: an apply of it finds nothing to do, as long as it is live.
        """
        for name, session in self._made.items():
            used = {str(number): digests for number, digests in self._used(session) if digests}
            saved_files.save(json.dumps(used), str(Path(folder, name, USED)))

    def _used(self, session: ReviewedSession) -> Iterator[tuple[int, list[str]]]:
        error: ReconcilerError | None = None
        ended = MergedApply(self.environment, session.request.paths, session, error, is_part=True)
        for review in self.reviews.found:
            yield review.number, sorted(ended.used(review))


@dataclass(frozen=True)
class ResultComments:
    """What the jobs of an apply left, on its way to where it is published."""

    environment: Environment
    collected: Collected
    reviews: Reviews

    @property
    def report(self) -> FleetReport:
        return self.collected.report

    def publish_outputs(self) -> None:
        """Set the step's outputs; raises FileError."""
        self.environment.set_outputs(fleet_outputs.of(self.report))

    def publish_summary(self) -> None:
        """Append the report to the job's summary; raises FileError."""
        self.environment.append_summary(self._fitted(runner.MAX_SUMMARY, "the saved results"))

    def publish_comments(self) -> None:
        """Comment on each pull request that this was about, the newest merge first; raises ApiError.

        Each is a new comment, and says what of the review is used up. That everything is as defined is never
        said: these may not have been all organizations.
        """
        used = self.collected.used()
        addresses = []
        with GitHub(self.environment) as github:
            for review in self.reviews.found:
                digests = used.get(review.number, set())
                if not (digests or (review.is_new and not self.reviews.is_by_hand)):
                    continue
                state = comment_state.from_apply(digests, self.environment.run, is_complete=False)
                marker = sticky.marked(sticky.kind("result", PATHS), state, "")
                see_also = comment.summary_link(self.environment.run_url)
                body = self._fitted(comment.MAX_COMMENT - len(marker), see_also)
                addresses.append(sticky.create_comment(github, review.number, marker + body))
        self.environment.set_outputs({"comment": next(iter(addresses), "")})

    @cached_property
    def _size(self) -> int:
        return len(fleet.urgent(self.report))

    def _fitted(self, max_bytes: int, see_also: str) -> str:
        render = partial(fleet_comment.applied, self.report, run=self.environment.run_url, see_also=see_also)
        return comment.fit(
            lambda *, max_shown, **_: render(max_in_full=self._size if max_shown is None else max_shown),
            self._size,
            max_bytes,
        )
