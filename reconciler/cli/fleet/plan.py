"""`reconciler fleet plan`."""

from __future__ import annotations

from typing import Unpack

import click

from reconciler.app.fleet.run import FleetRun
from reconciler.app.fleet.work import FleetRequest
from reconciler.cli import options as single
from reconciler.cli.fleet import options
from reconciler.cli.fleet.ending import carry_out, format_


@click.command("plan")
@options.running
@format_
@single.sandbox
@single.reach_budget
@single.no_reach
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there are changes.")
def plan_command(
    detailed_exitcode: bool,
    reach_budget: int,
    no_reach: bool,
    sandbox: bool,
    **given: Unpack[options.Running],
) -> int:
    """Show what an apply would do in each organization. Never writes.

    With --changed-since each plan tells git's changes from drift, and the guards are those of the merge base.
    """

    def make() -> FleetRun:
        selection = options.selection(given)
        budget = 0 if no_reach else reach_budget
        request = FleetRequest(base=selection.base, reach_budget=budget, is_sandbox=sandbox)
        return FleetRun("plan", selection, request, options.how(given))

    return carry_out("plan", make, given["format_"], given["out"], is_detailed=detailed_exitcode)
