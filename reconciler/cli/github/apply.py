"""`reconciler github apply`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler import schema
from reconciler.app.dry_run import DryRun
from reconciler.app.merged_apply import Merge, MergedApply
from reconciler.cli import exit_codes, options, output
from reconciler.cli.apply import ending
from reconciler.cli.apply import run as run_session
from reconciler.cli.boundary import Ending, attempt, finish, publish, run
from reconciler.errors import ReconcilerError
from reconciler.github import environment as runner
from reconciler.render import text
from reconciler.render.annotations import annotate

if TYPE_CHECKING:
    from reconciler.app.reviewed_session import ReviewedSession
    from reconciler.github.environment import Environment
    from reconciler.plan import MaxChanges


@click.command("apply")
@options.paths
@options.sandbox
@click.option(
    "--without-pull-request", is_flag=True, help="Apply a push that no pull request brought, unreviewed."
)
@click.option(
    "--require-approval", is_flag=True, help="Count a merge only if a second person approved it on GitHub."
)
@click.option("--all-or-nothing", is_flag=True, help="Apply nothing where one change was not reviewed.")
@options.max_changes
@options.target
@click.option("--dry-run", is_flag=True, help="Show what would be applied, and write nothing anywhere.")
@options.parallelism
def apply_command(
    paths: tuple[str, ...],
    sandbox: bool,
    without_pull_request: bool,
    require_approval: bool,
    all_or_nothing: bool,
    max_changes: MaxChanges | None,
    targets: tuple[str, ...],
    dry_run: bool,
    parallelism: int,
) -> int:
    """Apply what merged pull requests' comments show, and nothing else; say in new comments how it ended."""

    def body() -> int:
        environment = runner.read(os.environ)
        merge = Merge(environment, paths or options.DEFAULT_PATHS)
        find = partial(
            merge.find_reviews, is_optional=without_pull_request, is_approval_required=require_approval
        )
        found = attempt(find)
        if isinstance(found, ReconcilerError):
            code = _finish(Ending(exit_codes.of_error(found), diagnostics=found.diagnostics))
            return publish(code, environment, partial(merge.publish_failure, found))
        session = merge.session(
            found,
            is_sandbox=sandbox,
            parallelism=parallelism,
            max_changes=max_changes,
            targets=targets,
            is_all_or_nothing=all_or_nothing,
        )
        if dry_run:
            return _show(environment, session)
        error = attempt(partial(run_session, session), is_written=lambda: session.has_begun)
        code = _finish(_ending(session, error))
        applied = MergedApply(environment, merge.paths, session, error)
        steps = applied.publish_outputs, applied.publish_summary, applied.publish_comments
        return publish(code, environment, *steps)

    return run(body)


def _show(environment: Environment, session: ReviewedSession) -> int:
    """Show what an apply would do; exits as it would where it would refuse anything."""

    def plan() -> None:
        made = session.make_plan()
        output.write(text.plan(made, schema.rules(), output.ink(sys.stdout)))
        session.require_allowed(made)

    shown = DryRun(environment, session, attempt(plan))
    code = exit_codes.DONE if shown.refusal is None else exit_codes.of_error(shown.refusal)
    code = _finish(Ending(code, shown.text, shown.reasons))
    return publish(code, environment, shown.publish_summary)


def _finish(ending: Ending) -> int:
    """Save and print what the command ends with, and annotate the run with it."""
    code = finish(ending)
    output.write(annotate(ending.diagnostics), sys.stderr)
    return code


def _ending(session: ReviewedSession, error: ReconcilerError | None) -> Ending:
    """Report what became of every audience; where nothing but what was refused is left, it was refused."""
    ended, refused = ending(session, error), {change.id for change in session.refused}
    others = {one.outcome for one in session.result(error).results if one.id not in refused}
    is_refused = ended.code == exit_codes.ERROR and refused and others <= {"unchanged"} and session.has_begun
    return replace(ended, code=exit_codes.REFUSED) if is_refused else ended
