"""`reconciler fleet apply`."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Unpack

import click

from reconciler import interrupts, wording
from reconciler.app.fleet import reviewed_plans
from reconciler.app.fleet.run import FleetRun
from reconciler.app.fleet.work import FleetRequest
from reconciler.cli import options as single
from reconciler.cli import output
from reconciler.cli.apply import ask, require_terminal
from reconciler.cli.fleet import options
from reconciler.cli.fleet.ending import carry_out, format_, perform
from reconciler.errors import Interrupted, SettingsError
from reconciler.plan.reach import BUDGET
from reconciler.render import fleet_text

if TYPE_CHECKING:
    from reconciler.app.fleet.run import How, Reviewed
    from reconciler.app.fleet.selection import Selection
    from reconciler.plan import MaxChanges
    from reconciler.plan.organization import FleetReport


@click.command("apply")
@options.running
@format_
@single.sandbox
@click.option("--auto-approve", is_flag=True, help="Apply without asking.")
@click.option(
    "--plan",
    "plans",
    metavar="DIR",
    type=click.Path(),
    help="Apply without asking the plans that `fleet plan --out DIR` saved, as far as they still hold.",
)
@single.parallelism
@single.max_changes
@options.database_url
def apply_command(
    sandbox: bool,
    auto_approve: bool,
    plans: str | None,
    parallelism: int,
    max_changes: MaxChanges | None,
    database_url: str | None,
    **given: Unpack[options.Running],
) -> int:
    """Bring each organization to what its definitions say, after a yes.

    With --changed-since the guards are those of the merge base. With --engine dbos the workers of a database
    do the work (`reconciler fleet worker`), and whichever process dies, it goes on where it was.
    """

    def make() -> FleetRun:
        if not auto_approve and plans is None:
            require_terminal("Give --plan DIR with the plans that were reviewed, or --auto-approve")
        if plans is not None:
            reviewed_plans.require_folder(plans)
        how = _how(given, database_url, max_changes)
        selection = options.selection(given)
        request = FleetRequest(
            auto_approve, parallelism, max_changes, BUDGET, selection.base, is_sandbox=sandbox
        )
        if plans is not None:
            reviewed: Reviewed = partial(reviewed_plans.read, plans)
        else:
            reviewed = (
                None
                if auto_approve
                else partial(reviewed_plans.from_report, _approved(selection, request, how))
            )
        return FleetRun("apply", selection, request, how, reviewed=reviewed)

    return carry_out("apply", make, given["format_"], given["out"])


def _how(given: options.Running, database_url: str | None, max_changes: MaxChanges | None) -> How:
    if given["engine"] == "local":
        return options.how(given)
    from reconciler.app.fleet import durable
    from reconciler.app.fleet.engines import DatabaseUse
    from reconciler.app.fleet.run import How

    durable.enable()
    if max_changes is not None:
        raise SettingsError(
            "--max-changes cannot be handed on to workers", "Set max_changes in reconciler.toml instead"
        )
    from reconciler.app.fleet.durable import database

    where = database.address(database_url)
    return How(given["concurrency"], given["out"], DatabaseUse(where, output.tell))


def _approved(selection: Selection, request: FleetRequest, how: How) -> FleetReport:
    """Show what would be done and ask for a yes; raises NotApproved without one, and Interrupted."""
    report = perform(FleetRun("plan", selection, request, replace(how, out=None, database=None)))
    interrupts.hold()
    interrupts.release()
    if any(one.outcome in {"interrupted", "not_attempted"} for one in report.results):
        raise Interrupted("interrupted", "Nothing was written")
    output.write(fleet_text.report(report, output.ink(sys.stderr)), sys.stderr)
    changing = [one for one in report.results if one.changes]
    if changing:
        audiences = wording.count(sum(one.counts["update"] for one in changing), "audience")
        ask(f"{audiences} in {wording.count(len(changing), 'organization')}")
    return report
