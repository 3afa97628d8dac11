"""`reconciler github plan`."""

from __future__ import annotations

import os
from functools import partial

import click

from reconciler.app import pull_request
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import attempt, publish, run
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.github import environment as runner
from reconciler.plan import Plan, objections
from reconciler.render import text
from reconciler.render.annotations import annotate


@click.command("plan")
@options.paths
@options.sandbox
def plan_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Validate and plan a pull request; show the plan in a comment and in the job's summary.

    Exits 3 where merging would be refused, and 1 where the comment cannot be written.
    """

    def body() -> int:
        environment = runner.read(os.environ)
        pull = pull_request.read(environment, paths or options.DEFAULT_PATHS)
        planned = attempt(partial(pull.make_plan, is_sandbox=sandbox))
        if isinstance(planned, Interrupted):
            raise planned
        if isinstance(planned, int):
            output.write(text.validation_summary(planned, ()))
            return publish(exit_codes.DONE, environment, partial(pull.publish_validity, planned))
        plan = (
            Plan(origin="", diagnostics=planned.diagnostics)
            if isinstance(planned, ReconcilerError)
            else planned
        )
        output.write(annotate(pull.diagnostics(plan)) + (text.plan(plan) if plan.origin else ""))
        steps = partial(pull.publish_outputs, plan), partial(pull.publish_summary, plan)
        code = publish(_code(plan), environment, *steps)
        # Without its comment nothing can be reviewed, so the check must not be green.
        return publish(code, environment, partial(pull.publish_comment, plan), is_required=True)

    return run(body)


def _code(plan: Plan) -> int:
    if plan.errored:
        return exit_codes.ERROR
    return exit_codes.REFUSED if objections(plan) else exit_codes.DONE
