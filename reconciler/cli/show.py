"""`reconciler show`."""

from __future__ import annotations

import sys

import click

from reconciler.app import saved_files
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, run
from reconciler.cli.plan import shown
from reconciler.errors import SettingsError
from reconciler.plan import ApplyResult
from reconciler.render import json_output, markdown_result, page, text


@click.command("show")
@click.argument("file", metavar="FILE", type=click.Path())
@options.format_("text", "markdown", "html", "json")
@click.option("--rendered", is_flag=True, help="Write out a definition, with the piece that it extends.")
def show_command(file: str, format_: str, *, rendered: bool) -> int:
    """Show a saved plan, or the saved result of an apply; with --rendered, a definition."""

    def body() -> Ending:
        if rendered:
            return _definition(file, format_)
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


def _definition(file: str, format_: str) -> Ending:
    """Show a definition as it stands after all, as YAML or as JSON."""
    from reconciler.app import catalogue
    from reconciler.definitions import rendered

    if format_ not in {"text", "json"}:
        raise SettingsError(f"a definition has no form as {format_}", "Leave --format out, or give json")
    write = rendered.document if format_ == "json" else rendered.text
    written = write(file, catalogue.read_lenient([file]))
    return Ending(exit_codes.DONE, lambda: written, is_document=True)


def _result(result: ApplyResult, format_: str) -> str:
    if format_ == "json":
        return json_output.result(result)
    if format_ == "html":
        return page.result(result)
    if format_ == "markdown":
        return markdown_result.result(result)
    return text.result(result, output.ink(sys.stdout))
