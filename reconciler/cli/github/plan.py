"""`reconciler github plan`."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler import schema
from reconciler.app import pull_request, untouched
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import attempt, publish, run
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.github import environment as runner
from reconciler.plan import Plan, objections
from reconciler.render import comment, diagnostics, text
from reconciler.render.annotations import annotate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.app.pull_request import PullRequest
    from reconciler.github.environment import Environment

_PAGE = re.compile(r"[A-Za-z0-9][\w.-]{0,99}\.html", re.ASCII)


@click.command("plan")
@options.paths
@options.sandbox
@options.reach_budget
@options.no_reach
@click.option(
    "--pull-request",
    "number",
    metavar="N",
    type=click.IntRange(1),
    help="In a run by hand: plan this one, whose merge is checked out. A fork's gets no key by itself.",
)
@click.option(
    "--page",
    metavar="NAME.html",
    default="",
    callback=lambda _, __, name: _checked(name),
    help="Name of the HTML page, and of the artifact that the workflow keeps it as: the comment says where.",
)
def plan_command(
    paths: tuple[str, ...], sandbox: bool, reach_budget: int, no_reach: bool, number: int | None, page: str
) -> int:
    """Validate and plan a pull request; show the plan in a comment and in the job's summary.

    One that changes no definition and no setting ends at once. A merge queue's group gets its plan in the
    summary alone. Exits 3 where merging would be refused, and 1 where the comment cannot be written.
    """

    def body() -> int:
        environment, read = runner.read(os.environ), paths or options.DEFAULT_PATHS
        if number is not None:
            environment = pull_request.by_number(environment, number, read)
        if untouched.is_so(environment, read):
            return _pass_over(environment, read)
        pull = replace(pull_request.read(environment, read), page=page)
        return _plan(pull, is_sandbox=sandbox, reach_budget=0 if no_reach else reach_budget)

    return run(body)


def _checked(page: str) -> str:
    """Return the name of a file in no other folder; raises BadParameter for any other text."""
    if page and not _PAGE.fullmatch(page):
        raise click.BadParameter(
            f"{page!r} is not the name of a page. Use letters, digits, dots and hyphens: plan-1.html."
        )
    return page


def _pass_over(environment: Environment, paths: Sequence[str]) -> int:
    output.write("No definition and no setting is changed, so there is nothing to plan.\n")
    summary = partial(untouched.publish_summary, environment)
    return publish(
        exit_codes.DONE, environment, summary, partial(untouched.publish_comment, environment, paths)
    )


def _plan(pull: PullRequest, *, is_sandbox: bool, reach_budget: int) -> int:
    make = partial(pull.make_plan, is_sandbox=is_sandbox, reach_budget=reach_budget)
    environment, planned = pull.environment, attempt(make)
    if isinstance(planned, Interrupted):
        raise planned
    if isinstance(planned, int):
        output.write(diagnostics.validation_summary(planned, ()))
        return publish(exit_codes.DONE, environment, partial(pull.publish_validity, planned))
    plan = (
        Plan(origin="", diagnostics=planned.diagnostics) if isinstance(planned, ReconcilerError) else planned
    )
    output.write(annotate(pull.diagnostics(plan)) + (text.plan(plan, schema.rules()) if plan.origin else ""))
    queued = [partial(environment.append_summary, comment.queued())] if environment.is_merge_group else []
    code = publish(
        _code(plan),
        environment,
        partial(pull.publish_outputs, plan),
        *queued,
        partial(pull.publish_summary, plan),
    )
    # Without its comment nothing can be reviewed, so the check must not be green.
    return publish(code, environment, partial(pull.publish_comment, plan), is_required=True)


def _code(plan: Plan) -> int:
    if plan.errored:
        return exit_codes.ERROR
    return exit_codes.REFUSED if objections(plan) else exit_codes.DONE
