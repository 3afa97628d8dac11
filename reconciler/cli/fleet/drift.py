"""`reconciler fleet drift`."""

from __future__ import annotations

from typing import Unpack

import click

from reconciler.app.fleet.run import FleetRun
from reconciler.app.fleet.work import FleetRequest
from reconciler.cli import options as single
from reconciler.cli.fleet import options
from reconciler.cli.fleet.ending import carry_out, format_


@click.command("drift")
@options.running
@format_
@single.sandbox
def drift_command(sandbox: bool, **given: Unpack[options.Running]) -> int:
    """Show what differs from git in each organization. Exits 2 while there is some. Never writes."""

    def make() -> FleetRun:
        return FleetRun(
            "drift", options.selection(given), FleetRequest(is_sandbox=sandbox), options.how(given)
        )

    return carry_out("drift", make, given["format_"], given["out"], is_detailed=True)
