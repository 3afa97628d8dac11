"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.plan.limits import MaxChanges
from reconciler.plan.reach import BUDGET

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_PATHS = ("audiences.d",)

paths = click.argument("paths", nargs=-1, metavar="[PATHS]...")
sandbox = click.option("--sandbox", is_flag=True, help="Use the embedded API; its state is in .reconciler/.")
target = click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="ID|NAME",
    help="Only this audience: its id, or a glob over names. Repeatable.",
)
names = click.argument("names", nargs=-1, metavar="[ID|NAME]...")
in_paths = click.option(
    "--paths",
    multiple=True,
    default=DEFAULT_PATHS,
    show_default=True,
    metavar="PATH",
    help="Where the definitions are. Repeatable.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Print the difference as a diff, and write nothing.")
parallelism = click.option(
    "--parallelism", type=click.IntRange(1, 16), default=4, show_default=True, help="PATCH calls at once."
)


reach_budget = click.option(
    "--reach-budget",
    metavar="N",
    type=click.IntRange(0, 10_000),
    default=BUDGET,
    show_default=True,
    help="Ask the API at most so often how many people a config matches.",
)
no_reach = click.option("--no-reach", is_flag=True, help="Do not ask how many people the changes reach.")


def format_(*names: str) -> Callable[[Any], Any]:
    return click.option("--format", "format_", type=click.Choice(names), default=names[0], show_default=True)


def out(what: str) -> Callable[[Any], Any]:
    return click.option("--out", metavar="FILE", help=f"Save the {what} as JSON.")


def _max_changes(text: str) -> MaxChanges:
    """Return the limit that an option's value means; raises BadParameter for any other text."""
    parsed = MaxChanges.parse(text)
    if parsed is None:
        raise click.BadParameter(f"{text!r} is neither a number nor a percentage. Write 5 or 30%.")
    return parsed


max_changes = click.option(
    "--max-changes", metavar="N|N%", type=_max_changes, help="Allow this many changes, this once."
)
