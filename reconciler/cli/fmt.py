"""`reconciler fmt`."""

from __future__ import annotations

import sys

import click

from reconciler import wording
from reconciler.app import formatting, rewriting
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, run
from reconciler.render import file_changes


@click.command("fmt")
@options.paths
@click.option("--check", is_flag=True, help="Write nothing, and exit 2 where something would change.")
@click.option("--diff", "is_diff", is_flag=True, help="Write nothing, and print the changes as a diff.")
def fmt_command(paths: tuple[str, ...], check: bool, is_diff: bool) -> int:
    """Put definitions into their canonical form.

    The schema's order of keys, sorted sets, one style of quotes and lists. Comments stay, and so does what a
    file says.
    """

    def body() -> Ending:
        count, found = formatting.form(paths or options.DEFAULT_PATHS)
        is_written = bool(found.changes) and not (check or is_diff)
        ended = rewriting.write(found) if is_written else found
        ink = output.ink(sys.stdout)
        if is_diff:
            text = file_changes.diff(ended.changes, ink)
        else:
            verb = "Formatted" if is_written else "Would format"
            text = "".join(f"{verb} {ink('bold', change.file)}\n" for change in ended.changes)
        if not ended.changes and not ended.errored:
            text = ink("green", f"{wording.count(count, 'definition')}, all in canonical form.") + "\n"
        code = exit_codes.CHANGES if check and ended.changes else exit_codes.DONE
        if ended.errored:  # a file that could not be written
            code = exit_codes.IN_PART if ended.changes else exit_codes.ERROR
        return Ending(code, lambda: text, ended.diagnostics, is_written=is_written)

    return run(body)
