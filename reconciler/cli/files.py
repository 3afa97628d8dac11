"""How a command ends that writes definitions' files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reconciler.app import rewriting
from reconciler.cli import exit_codes, output
from reconciler.cli.boundary import Ending
from reconciler.render import file_changes

if TYPE_CHECKING:
    from reconciler.app.rewriting import Rewriting


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
