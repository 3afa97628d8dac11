"""`reconciler github plan`."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import schema
from reconciler.cli import documents, exit_codes, options, output, planning, settings
from reconciler.cli.base import Base, read_base
from reconciler.cli.boundary import Ending, guarded
from reconciler.cli.github.posting import say
from reconciler.errors import DefinitionError, FileError
from reconciler.github import environment as runner
from reconciler.github.memory import of_plan
from reconciler.github.rest import GitHub
from reconciler.github.sticky import marked, post_comment
from reconciler.plan import Plan
from reconciler.render import github, json, review

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.github.environment import Environment


@click.command("plan")
@options.paths
@options.sandbox
def plan_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Validate and plan a pull request; show the plan in a comment and in the job's summary."""
    chosen = paths or options.DEFAULT_PATHS

    def body() -> Ending:
        environment = runner.read(os.environ)
        base, notes = _base(environment, chosen)
        try:
            defined = planning.load(chosen)
        except DefinitionError as error:
            return _told(environment, Plan(origin="", diagnostics=error.diagnostics), base, notes)
        if environment.is_fork and not sandbox and not os.environ.get("LEADPIPE_API_KEY"):
            environment.summarize(review.validated(len(defined)))
            return Ending(exit_codes.DONE, lambda: review.validated(len(defined)))
        limits = settings.limits(chosen)
        connection = settings.connection(is_sandbox=sandbox)
        plan = asyncio.run(planning.plan(defined, connection, limits, base=base))
        return _told(environment, plan, base, notes)

    return guarded(body)


def _base(environment: Environment, paths: Sequence[str]) -> tuple[Base | None, list[Diagnostic]]:
    """Return what git had where the branch began; where it cannot tell, the plan goes without."""
    if environment.base_sha is None:
        return None, []
    try:
        return read_base(environment.base_sha, paths), []
    except FileError as error:
        return None, [replace(one, severity="warning") for one in error.diagnostics]


def _told(environment: Environment, plan: Plan, base: Base | None, notes: Sequence[Diagnostic]) -> Ending:
    """Show a plan everywhere that it is shown: annotations, outputs, the job's summary, the comment."""
    found = sorted(
        [*plan.diagnostics, *notes], key=lambda one: base is not None and one.file in base.unchanged
    )
    output.write(github.workflow(found))
    render, size = partial(_body, plan), len(plan.changes)
    environment.put({**_outputs(plan), **_saved(plan, render(None))})
    environment.summarize(review.fitted(render, size, runner.MOST_SUMMARY))
    number = environment.pull_request
    if number is not None:
        marker = marked("plan", of_plan(plan), "")
        comment = marker + review.fitted(render, size, review.MOST_COMMENT - len(marker))

        def post() -> None:
            with GitHub(environment) as remote:
                post_comment(remote, number, comment)

        say(environment, post)
    return Ending(exit_codes.ERROR if plan.errored else exit_codes.DONE)


def _body(plan: Plan, most: int | None) -> str:
    return review.planned(plan, schema.rules(), most=most, elsewhere="the job's summary")


def _outputs(plan: Plan) -> dict[str, str | int]:
    return {"changes": "true" if plan.changes else "false", "digest": plan.digest or "", **plan.summary}


def _saved(plan: Plan, markdown: str) -> dict[str, str | int]:
    folder = Path(os.environ.get("RUNNER_TEMP") or ".")
    files = {"plan": folder / "reconciler-plan.json", "markdown": folder / "reconciler-plan.md"}
    documents.save(json.plan(plan), str(files["plan"]))
    documents.save(markdown, str(files["markdown"]))
    return {name: str(file) for name, file in files.items()}
