"""An apply that is only shown: what it would write, who approves it, and what it would refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.errors import Refused
from reconciler.github import environment as runner
from reconciler.render import comment, dry_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.app.reviewed_session import ReviewedSession
    from reconciler.errors import Diagnostic, ReconcilerError
    from reconciler.github.environment import Environment
    from reconciler.plan import Change


@dataclass(frozen=True)
class DryRun:
    """A session that has planned and asked whether it may write, with the `error` that this ended in, if any.

    It posts no comment, so it uses nothing up.
    """

    environment: Environment
    session: ReviewedSession
    error: ReconcilerError | None

    @property
    def refusal(self) -> ReconcilerError | None:
        """What would keep the apply from all of it, or from a part."""
        return self.error or self.session.refusal

    @property
    def reasons(self) -> Sequence[Diagnostic]:
        return self.refusal.diagnostics if self.refusal else ()

    def text(self) -> str:
        """Return the dry run for the job's log, empty where there is no plan."""
        return dry_run.text(self._changes, self._approvers) if self._is_planned else ""

    def publish_summary(self) -> None:
        """Append the dry run to the job's summary; raises FileError."""
        self.environment.append_summary(
            comment.fit(
                lambda *, max_shown, **_: dry_run.summary(
                    self._changes, self._approvers, self.reasons, schema.rules(), max_shown=max_shown
                ),
                len(self._changes),
                runner.MAX_SUMMARY,
            )
        )

    @property
    def _is_planned(self) -> bool:
        return self.error is None or isinstance(self.error, Refused)

    @property
    def _changes(self) -> Sequence[Change]:
        return self.session.plan.audience_changes if self._is_planned and self.session.plan else ()

    @property
    def _approvers(self) -> Mapping[str, int | None]:
        """The pull requests that showed what would be written, by audience; None where it is waived."""
        refused = {change.id for change in (self._changes if self.error else self.session.refused)}
        written = (change.id for change in self._changes if change.id not in refused)
        found = {identity: self.session.approver(identity) for identity in written}
        return {identity: review.number if review else None for identity, review in found.items()}
