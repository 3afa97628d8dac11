"""`reconciler adopt`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler import interrupts
from reconciler.app import adopting, planning, rewriting, settings
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, run
from reconciler.errors import SettingsError
from reconciler.render import file_changes

if TYPE_CHECKING:
    from reconciler.app.merge_base import MergeBase
    from reconciler.app.rewriting import Rewriting


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
        loaded = planning.load(paths)
        defined = planning.targeted(loaded.definitions, names, "")
        connection = settings.connection(is_sandbox=sandbox)
        merge_base = None if base is None else _read_merge_base(base, paths)
        live = interrupts.run(adopting.read(defined, connection, loaded.catalogue))
        if not (is_all or names) and (differing := adopting.differing(defined, live, loaded.catalogue)):
            listed = ", ".join(f'"{name}"' for name in differing)
            raise SettingsError(f"nothing says what to adopt. These differ from git: {listed}", _CHOOSE)
        nothing = _NOTHING if base is None else _NO_DRIFT
        adopted = adopting.adopt(defined, live, merge_base, loaded.catalogue)
        return ending(adopted, "Adopted what is live", nothing, is_dry_run=dry_run)

    return run(body)


def _read_merge_base(ref: str, paths: tuple[str, ...]) -> MergeBase:
    from reconciler.app.merge_base import read_merge_base

    return read_merge_base(ref, paths)


def ending(found: Rewriting, done: str, nothing: str, *, is_dry_run: bool) -> Ending:
    """Write the files, or show what would change in them; say what was `done`, or that there is `nothing`."""
    ended = found if is_dry_run else rewriting.write(found)
    ink = output.ink(sys.stdout)
    if is_dry_run and ended.changes:
        text = file_changes.diff(ended.changes, ink)
    elif ended.changes:
        count = rewriting.counted(ended.changes)
        text = f"{file_changes.text(ended.changes, ink)}{ink('green', f'{done}: {count} written.')}\n"
    else:
        text = "" if ended.errored else f"{ink('green', nothing)}\n"
    is_written = bool(ended.changes) and not is_dry_run
    code = _code(ended, is_written=is_written)
    return Ending(code, lambda: text, ended.diagnostics, is_written=is_written)


def _code(ended: Rewriting, *, is_written: bool) -> int:
    if not ended.errored:
        return exit_codes.DONE
    if is_written:
        return exit_codes.IN_PART
    return exit_codes.REFUSED if ended.is_refused else exit_codes.ERROR


_CHOOSE = "Name them, by id or by a glob over names, or give --all"
_NOTHING = "Nothing to adopt: the files say what is live."
_NO_DRIFT = "Nothing to adopt: no audience drifted from what git had."
