"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.plan.reach import BUDGET

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from reconciler.plan.limits import MaxChanges

DEFAULT_PATHS = ("audiences.d",)

paths = click.argument("paths", nargs=-1, metavar="[PATHS]...", type=click.Path())
sandbox = click.option("--sandbox", is_flag=True, help="Use the embedded API; its state is in .reconciler/.")


def _complete_audience(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the defined audiences whose id or name begins so, from the files alone."""
    from click.shell_completion import CompletionItem

    from reconciler import definitions
    from reconciler.app import catalogue
    from reconciler.errors import FileError

    chosen = context.params.get("paths") or DEFAULT_PATHS
    try:
        known = catalogue.read(chosen)
    except FileError:  # which every other command tells of
        known = None
    found = definitions.load(chosen, known).definitions
    by_id = [CompletionItem(one.id, help=one.name) for one in found if one.id.startswith(begun.lower())]
    by_name = [CompletionItem(one.name) for one in found if one.name.lower().startswith(begun.lower())]
    return by_name or by_id


target = click.option(
    "--target",
    "targets",
    multiple=True,
    shell_complete=_complete_audience,
    metavar="ID|NAME",
    help="Only this audience: its id, or a glob over names. Repeatable.",
)
names = click.argument("names", nargs=-1, metavar="[ID|NAME]...", shell_complete=_complete_audience)
in_paths = click.option(
    "--paths",
    multiple=True,
    default=DEFAULT_PATHS,
    show_default=True,
    type=click.Path(),
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
    return click.option("--out", metavar="FILE", type=click.Path(), help=f"Save the {what} as JSON.")


def _max_changes(text: str) -> MaxChanges:
    """Return the limit that an option's value means; raises BadParameter for any other text."""
    from reconciler.plan.limits import MaxChanges

    parsed = MaxChanges.parse(text)
    if parsed is None:
        raise click.BadParameter(f"{text!r} is neither a number nor a percentage. Write 5 or 30%.")
    return parsed


max_changes = click.option(
    "--max-changes", metavar="N|N%", type=_max_changes, help="Allow this many changes, this once."
)
