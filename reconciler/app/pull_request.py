"""A pull request's plan, and where it is published: outputs, the job's summary, and one comment."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import git_history, interrupts, schema
from reconciler.app import commits, place, planning, saved_files, settings
from reconciler.app.merge_base import MergeBase, read_merge_base
from reconciler.errors import Diagnostic, FileError, SettingsError
from reconciler.github import comment_state, plan_comment, sticky
from reconciler.github import environment as runner
from reconciler.github.rest import GitHub
from reconciler.plan import exceptions, objections
from reconciler.render import comment, json_output, merging, page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.github.environment import Environment
    from reconciler.plan import Plan
    from reconciler.render.origin import Place
    from reconciler.render.view import View


@dataclass(frozen=True)
class PullRequest:
    """A pull request's definitions, and what git had where its branch began.

    `notes` say why the plan goes without the merge base, where it does. `page` is the name by which the run
    keeps the page as an artifact, empty where it does not.
    """

    environment: Environment
    paths: Sequence[str]
    merge_base: MergeBase | None
    notes: Sequence[Diagnostic]
    page: str = ""

    def make_plan(self, *, is_sandbox: bool, reach_budget: int = 0) -> Plan | int:
        """Return the plan or, for a fork without a key, how many definitions are valid.

        Raises DefinitionError, SettingsError or ApiError.
        """
        definitions = planning.load(self.paths)
        if self.environment.is_fork and not is_sandbox and not os.environ.get("LEADPIPE_API_KEY"):
            return len(definitions.definitions)
        limits, connection = settings.limits(self.paths), settings.connection(is_sandbox=is_sandbox)
        made = planning.plan(
            definitions,
            connection,
            limits,
            merge_base=self.merge_base,
            reach_budget=reach_budget,
            has_funnels=True,
            tell=exceptions.asked_for,
        )
        return commits.add(interrupts.run(made))

    def diagnostics(self, plan: Plan) -> Sequence[Diagnostic]:
        """Return what there is to say of the plan, first of the files that the pull request changes."""
        unchanged = frozenset[str]() if self.merge_base is None else self.merge_base.unchanged
        return sorted([*plan.diagnostics, *self.notes], key=lambda one: one.file in unchanged)

    def publish_validity(self, definitions: int) -> None:
        """Say in the job's summary that all definitions are valid; raises FileError."""
        self.environment.append_summary(comment.validated(definitions))

    def publish_outputs(self, plan: Plan) -> None:
        """Save the plan beside the runner's files, and set the step's outputs; raises FileError."""
        folder = Path(os.environ.get("RUNNER_TEMP") or ".")
        files = {
            "plan": folder / "reconciler-plan.json",
            "markdown": folder / "reconciler-plan.md",
            "html": folder / (self.page or "reconciler-plan.html"),
        }
        saved_files.save(json_output.plan(plan), str(files["plan"]))
        saved_files.save(self._body(plan), str(files["markdown"]))
        notes = [*self.notes, *_left_out(plan)]
        shown = page.plan(plan, schema.rules(), notes=notes, hints=merging.HINTS)
        saved_files.save(shown, str(files["html"]))
        # What is not known is empty: a step that asks for "false" or 0 must not take an error for it.
        counts = dict.fromkeys(plan.summary, "") if plan.errored else plan.summary
        self.environment.set_outputs(
            {
                "outcome": _outcome(plan),
                "changes": "" if plan.errored else "true" if plan.changes else "false",
                "digest": plan.digest or "",
                **counts,
                **{name: str(file) for name, file in files.items()},
            }
        )

    def publish_summary(self, plan: Plan) -> None:
        """Append the plan to the job's summary; raises FileError."""
        render = partial(
            self._body, plan, seen=self._view(plan), see_also="the saved plan, which the step's outputs name"
        )
        self.environment.append_summary(comment.fit(render, len(plan.audience_changes), runner.MAX_SUMMARY))

    def publish_comment(self, plan: Plan) -> None:
        """Write the one comment; raises ApiError, and NotApproved where it would say what is not so any more.

        A comment of a newer run stays, and so does one on a pull request that is merged, or closed, or has a
        newer commit.
        """
        number = self.environment.pull_request
        if number is None:
            return
        kind = sticky.kind("plan", self.paths)
        state = comment_state.from_plan(plan, self.environment.head_sha, self.environment.run)
        marker = sticky.marked(kind, state, "")
        render = partial(
            self._body, plan, seen=self._view(plan), see_also=comment.summary_link(self.environment.run_url)
        )
        body = comment.fit(render, len(plan.audience_changes), comment.MAX_COMMENT - len(marker))
        address = plan_comment.publish(self.environment, number, kind, marker + body)
        with suppress(FileError):  # the other outputs have told of that already
            self.environment.set_outputs({"comment": address})

    @cached_property
    def _place(self) -> Place:
        """Where its reader is; once, so that everything that is published says the same."""
        return place.on_github(self.environment, page=self.page)

    def _view(self, plan: Plan) -> View:
        return comment.preview(plan, schema.rules(), [*self.notes, *_left_out(plan)])

    def _body(
        self,
        plan: Plan,
        *,
        seen: View | None = None,
        max_shown: int | None = None,
        max_exact: int | None = None,
        see_also: str = "",
    ) -> str:
        return comment.planned(
            plan,
            schema.rules(),
            seen=seen or self._view(plan),
            place=self._place,
            max_shown=max_shown,
            max_exact=max_exact,
            see_also=see_also,
        )


def _outcome(plan: Plan) -> str:
    if plan.errored:
        return ""
    return "refused" if objections(plan) else "changes" if plan.changes else "no-changes"


def _left_out(plan: Plan) -> Iterator[Diagnostic]:
    """Yield that a comment cannot approve all of the plan, where it cannot."""
    count = comment_state.left_out(plan)
    if count:
        yield Diagnostic(
            "warning",
            "not-approved",
            f"this comment approves {comment_state.MAX_CHANGES} audiences, and leaves out {count} more",
            "One comment has no room for more. Ask for fewer in one pull request",
        )


def by_number(environment: Environment, number: int, paths: Sequence[str]) -> Environment:
    """Return the environment of an event about a pull request whose merge is checked out, in a run by hand.

    Raises ApiError, FileError, and SettingsError where something else is checked out.
    """
    with GitHub(environment) as github:
        found = environment.about(github.item(f"pulls/{number}"))
    if git_history.merged_into(found.head_sha or "", paths) is None:
        raise SettingsError(
            f"what is checked out is not what merging pull request {number} would give now",
            f"Check out refs/pull/{number}/merge; where that is older than the newest commit, resolve the "
            "conflict or wait a minute, and run this again",
        )
    return found


def read(environment: Environment, paths: Sequence[str]) -> PullRequest:
    """Return the pull request of an event; where git cannot tell its merge base, a note says so."""
    if environment.base_sha is None:
        return PullRequest(environment, paths, None, ())
    try:
        # The event's own base may be older than what the checked-out merge is merged into.
        base = git_history.merged_into(environment.head_sha or "", paths) or environment.base_sha
        return PullRequest(environment, paths, read_merge_base(base, paths), ())
    except FileError as error:
        unknown = "nobody can tell here which of this is drift, nor which guards stood before"
        summary = f"{unknown}: {error.summary}"
        notes = [replace(one, severity="warning", summary=summary) for one in error.diagnostics]
        return PullRequest(environment, paths, None, notes)
