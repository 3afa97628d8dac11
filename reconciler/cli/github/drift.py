"""`reconciler github drift`."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler import schema
from reconciler.cli import exit_codes, options, output, planning, settings
from reconciler.cli.boundary import Ending, guarded
from reconciler.cli.github.posting import say
from reconciler.github import environment as runner
from reconciler.github.rest import GitHub
from reconciler.github.sticky import find_issue, marked
from reconciler.render import github, review

if TYPE_CHECKING:
    from reconciler.plan import Plan

TITLE = "Audiences differ from git"


@click.command("drift")
@options.paths
@options.sandbox
def drift_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Keep one issue that lists what differs from git. Exits 2 while there is some."""
    chosen = paths or options.DEFAULT_PATHS

    def body() -> Ending:
        environment = runner.read(os.environ)
        limits = settings.limits(chosen)
        defined = planning.load(chosen)
        plan = asyncio.run(planning.plan(defined, settings.connection(is_sandbox=sandbox), limits))
        output.write(github.workflow(plan.diagnostics))
        render = partial(_body, plan)
        environment.put({"changes": "true" if plan.changes else "false"})
        environment.summarize(review.fitted(render, len(plan.changes), runner.MOST_SUMMARY))
        text = review.fitted(render, len(plan.changes), review.MOST_COMMENT)

        def post() -> None:
            with GitHub(environment) as remote:
                _keep(remote, text, is_needed=bool(plan.changes) or plan.errored)

        say(environment, post)
        if plan.errored:
            return Ending(exit_codes.ERROR)
        return Ending(exit_codes.CHANGES if plan.changes else exit_codes.DONE)

    return guarded(body)


def _body(plan: Plan, most: int | None) -> str:
    if not plan.changes and not plan.errored:
        return review.settled()
    return review.drifted(plan, schema.rules(), most=most, elsewhere="the job's summary")


def _keep(remote: GitHub, text: str, *, is_needed: bool) -> None:
    """Open, update or close the one issue."""
    body = marked("drift", {}, text)
    issue = find_issue(remote)
    if issue is not None:
        state = {} if is_needed else {"state": "closed", "state_reason": "completed"}
        remote.update(f"issues/{issue.number}", {"body": body, **state})
    elif is_needed:
        remote.create("issues", {"title": TITLE, "body": body})
