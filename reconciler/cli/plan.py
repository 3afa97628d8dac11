"""`reconciler plan`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler import interrupts
from reconciler.app import commits, planning, settings
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, run
from reconciler.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.app.merge_base import MergeBase
    from reconciler.errors import Diagnostic


@click.command("plan")
@options.paths
@options.sandbox
@options.target
@options.format_("text", "json", "markdown", "html")
@options.out("plan")
@click.option("--base", metavar="REF", help="Tell git's changes since the merge base with REF from drift.")
@options.reach_budget
@options.no_reach
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there are changes.")
def plan_command(
    paths: tuple[str, ...],
    sandbox: bool,
    targets: tuple[str, ...],
    format_: str,
    out: str | None,
    base: str | None,
    reach_budget: int,
    no_reach: bool,
    detailed_exitcode: bool,
) -> int:
    """Show what an apply would do. Never writes."""

    def body() -> Ending:
        chosen = paths or options.DEFAULT_PATHS
        defined, limits = planning.load(chosen), settings.limits(chosen)
        connection = settings.connection(is_sandbox=sandbox)
        merge_base = None if base is None else _read_merge_base(base, chosen)
        budget = 0 if no_reach else reach_budget
        work = planning.plan(
            defined, connection, limits, targets, merge_base, reach_budget=budget, has_funnels=True
        )
        plan = commits.add(interrupts.run(work))
        save(plan)
        return shown(plan, format_, _code(plan, is_detailed=detailed_exitcode))

    def save(plan: Plan) -> None:
        if out is not None:
            from reconciler.app import saved_files
            from reconciler.render import json_output

            saved_files.save(json_output.plan(plan), out)

    def failed(diagnostics: Sequence[Diagnostic]) -> str:
        return _render(_unmade(diagnostics), format_)

    return run(body, failed, lambda diagnostics: save(_unmade(diagnostics)))


def _code(plan: Plan, *, is_detailed: bool) -> int:
    if plan.errored:
        return exit_codes.ERROR
    return exit_codes.CHANGES if is_detailed and plan.changes else exit_codes.DONE


def _read_merge_base(ref: str, paths: Sequence[str]) -> MergeBase:
    from reconciler.app.merge_base import read_merge_base

    return read_merge_base(ref, paths)


def _unmade(diagnostics: Sequence[Diagnostic]) -> Plan:
    """Return what stands for a plan that could not be made: it is of nowhere."""
    return Plan(origin="", diagnostics=tuple(diagnostics))


def shown(plan: Plan, format_: str, code: int) -> Ending:
    """Show a plan in one of its forms, and on stderr why it cannot be applied."""
    errors = [diagnostic for diagnostic in plan.diagnostics if diagnostic.is_error]
    return Ending(code, lambda: _render(plan, format_), errors, is_document=format_ in {"json", "html"})


def _render(plan: Plan, format_: str) -> str:
    """Return the plan in the form that was asked for, whose module is imported then."""
    if format_ == "json":
        from reconciler.render import json_output

        return json_output.plan(plan)
    from reconciler import schema

    if format_ == "text":
        from reconciler.render import text

        return text.plan(plan, schema.rules(), output.ink(sys.stdout)) if plan.origin else ""
    from reconciler.render import markdown, page

    return page.plan(plan, schema.rules()) if format_ == "html" else markdown.plan(plan, schema.rules())
