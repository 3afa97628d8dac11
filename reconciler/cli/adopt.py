"""`reconciler adopt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler import interrupts
from reconciler.app import adopting, planning, settings
from reconciler.cli import options
from reconciler.cli.boundary import run
from reconciler.cli.files import ending
from reconciler.errors import SettingsError

if TYPE_CHECKING:
    from reconciler.app.merge_base import MergeBase
    from reconciler.cli.boundary import Ending


@click.command("adopt")
@options.names
@options.in_paths
@options.sandbox
@click.option("--all", "is_all", is_flag=True, help="Every audience that differs.")
@click.option(
    "--base", metavar="REF", help="Only drift, and not what git changed since the merge base with REF."
)
@options.dry_run
def adopt_command(
    names: tuple[str, ...],
    paths: tuple[str, ...],
    sandbox: bool,
    is_all: bool,
    base: str | None,
    dry_run: bool,
) -> int:
    """Take what is live into the files, for audiences that differ. Never writes to the API.

    Only the fields that differ change: comments, order and quotes stay. Afterwards these audiences plan as No
    changes.
    """

    def body() -> Ending:
        if is_all and names:
            raise SettingsError("names and --all exclude each other", "Give one of the two")
        defined = planning.targeted(planning.load(paths), names, "")
        connection = settings.connection(is_sandbox=sandbox)
        merge_base = None if base is None else _read_merge_base(base, paths)
        live = interrupts.run(adopting.read(defined, connection))
        if not (is_all or names) and (differing := adopting.differing(defined, live)):
            listed = ", ".join(f'"{name}"' for name in differing)
            raise SettingsError(f"nothing says what to adopt. These differ from git: {listed}", _CHOOSE)
        nothing = _NOTHING if base is None else _NO_DRIFT
        adopted = adopting.adopt(defined, live, merge_base)
        return ending(adopted, "Adopted what is live", nothing, is_dry_run=dry_run)

    return run(body)


def _read_merge_base(ref: str, paths: tuple[str, ...]) -> MergeBase:
    from reconciler.app.merge_base import read_merge_base

    return read_merge_base(ref, paths)


_CHOOSE = "Name them, by id or by a glob over names, or give --all"
_NOTHING = "Nothing to adopt: the files say what is live."
_NO_DRIFT = "Nothing to adopt: no audience drifted from what git had."
