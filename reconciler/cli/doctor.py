"""`reconciler doctor`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, run
from reconciler.render import checks, json_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic


@click.command("doctor")
@options.paths
@options.sandbox
@options.format_("text", "json")
def doctor_command(paths: tuple[str, ...], sandbox: bool, format_: str) -> int:
    """Check all that the other commands need, and say how to fix what is missing. Never writes.

    Exits 1 where something fails. The key is never shown.
    """

    def body() -> Ending:
        from reconciler.app import doctor

        found = tuple(doctor.examine(paths or options.DEFAULT_PATHS, is_sandbox=sandbox))
        code = exit_codes.ERROR if any(one.status == "failed" for one in found) else exit_codes.DONE
        rows = [(one.name, one.status, one.summary, one.fix) for one in found]
        if format_ == "json":
            return Ending(code, lambda: json_output.checks(rows), is_document=True)
        return Ending(code, lambda: checks.table(rows, output.ink(sys.stdout)))

    def failed(diagnostics: Sequence[Diagnostic]) -> str:
        rows = [("doctor", "failed", one.summary, one.detail) for one in diagnostics]
        return json_output.checks(rows) if format_ == "json" else ""

    return run(body, failed)
