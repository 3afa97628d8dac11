"""`reconciler github fleet`: the steps of a workflow over many organizations."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler import git_history, wording
from reconciler.app import untouched
from reconciler.app.fleet import shards
from reconciler.app.fleet.on_github import PATHS, select
from reconciler.app.merged_apply import MAX_COMMITS, Merge
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import publish, run
from reconciler.cli.fleet.ending import ending, perform
from reconciler.cli.fleet.options import shard as shard_option
from reconciler.github import environment as runner
from reconciler.render import comment

if TYPE_CHECKING:
    from reconciler.app.fleet.selection import Selection
    from reconciler.app.fleet.shards import Shard
    from reconciler.github.environment import Environment
    from reconciler.plan import MaxChanges
    from reconciler.plan.organization import Action, FleetReport

_globs = click.option("--org", "globs", multiple=True, metavar="GLOB", help="Only these. Repeatable.")
_out = click.option("--out", metavar="DIR", type=click.Path(), required=True, help="Where the results go.")
_folder = click.argument("folder", type=click.Path(), metavar="DIR")
_is_optional = click.option(
    "--without-pull-request", is_flag=True, help="Apply a push that no pull request brought, unreviewed."
)
_is_required = click.option(
    "--require-approval", is_flag=True, help="Count a merge only if a second person approved it on GitHub."
)


@click.group("fleet")
def fleet_command() -> None:
    """Plans and applies of many organizations on GitHub, in several jobs that each have a share of them."""


@fleet_command.command("select")
@_globs
@click.option(
    "--shards",
    "count",
    metavar="N",
    type=click.IntRange(1, shards.MAX_SHARDS),
    required=True,
    help="At most.",
)
def select_command(globs: tuple[str, ...], count: int) -> int:
    """Set the outputs `matrix`, with a job for each shard that the event is about, and `organizations`."""

    def body() -> int:
        environment = runner.read(os.environ)
        names = [one.name for one in select(environment, globs).organizations]
        matrix = json.dumps({"include": shards.matrix(names, count)})
        environment.set_outputs({"matrix": matrix, "organizations": len(names)})
        output.write(f"{wording.count(len(names), 'organization')}: {matrix}\n")
        return exit_codes.DONE

    return run(body)


@fleet_command.command("plan")
@_globs
@shard_option
@_out
@options.reach_budget
@options.no_reach
def plan_command(
    globs: tuple[str, ...], shard: Shard | None, out: str, reach_budget: int, no_reach: bool
) -> int:
    """Plan a share of the organizations that the event is about; a fork gets no key, and is validated."""

    def body() -> int:
        from reconciler.app.fleet.run import FleetRun, How
        from reconciler.app.fleet.work import FleetRequest

        environment = runner.read(os.environ)
        selection = select(environment, globs, shard)
        request = FleetRequest(
            reach_budget=0 if no_reach else reach_budget, base=selection.base, is_proposal=True
        )
        return _ended(
            environment, perform(FleetRun(_action(environment), selection, request, How(out=out))), out
        )

    return run(body)


@fleet_command.command("comment")
@_globs
@_folder
def comment_command(globs: tuple[str, ...], folder: str) -> int:
    """Show what the plans of all shards, below DIR, come to: in one comment and in the job's summary.

    Exits 1 where an organization's plan failed or is missing, and 3 where merging would be refused for one.
    """

    def body() -> int:
        from reconciler.app.fleet import collected
        from reconciler.app.fleet.pull_comment import PullComment

        environment = runner.read(os.environ)
        selection = select(environment, globs)
        if not selection.organizations and not selection.gone:
            return _pass_over(environment)
        found = PullComment(environment, collected.collect(folder, _action(environment), selection))
        code = publish(_verdict(found.report), environment, found.publish_outputs, found.publish_summary)
        if environment.is_fork:
            return code
        return publish(code, environment, found.publish_comment, is_required=True)

    return run(body)


def _action(environment: Environment) -> Action:
    return "validate" if environment.is_fork else "plan"


def _pass_over(environment: Environment) -> int:
    output.write("No organization is changed, so there is nothing to plan.\n")
    return publish(
        exit_codes.DONE,
        environment,
        partial(environment.append_summary, comment.untouched()),
        partial(untouched.publish_comment, environment, PATHS),
    )


def _verdict(report: FleetReport) -> int:
    code = exit_codes.of_report(report)
    is_refused = any(one.outcome == "refused" for one in report.results)
    return exit_codes.REFUSED if code == exit_codes.DONE and is_refused else code


@fleet_command.command("apply")
@_globs
@shard_option
@_out
@_is_optional
@_is_required
@options.max_changes
@options.parallelism
def apply_command(
    globs: tuple[str, ...],
    shard: Shard | None,
    out: str,
    without_pull_request: bool,
    require_approval: bool,
    max_changes: MaxChanges | None,
    parallelism: int,
) -> int:
    """Apply what merged pull requests' comments show of a share of the organizations, and nothing else.

    The organizations are those that the push changes and, by hand, all; one after the other.
    """

    def body() -> int:
        from reconciler.app.fleet.merged import MergedSessions
        from reconciler.app.fleet.run import FleetRun, How
        from reconciler.app.fleet.work import FleetRequest

        environment = runner.read(os.environ)
        selection = select(environment, globs, shard)
        found = Merge(environment, PATHS).find_reviews(
            is_optional=without_pull_request, is_approval_required=require_approval
        )
        sessions = MergedSessions(environment, found, git_history.first_parents(PATHS, MAX_COMMITS))
        request = FleetRequest(parallelism=parallelism, max_changes=max_changes)
        # One at a time: what is asked of GitHub meanwhile must not keep another one's requests waiting.
        how = How(concurrency=1, out=out)
        report = perform(FleetRun("apply", selection, request, how, sessions=sessions))
        code = _ended(environment, report, out)
        return publish(code, environment, partial(sessions.save_used, out), is_required=True)

    return run(body)


def _ended(environment: Environment, report: FleetReport, out: str) -> int:
    """Show and save a shard's report, and return its exit code."""
    from reconciler.cli.boundary import finish
    from reconciler.cli.fleet.ending import render

    code = finish(ending(report, exit_codes.of_report(report), "text", out))
    summary = partial(environment.append_summary, render(report, code, "markdown"))
    return publish(code, environment, summary)


@fleet_command.command("report")
@_globs
@_folder
@_is_optional
@_is_required
def report_command(
    globs: tuple[str, ...], folder: str, without_pull_request: bool, require_approval: bool
) -> int:
    """Say in new comments on the merged pull requests how the applies of all shards, below DIR, ended."""

    def body() -> int:
        from reconciler.app.fleet import collected
        from reconciler.app.fleet.merged import ResultComments

        environment = runner.read(os.environ)
        selection: Selection = select(environment, globs)
        found = Merge(environment, PATHS).find_reviews(
            is_optional=without_pull_request, is_approval_required=require_approval
        )
        comments = ResultComments(environment, collected.collect(folder, "apply", selection), found)
        code = exit_codes.of_report(comments.report)
        steps = comments.publish_outputs, comments.publish_summary
        return publish(
            publish(code, environment, *steps), environment, comments.publish_comments, is_required=True
        )

    return run(body)
