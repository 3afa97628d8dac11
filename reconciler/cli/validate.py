"""`reconciler validate`."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler.app import catalogue, policies
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic


@click.command("validate")
@options.paths
@options.format_("text", "json", "github", "sarif")
def validate_command(paths: tuple[str, ...], format_: str) -> int:
    """Check every definition, offline, and report every problem at once."""

    def body() -> int:
        chosen = paths or options.DEFAULT_PATHS
        checked = policies.check(chosen, catalogue.read(chosen))
        shown = _rendered(checked.diagnostics, format_, checked.count)
        output.write(shown, is_document=format_ in _DOCUMENTS)
        return exit_codes.ERROR if checked.has_errors else exit_codes.DONE

    return run(body, partial(_rendered, format_=format_) if format_ in _DOCUMENTS else None)


def _rendered(found: Sequence[Diagnostic], format_: str, count: int = 0) -> str:
    """Return the result in the form that was asked for, whose module is imported then."""
    if format_ == "json":
        from reconciler.render import json_output

        return json_output.diagnostics(found)
    if format_ == "sarif":
        from reconciler.render import sarif

        return sarif.log(found)
    from reconciler.render import diagnostics

    if format_ == "text":
        ink = output.ink(sys.stdout)
        return diagnostics.diagnostics(found, ink) + diagnostics.validation_summary(count, found, ink)
    from reconciler.render.annotations import annotate

    return annotate(found) + diagnostics.validation_summary(count, found)


_DOCUMENTS = ("json", "sarif")
