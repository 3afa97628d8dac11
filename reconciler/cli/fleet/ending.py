"""How a command over many organizations runs and ends: progress, the report in its format, and the code."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.app.fleet.documents import REPORT
from reconciler.cli import exit_codes, output
from reconciler.cli.boundary import Ending, attempt, finish
from reconciler.errors import ReconcilerError
from reconciler.plan.organization import FleetReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.app.fleet.run import FleetRun
    from reconciler.plan.organization import Action

_PROGRESS = {"validate": "Validating", "plan": "Planning", "apply": "Applying", "drift": "Comparing"}

format_ = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
)


def carry_out(
    action: Action,
    make: Callable[[], FleetRun],
    format_: str,
    out: str | None = None,
    *,
    is_detailed: bool = False,
) -> int:
    """Do the run that `make` returns, show its report, and return the command's exit code."""
    made = attempt(make)
    if isinstance(made, ReconcilerError):
        report = FleetReport(action, (), (), made.diagnostics)
        return finish(ending(report, exit_codes.of_error(made), format_, out))
    report = perform(made)
    return finish(ending(report, exit_codes.of_report(report, is_detailed=is_detailed), format_, out))


def perform(run: FleetRun) -> FleetReport:
    """Work, with progress on stderr, and return what became of each organization, however that ended."""
    error = attempt(lambda: asyncio.run(_work(run)), is_written=lambda: run.is_written)
    return run.report(error)


async def _work(run: FleetRun) -> None:
    from reconciler.render.fleet import word

    async with aclosing(run.work()) as results:
        with output.Progress(len(run.selection.organizations), _PROGRESS[run.action]) as progress:
            async for result in results:
                progress.note(word(result.outcome, run.action), result.organization)


def ending(report: FleetReport, code: int, format_: str, out: str | None) -> Ending:
    """Return the end of a command: its report, shown and saved."""
    return Ending(
        code,
        partial(render, report, code, format_),
        report.diagnostics,
        partial(_save, report, code, out),
        is_written=report.is_written,
        is_document=format_ == "json",
    )


def render(report: FleetReport, code: int, format_: str) -> str:
    """Return the report in a format, whose module is imported then."""
    if format_ == "json":
        from reconciler.render import json_output

        return json_output.fleet_report(report, code)
    if report.diagnostics and not report.results:
        return ""
    if format_ == "markdown":
        from reconciler.render import fleet_markdown

        return fleet_markdown.report(report)
    from reconciler.render import fleet_text

    return fleet_text.report(report, output.ink(sys.stdout))


def _save(report: FleetReport, code: int, out: str | None) -> None:
    if out is not None and report.results:
        from reconciler.app import saved_files
        from reconciler.app.fleet.documents import Documents
        from reconciler.render import json_output

        Documents(Path(out)).prepare()
        saved_files.save(json_output.fleet_report(report, code), str(Path(out, REPORT)))
