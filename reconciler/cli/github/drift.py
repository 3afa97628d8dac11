"""`reconciler github drift`."""

from __future__ import annotations

import os
from functools import partial

import click

from reconciler import schema
from reconciler.app import drift, drift_adoption
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import attempt, publish, run
from reconciler.errors import ReconcilerError
from reconciler.github import environment as runner
from reconciler.render import markdown_notes, text
from reconciler.render.annotations import annotate


@click.command("drift")
@options.paths
@options.sandbox
@click.option(
    "--adopt",
    type=click.Choice(["pull-request"]),
    help="Also keep one pull request that takes what is live into the files.",
)
def drift_command(paths: tuple[str, ...], sandbox: bool, adopt: str | None) -> int:
    """Keep one issue that lists what differs from git. Exits 2 while there is some."""

    def body() -> int:
        environment = runner.read(os.environ)
        found = attempt(partial(drift.find, environment, paths or options.DEFAULT_PATHS, is_sandbox=sandbox))
        if isinstance(found, ReconcilerError):
            output.write(annotate(found.diagnostics))
            summary = partial(environment.append_summary, markdown_notes.notes(found.diagnostics))
            return publish(exit_codes.of_error(found), environment, summary)
        output.write(annotate(found.plan.diagnostics) + text.plan(found.plan, schema.rules()))
        code = exit_codes.CHANGES if found.plan.changes else exit_codes.DONE
        code = exit_codes.ERROR if found.plan.errored else code
        address: list[str] = []

        def propose() -> None:
            address.append(drift_adoption.find(environment, found.paths, is_sandbox=sandbox).publish())

        def publish_issue() -> None:
            found.publish_issue("".join(address))

        steps = found.publish_outputs, found.publish_summary, *([propose] if adopt else []), publish_issue
        return publish(code, environment, *steps)

    return run(body)
