"""`reconciler github drift`."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler import schema
from reconciler.app import planning, settings
from reconciler.app.publishing import publish
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import guarded
from reconciler.github import environment as runner
from reconciler.github import sticky
from reconciler.github.rest import GitHub
from reconciler.render import comment, text
from reconciler.render.annotations import annotate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.github.environment import Environment
    from reconciler.plan import Plan

TITLE = "Audiences differ from git"


@click.command("drift")
@options.paths
@options.sandbox
def drift_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Keep one issue that lists what differs from git. Exits 2 while there is some."""
    chosen = paths or options.DEFAULT_PATHS

    def body() -> int:
        environment = runner.read(os.environ)
        limits, defined = settings.limits(chosen), planning.load(chosen)
        plan = asyncio.run(planning.plan(defined, settings.connection(is_sandbox=sandbox), limits))
        output.write(annotate(plan.diagnostics) + text.plan(plan))
        code = exit_codes.CHANGES if plan.changes else exit_codes.DONE
        return publish(
            exit_codes.ERROR if plan.errored else code,
            environment,
            lambda: environment.put({"changes": "true" if plan.changes else "false"}),
            lambda: environment.summarize(_fitted(plan, runner.MAX_SUMMARY)),
            lambda: _keep(environment, plan, chosen),
        )

    return guarded(body)


def _fitted(plan: Plan, max_bytes: int, elsewhere: str = "") -> str:
    return comment.fitted(partial(_body, plan, elsewhere), len(plan.changes), max_bytes)


def _body(plan: Plan, elsewhere: str, most: int | None) -> str:
    if not _differs(plan):
        return comment.settled()
    return comment.drifted(plan, schema.rules(), most=most, elsewhere=elsewhere)


def _differs(plan: Plan) -> bool:
    return bool(plan.changes) or plan.errored


def _keep(environment: Environment, plan: Plan, paths: Sequence[str]) -> None:
    """Open, update or close the one issue."""
    kind = sticky.kind("drift", paths)
    text_ = _fitted(plan, comment.MAX_COMMENT, comment.summary_of(environment.run_url))
    body = sticky.marked(kind, {}, text_)
    with GitHub(environment) as remote:
        issue = sticky.find_issue(remote, kind)
        if issue is not None:
            state = {} if _differs(plan) else {"state": "closed", "state_reason": "completed"}
            remote.update(f"issues/{issue.number}", {"body": body, **state})
        elif _differs(plan):
            remote.create("issues", {"title": TITLE, "body": body})
