"""`reconciler github drift`."""

from __future__ import annotations

import os
from functools import partial

import click

from reconciler.app import drift
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import attempt, publish, run
from reconciler.errors import ReconcilerError
from reconciler.github import environment as runner
from reconciler.render import markdown, text
from reconciler.render.annotations import annotate


@click.command("drift")
@options.paths
@options.sandbox
def drift_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Keep one issue that lists what differs from git. Exits 2 while there is some."""

    def body() -> int:
        environment = runner.read(os.environ)
        found = attempt(partial(drift.find, environment, paths or options.DEFAULT_PATHS, is_sandbox=sandbox))
        if isinstance(found, ReconcilerError):
            output.write(annotate(found.diagnostics))
            summary = partial(environment.append_summary, markdown.notes(found.diagnostics))
            return publish(exit_codes.of_error(found), environment, summary)
        output.write(annotate(found.plan.diagnostics) + text.plan(found.plan))
        code = exit_codes.CHANGES if found.plan.changes else exit_codes.DONE
        return publish(
            exit_codes.ERROR if found.plan.errored else code,
            environment,
            found.publish_outputs,
            found.publish_summary,
            found.publish_issue,
        )

    return run(body)
