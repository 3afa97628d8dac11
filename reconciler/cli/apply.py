"""`reconciler apply`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler import schema, wording
from reconciler.app import saved_files
from reconciler.app.apply_session import ApplyRequest, ApplySession, require_writable
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, attempt, finish
from reconciler.errors import NotApproved, ReconcilerError
from reconciler.render import json_output, text

if TYPE_CHECKING:
    from reconciler.journal import Journal
    from reconciler.plan import MaxChanges, Plan


@click.command("apply")
@options.paths
@options.sandbox
@options.target
@options.format_("text", "json")
@options.out("result")
@click.option("--auto-approve", is_flag=True, help="Apply without asking.")
@click.option(
    "--plan",
    "plan_file",
    metavar="FILE",
    type=click.Path(),
    help="Apply without asking, if this saved plan still holds.",
)
@click.option("--digest", metavar="DIGEST", help="Apply without asking, if the plan has this digest.")
@options.parallelism
@options.max_changes
@click.option(
    "--base", metavar="REF", help="Guards, and exceptions to policies, are those of the merge base with REF."
)
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(),
    help="Keep a durable record of every PATCH, before it is sent.",
)
def apply_command(
    paths: tuple[str, ...],
    sandbox: bool,
    targets: tuple[str, ...],
    format_: str,
    out: str | None,
    auto_approve: bool,
    plan_file: str | None,
    digest: str | None,
    parallelism: int,
    max_changes: MaxChanges | None,
    base: str | None,
    journal: str | None,
) -> int:
    """Bring the live audiences to what the definitions say, after a yes."""
    request = ApplyRequest(
        paths=paths or options.DEFAULT_PATHS,
        is_sandbox=sandbox,
        targets=targets,
        is_approved=auto_approve,
        plan_file=plan_file,
        digest=digest,
        parallelism=parallelism,
        max_changes=max_changes,
        out=out,
        journal=journal,
        base=base,
    )
    session, is_json = ApplySession(request), format_ == "json"
    error = attempt(partial(run, session, is_json=is_json), is_written=lambda: session.has_begun)
    return finish(ending(session, error, is_json=is_json))


def run(session: ApplySession, *, is_json: bool = False) -> None:
    """Plan, have the plan approved, and write; raises what kept the session from its end."""
    require_writable(session.request)
    if not session.approval.is_given:
        require_terminal("Give --plan FILE or --digest DIGEST of a reviewed plan, or --auto-approve")
    plan, stream = session.make_plan(), sys.stderr if is_json else sys.stdout
    output.write(text.plan(plan, schema.rules(), output.ink(stream)), stream)
    session.require_allowed(plan)
    if not plan.changes:
        return
    with session.open_journal() as journal:
        if not session.approval.is_given:
            ask(wording.count(plan.summary["update"], "audience"))
        asyncio.run(_write(session, plan, journal))


async def _write(session: ApplySession, plan: Plan, journal: Journal | None) -> None:
    async with aclosing(session.write(plan, journal)) as outcomes:
        with output.Progress(plan.summary["update"]) as progress:
            async for outcome in outcomes:
                progress.add(outcome)


def require_terminal(hint: str) -> None:
    """Raise NotApproved, with a hint at other ways to approve, where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NotApproved("nobody can be asked: this is not a terminal", hint)


def ask(what: str) -> None:
    """Ask whether to change that; raises NotApproved for anything but `yes`."""
    answer = ""
    try:
        output.write(f"\nChange {what}? Only `yes` is a yes: ", sys.stderr)
        answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):  # what comes next begins a line of its own
            output.write("\n", sys.stderr)
    if answer != "yes\n":
        raise NotApproved("not approved", "Nothing was sent")


def ending(session: ApplySession, error: ReconcilerError | None, *, is_json: bool = False) -> Ending:
    """Report what became of every audience, wherever that was asked for."""
    result, out = session.result(error), session.request.out
    if error is None or session.has_begun:
        code, shown = exit_codes.of_result(result), partial(text.result, result, output.ink(sys.stdout))
    else:
        code, shown = exit_codes.of_error(error), partial(str)

    def save() -> None:
        if out is not None:
            saved_files.save(json_output.result(result), out)

    return Ending(
        code,
        partial(json_output.result, result) if is_json else shown,
        result.diagnostics,
        save,
        is_written=result.is_written,
        is_document=is_json,
    )
