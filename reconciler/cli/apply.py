"""`reconciler apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.app.apply_session import Applying, Request, ending
from reconciler.cli import options
from reconciler.cli.boundary import attempted, deliver

if TYPE_CHECKING:
    from reconciler.plan import MaxChanges


@click.command("apply")
@options.paths
@options.sandbox
@options.target
@options.format_("text", "json")
@options.out("result")
@click.option("--auto-approve", is_flag=True, help="Apply without asking.")
@click.option(
    "--plan", "plan_file", metavar="FILE", help="Apply without asking, if this saved plan still holds."
)
@click.option("--digest", metavar="DIGEST", help="Apply without asking, if the plan has this digest.")
@options.parallelism
@options.max_changes
@click.option("--journal", metavar="FILE", help="Keep a durable record of every PATCH, before it is sent.")
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
    journal: str | None,
) -> int:
    """Bring the live audiences to what the definitions say, after a yes."""
    request = Request(
        paths=paths or options.DEFAULT_PATHS,
        is_sandbox=sandbox,
        targets=targets,
        is_json=format_ == "json",
        out=out,
        is_approved=auto_approve,
        plan_file=plan_file,
        digest=digest,
        parallelism=parallelism,
        max_changes=max_changes,
        journal=journal,
    )
    applying = Applying(request)
    error = attempted(applying.run)
    return deliver(ending(applying, request, error))
