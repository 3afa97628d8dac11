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
from reconciler.plan import Plan
from reconciler.render import text
from reconciler.render.annotations import annotate


@click.command("plan")
@options.paths
@options.sandbox
def plan_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Validate and plan a pull request; show the plan in a comment and in the job's summary."""

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
        return publish(
            exit_codes.ERROR if plan.errored else exit_codes.DONE,
            environment,
            partial(pull.publish_outputs, plan),
            partial(pull.publish_summary, plan),
            partial(pull.publish_comment, plan),
        )

    return run(body)
