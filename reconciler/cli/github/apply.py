"""`reconciler github apply`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import schema
from reconciler.app import planning
from reconciler.app.apply_session import Applying, Request, ending
from reconciler.app.publishing import publish
from reconciler.cli import exit_codes, options
from reconciler.cli.boundary import Ending, attempted, deliver, guarded, interrupted
from reconciler.errors import Interrupted, ReconcilerError, Refused, StalePlan
from reconciler.github import comment_state, sticky
from reconciler.github import environment as runner
from reconciler.github.rest import HASTY, PATIENT, GitHub
from reconciler.github.reviews import Review, find
from reconciler.plan import ApplyResult
from reconciler.render import comment

if TYPE_CHECKING:
    from reconciler.github.environment import Environment
    from reconciler.plan import MaxChanges

NO_DIGEST = f"sha256:{64 * '0'}"  # which no plan has: what nobody approved can be planned and never written


@click.command("apply")
@options.paths
@options.sandbox
@click.option(
    "--without-pull-request", is_flag=True, help="Apply a push that no pull request brought, unreviewed."
)
@options.max_changes
@options.parallelism
def apply_command(
    paths: tuple[str, ...],
    sandbox: bool,
    without_pull_request: bool,
    max_changes: MaxChanges | None,
    parallelism: int,
) -> int:
    """Apply what a merged pull request's comment shows, or nothing; say in the comment how it ended."""
    chosen = paths or options.DEFAULT_PATHS
    folder = Path(os.environ.get("RUNNER_TEMP") or ".")

    def body() -> int:
        environment = runner.read(os.environ)
        reviewed = attempted(partial(find, environment, chosen, is_optional=without_pull_request))
        if isinstance(reviewed, ReconcilerError):
            return _unfound(environment, reviewed)
        request = Request(
            paths=chosen,
            is_sandbox=sandbox,
            targets=(),
            is_json=False,
            out=str(folder / "reconciler-result.json"),
            is_approved=reviewed.is_waived,
            plan_file=None,
            digest=None if reviewed.is_waived else reviewed.digest or NO_DIGEST,
            parallelism=parallelism,
            max_changes=max_changes,
            journal=str(folder / "reconciler-journal.jsonl"),
        )
        applying = Applying(request)
        error = _reworded(attempted(applying.run), applying, reviewed)
        return _Applied(environment, reviewed, request, applying, error).everywhere()

    return guarded(body)


def _unfound(environment: Environment, error: ReconcilerError) -> int:
    """Apply nothing, and say why."""
    if isinstance(error, Refused):
        said = comment.refused(error.diagnostics, (), schema.rules(), run=environment.run_url)
    else:
        result = ApplyResult(diagnostics=error.diagnostics)
        said = comment.applied(result, is_over=False, run=environment.run_url)
    ended = deliver(Ending(exit_codes.of_error(error), diagnostics=error.diagnostics))
    return publish(ended, environment, lambda: environment.summarize(said))


@dataclass(frozen=True, slots=True)
class _Applied:
    """An apply that has ended, with `error` or without, on its way to everywhere that it is told."""

    environment: Environment
    reviewed: Review
    request: Request
    applying: Applying
    error: ReconcilerError | None

    def everywhere(self) -> int:
        """Tell it in the log, the saved result, the outputs, the job's summary and the comment."""
        code = deliver(ending(self.applying, self.request, self.error))
        return publish(code, self.environment, self._put, self._summarize, self._comment)

    def _put(self) -> None:
        self.environment.put({"result": str(self.request.out), "journal": str(self.request.journal)})

    def _summarize(self) -> None:
        self.environment.summarize(self._body(runner.MAX_SUMMARY, "the saved result"))

    def _comment(self) -> None:
        """Write the comment, unless it says already how an apply ended: that one was the reviewed one."""
        reviewed = self.reviewed
        if reviewed.number is None or comment_state.is_ended(reviewed.memory):
            return
        body = self._body(comment.MAX_COMMENT, comment.summary_of(self.environment.run_url))
        # Old definitions must not come back by an old run that is started again: a review counts once.
        kept = comment_state.ENDED if self._is_over else reviewed.memory
        patience = HASTY if self._result.interrupted else PATIENT
        with GitHub(self.environment, patience) as remote:
            text = sticky.marked(reviewed.kind, kept, body)
            sticky.write_comment(remote, reviewed.number, reviewed.comment, text)

    @property
    def _is_over(self) -> bool:
        return self.applying.has_begun or self.error is None or isinstance(self.error, Refused)

    @property
    def _result(self) -> ApplyResult:
        return self.applying.result(self.error)

    def _body(self, max_bytes: int, elsewhere: str) -> str:
        if isinstance(self.error, Refused):
            return self._refused(self.error, max_bytes)
        result, run = self._result, self.environment.run_url
        render = partial(comment.applied, result, is_over=self._is_over, run=run, elsewhere=elsewhere)
        return comment.fitted(lambda most: render(most=most), len(result.results), max_bytes)

    def _refused(self, error: Refused, max_bytes: int) -> str:
        plan, rest = self.applying.plan, list[str]()
        changes = plan.changes if plan else ()
        if plan and isinstance(error, StalePlan):
            names = {one.id: one.name for one in planning.load(self.request.paths)}
            moved = comment_state.moved(self.reviewed.memory, plan, names)
            changes = moved.changes
            rest = [comment.gone([names[one] for one in moved.gone], moved.lost)]
            rest += [comment.around()] if moved.is_around else []
        render = partial(
            comment.refused,
            error.diagnostics,
            changes,
            schema.rules(),
            rest=rest,
            run=self.environment.run_url,
        )
        return comment.fitted(lambda most: render(most=most), len(changes), max_bytes)


def _reworded(error: ReconcilerError | None, applying: Applying, reviewed: Review) -> ReconcilerError | None:
    """Return what an apply ended with in words for people who saw a comment and no digest."""
    if isinstance(error, Interrupted):
        return interrupted(is_written=applying.has_begun)
    if not isinstance(error, StalePlan):
        return error
    if applying.plan is not None and not applying.plan.changes:
        return None  # nothing is left to do, whoever did it
    return reviewed.objection or StalePlan(
        "what this merge would do now is not what was reviewed",
        "Usually somebody edited an audience in the dashboard after the review, or another pull request was "
        "applied first",
    )
