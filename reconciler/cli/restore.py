"""`reconciler restore`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler import interrupts
from reconciler.app import adopting, planning, restoring, saved_files, settings
from reconciler.cli import options
from reconciler.cli.adopt import ending
from reconciler.cli.boundary import run
from reconciler.errors import StalePlan
from reconciler.plan import Plan

if TYPE_CHECKING:
    from reconciler.cli.boundary import Ending


@click.command("restore")
@click.argument("file", metavar="RESULT|PLAN", type=click.Path())
@options.names
@options.in_paths
@options.sandbox
@click.option("--force", is_flag=True, help="Also where somebody changed the audience since.")
@options.dry_run
def restore_command(
    file: str, names: tuple[str, ...], paths: tuple[str, ...], sandbox: bool, force: bool, dry_run: bool
) -> int:
    """Put back into the files what an apply changed. Never writes to the API.

    RESULT or PLAN was saved with --out. The files then say what the audiences had before. That is a change
    like any other: plan, review, apply.
    """

    def body() -> Ending:
        saved = saved_files.read(file)
        ones = restoring.applied(saved)
        loaded = planning.load(paths)
        owned, lost = restoring.chosen(ones, loaded.definitions, names)
        connection = settings.connection(is_sandbox=sandbox)
        if isinstance(saved, Plan) and saved.origin != connection.origin:
            raise StalePlan(
                f"{file} is a plan for {saved.origin}, and not for {connection.origin}", "Name the right file"
            )
        live = interrupts.run(adopting.read(owned, connection, loaded.catalogue))
        found = restoring.restore(owned, live, ones, loaded.catalogue, is_forced=force)
        found = replace(
            found, diagnostics=(*lost, *found.diagnostics), is_refused=found.is_refused and not lost
        )
        return ending(found, "Restored what was before", _NOTHING, is_dry_run=dry_run)

    return run(body)


_NOTHING = "Nothing to restore: no file differs from what was before in what was applied."
