"""`reconciler show`."""

from __future__ import annotations

import sys

import click

from reconciler.app import saved_files
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, run
from reconciler.cli.plan import shown
from reconciler.plan import ApplyResult
from reconciler.render import json_output, markdown_result, page, text


@click.command("show")
@click.argument("file", metavar="FILE", type=click.Path())
@options.format_("text", "markdown", "html", "json")
def show_command(file: str, format_: str) -> int:
    """Show a saved plan, or the saved result of an apply."""

    def body() -> Ending:
        document = saved_files.read(file)
        if isinstance(document, ApplyResult):
            return Ending(
                exit_codes.DONE,
                lambda: _result(document, format_),
                document.diagnostics,
                is_document=format_ in {"json", "html"},
            )
        return shown(document, format_, exit_codes.DONE)

    return run(body, json_output.diagnostics if format_ == "json" else None)


def _result(result: ApplyResult, format_: str) -> str:
    if format_ == "json":
        return json_output.result(result)
    if format_ == "html":
        return page.result(result)
    if format_ == "markdown":
        return markdown_result.result(result)
    return text.result(result, output.ink(sys.stdout))
