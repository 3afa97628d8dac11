"""`reconciler github`: the commands that a pull request's workflows run."""

from __future__ import annotations

import click

from reconciler.cli.github.apply import apply_command
from reconciler.cli.github.drift import drift_command
from reconciler.cli.github.fleet import fleet_command
from reconciler.cli.github.plan import plan_command


@click.group("github")
def github_command() -> None:
    """Plans, applies and drift on GitHub, for the steps of a workflow."""


github_command.add_command(plan_command)
github_command.add_command(apply_command)
github_command.add_command(drift_command)
github_command.add_command(fleet_command)
