"""`reconciler fleet validate`."""

from __future__ import annotations

from typing import Unpack

import click

from reconciler.app.fleet.run import FleetRun
from reconciler.app.fleet.work import FleetRequest
from reconciler.cli.fleet import options
from reconciler.cli.fleet.ending import carry_out, format_


@click.command("validate")
@options.running
@format_
def validate_command(**given: Unpack[options.Running]) -> int:
    """Check every definition of every organization, offline."""

    def make() -> FleetRun:
        return FleetRun("validate", options.selection(given), FleetRequest(), options.how(given))

    return carry_out("validate", make, given["format_"], given["out"])
