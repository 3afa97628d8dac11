"""`reconciler github plan`."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import schema
from reconciler.app import planning, saved_files, settings
from reconciler.app.merge_base import MergeBase, read_merge_base
from reconciler.app.publishing import publish
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import attempted, guarded
from reconciler.errors import FileError, Interrupted, NotApproved, ReconcilerError
from reconciler.github import comment_state, sticky
from reconciler.github import environment as runner
from reconciler.github.rest import GitHub
from reconciler.plan import Plan
from reconciler.render import comment, json_output, text
from reconciler.render.annotations import annotate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.github.environment import Environment


@click.command("plan")
@options.paths
@options.sandbox
def plan_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Validate and plan a pull request; show the plan in a comment and in the job's summary."""
    chosen = paths or options.DEFAULT_PATHS

    def body() -> int:
        environment = runner.read(os.environ)
        base, notes = _base(environment, chosen)
        planned = attempted(partial(_planned, environment, chosen, base, is_sandbox=sandbox))
        if isinstance(planned, Interrupted):
            raise planned
        if isinstance(planned, int):
            return _validated(environment, planned)
        if isinstance(planned, ReconcilerError):
            planned = Plan(origin="", diagnostics=planned.diagnostics)
        return _Showing(environment, planned, base, notes, chosen).everywhere()

    return guarded(body)


def _base(environment: Environment, paths: Sequence[str]) -> tuple[MergeBase | None, Sequence[Diagnostic]]:
    """Return what git had where the branch began; where it cannot tell, the plan goes without."""
    if environment.base_sha is None:
        return None, ()
    try:
        return read_merge_base(environment.base_sha, paths), ()
    except FileError as error:
        summary = f"nobody can tell here which of this is drift: {error.summary}"
        return None, [replace(one, severity="warning", summary=summary) for one in error.diagnostics]


def _planned(
    environment: Environment, paths: Sequence[str], base: MergeBase | None, *, is_sandbox: bool
) -> Plan | int:
    """Return the plan or, for a fork without a key, how many definitions are valid."""
    defined = planning.load(paths)
    if environment.is_fork and not is_sandbox and not os.environ.get("LEADPIPE_API_KEY"):
        return len(defined)
    limits, connection = settings.limits(paths), settings.connection(is_sandbox=is_sandbox)
    return asyncio.run(planning.plan(defined, connection, limits, base=base))


def _validated(environment: Environment, definitions: int) -> int:
    output.write(text.validity(definitions, ()))
    return publish(
        exit_codes.DONE, environment, lambda: environment.summarize(comment.validated(definitions))
    )


@dataclass(frozen=True, slots=True)
class _Showing:
    """A plan on its way to everywhere that it is shown."""

    environment: Environment
    plan: Plan
    base: MergeBase | None
    notes: Sequence[Diagnostic]
    paths: Sequence[str]

    def everywhere(self) -> int:
        """Show it in the log, the annotations, the outputs, the job's summary and the comment."""
        unchanged = frozenset[str]() if self.base is None else self.base.unchanged
        found = sorted([*self.plan.diagnostics, *self.notes], key=lambda one: one.file in unchanged)
        output.write(annotate(found) + (text.plan(self.plan) if self.plan.origin else ""))
        code = exit_codes.ERROR if self.plan.errored else exit_codes.DONE
        return publish(code, self.environment, self._put, self._summarize, self._comment)

    def _put(self) -> None:
        """Save the plan, and set the outputs."""
        folder = Path(os.environ.get("RUNNER_TEMP") or ".")
        files = {"plan": folder / "reconciler-plan.json", "markdown": folder / "reconciler-plan.md"}
        saved_files.save(json_output.plan(self.plan), str(files["plan"]))
        saved_files.save(self._body(None), str(files["markdown"]))
        self.environment.put(
            {
                "changes": "true" if self.plan.changes else "false",
                "digest": self.plan.digest or "",
                **self.plan.summary,
                **{name: str(file) for name, file in files.items()},
            }
        )

    def _summarize(self) -> None:
        render = partial(self._body, elsewhere="the saved plan, which the step's outputs name")
        self.environment.summarize(comment.fitted(render, len(self.plan.changes), runner.MAX_SUMMARY))

    def _comment(self) -> None:
        number = self.environment.pull_request
        if number is None:
            return
        kind = sticky.kind("plan", self.paths)
        marker = sticky.marked(kind, comment_state.from_plan(self.plan), "")
        render = partial(self._body, elsewhere=comment.summary_of(self.environment.run_url))
        body = comment.fitted(render, len(self.plan.changes), comment.MAX_COMMENT - len(marker))
        with GitHub(self.environment) as remote:
            found = sticky.find_comment(remote, number, kind)
            if found is not None and comment_state.is_ended(found.memory):
                raise NotApproved("this pull request is merged, and its comment says how that ended")
            sticky.write_comment(remote, number, found, marker + body)

    def _body(self, most: int | None, *, elsewhere: str = "") -> str:
        return comment.planned(self.plan, schema.rules(), self.notes, most=most, elsewhere=elsewhere)
