"""`reconciler validate`."""

from __future__ import annotations

import sys

import click

from reconciler import definitions
from reconciler.app import catalogue
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import run
from reconciler.render import json_output, sarif, text
from reconciler.render.annotations import annotate


@click.command("validate")
@options.paths
@options.format_("text", "json", "github", "sarif")
def validate_command(paths: tuple[str, ...], format_: str) -> int:
    """Check every definition, offline, and report every problem at once."""

    def body() -> int:
        chosen = paths or options.DEFAULT_PATHS
        checked = definitions.check(chosen, catalogue.read(chosen))
        count = checked.count
        ink = output.ink(sys.stdout)
        rendered = {
            "text": lambda: (
                text.diagnostics(checked.diagnostics, ink)
                + text.validation_summary(count, checked.diagnostics, ink)
            ),
            "json": lambda: json_output.diagnostics(checked.diagnostics),
            "sarif": lambda: sarif.log(checked.diagnostics),
            "github": lambda: (
                annotate(checked.diagnostics) + text.validation_summary(count, checked.diagnostics)
            ),
        }
        output.write(rendered[format_](), is_document=format_ in _DOCUMENTS)
        return exit_codes.ERROR if checked.has_errors else exit_codes.DONE

    return run(body, _DOCUMENTS.get(format_))


_DOCUMENTS = {"json": json_output.diagnostics, "sarif": sarif.log}
