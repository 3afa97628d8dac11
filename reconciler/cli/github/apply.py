"""`reconciler github apply`."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler.app.merged_apply import Merge, MergedApply, reworded
from reconciler.cli import exit_codes, options
from reconciler.cli.apply import ending
from reconciler.cli.apply import run as run_session
from reconciler.cli.boundary import Ending, attempt, finish, publish, run
from reconciler.errors import ReconcilerError
from reconciler.github import environment as runner

if TYPE_CHECKING:
    from reconciler.plan import MaxChanges


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

    def body() -> int:
        environment = runner.read(os.environ)
        merge = Merge(environment, paths or options.DEFAULT_PATHS)
        review = attempt(partial(merge.find_review, is_optional=without_pull_request))
        if isinstance(review, ReconcilerError):
            code = finish(Ending(exit_codes.of_error(review), diagnostics=review.diagnostics))
            return publish(code, environment, partial(merge.publish_failure, review))
        session = merge.session(review, is_sandbox=sandbox, parallelism=parallelism, max_changes=max_changes)
        ended = attempt(partial(run_session, session), is_written=lambda: session.has_begun)
        error = reworded(ended, session, review)
        code = finish(ending(session, error))
        applied = MergedApply(environment, review, session, error)
        steps = applied.publish_outputs, applied.publish_summary, applied.publish_comment
        return publish(code, environment, *steps)

    return run(body)
