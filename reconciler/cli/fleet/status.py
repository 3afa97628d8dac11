"""`reconciler fleet status`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.app.fleet import durable
from reconciler.cli import exit_codes, output
from reconciler.cli.boundary import Ending, run
from reconciler.cli.fleet import options
from reconciler.plan.durable_run import FleetStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic


@click.command("status")
@options.database_url
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status_command(database_url: str | None, format_: str) -> int:
    """Show what runs, waits and failed among the applies that were left to workers."""

    def body() -> Ending:
        durable.enable()
        from reconciler.app.fleet.durable import database, overview

        found = overview.read(database.address(database_url))
        return Ending(exit_codes.DONE, lambda: _rendered(found, format_), is_document=format_ == "json")

    def failed(found: Sequence[Diagnostic]) -> str:
        return _rendered(FleetStatus(diagnostics=tuple(found)), format_) if format_ == "json" else ""

    return run(body, failed)


def _rendered(found: FleetStatus, format_: str) -> str:
    if format_ == "json":
        from reconciler.render import json_output

        return json_output.fleet_status(found)
    from reconciler.render import fleet_status

    return fleet_status.status(found, output.ink(sys.stdout))
