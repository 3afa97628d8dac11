"""`reconciler github apply`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import options
from reconciler.cli.applying import Applying, Request, ending
from reconciler.cli.boundary import attempted, deliver, guarded
from reconciler.cli.github.posting import say
from reconciler.errors import NotApproved, Refused, StalePlan
from reconciler.github import environment as runner
from reconciler.github import memory
from reconciler.github.pulls import merged
from reconciler.github.rest import GitHub
from reconciler.github.sticky import find_comment, marked, post_comment
from reconciler.render import review

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.github.environment import Environment
    from reconciler.plan import MaxChanges


@click.command("apply")
@options.paths
@options.sandbox
@click.option(
    "--without-pull-request", is_flag=True, help="Apply a push that no pull request brought, unreviewed."
)
@options.max_changes
@options.parallelism
def apply_command(
    paths: tuple[str, ...],
    sandbox: bool,
    without_pull_request: bool,
    max_changes: MaxChanges | None,
    parallelism: int,
) -> int:
    """Apply what a merged pull request's comment shows, or nothing; say in the comment how it ended."""
    folder = Path(os.environ.get("RUNNER_TEMP") or ".")

    def body() -> int:
        environment = runner.read(os.environ)
        review_ = _find(environment, is_optional=without_pull_request)
        request = Request(
            paths=paths or options.DEFAULT_PATHS,
            is_sandbox=sandbox,
            targets=(),
            is_json=False,
            out=str(folder / "reconciler-result.json"),
            is_approved=review_.digest is None,
            plan_file=None,
            digest=review_.digest,
            parallelism=parallelism,
            max_changes=max_changes,
            journal=str(folder / "reconciler-journal.jsonl"),
        )
        return _applied(environment, review_, request)

    return guarded(body)


@dataclass(frozen=True, slots=True)
class _Review:
    """What was reviewed where: None for a push that nobody reviewed and that may be applied all the same."""

    number: int | None
    digest: str | None
    memory: Mapping[str, Any]


def _find(environment: Environment, *, is_optional: bool) -> _Review:
    """Find the comment that was reviewed; raises NotApproved where there is none."""
    with GitHub(environment) as remote:
        try:
            number = merged(remote, environment)
        except NotApproved:
            if is_optional:
                return _Review(None, None, {})
            raise
        comment = find_comment(remote, number)
    digest = None if comment is None else memory.digest(comment.memory)
    if comment is None or digest is None:
        raise NotApproved(
            f"pull request {number} shows no plan that could be applied, or it was applied already",
            "Open a pull request with these definitions, review its plan, and merge that",
        )
    return _Review(number, digest, comment.memory)


def _applied(environment: Environment, reviewed: _Review, request: Request) -> int:
    """Apply, and say everywhere how it ended."""
    applying = Applying(request)
    error = attempted(applying.run)
    plan = applying.plan
    if isinstance(error, StalePlan) and plan is not None and not plan.changes:
        error = None  # nothing is left to do, whoever did it
    end = ending(applying, request, error)
    if isinstance(error, Refused) and plan is not None:
        moved, gone = memory.moved(reviewed.memory, plan) if isinstance(error, StalePlan) else ([], 0)
        said, kept = review.refused(error.diagnostics, moved, gone, environment.run_url), reviewed.memory
    else:
        result = applying.result(error)
        said = review.applied(result, environment.run_url)
        # What was begun is over: an old run that is started again must not bring old definitions back.
        kept = {"state": "ended"} if applying.has_begun or error is None else reviewed.memory
    environment.summarize(said)
    environment.put({"result": str(request.out), "journal": str(request.journal)})
    if reviewed.number is not None:
        _comment(environment, reviewed.number, marked("plan", kept, said))
    return deliver(end)


def _comment(environment: Environment, number: int, body: str) -> None:
    def post() -> None:
        with GitHub(environment) as remote:
            post_comment(remote, number, body)

    say(environment, post)
