"""What differs from git although nobody merged it, and the one issue that lists it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from reconciler import interrupts, schema
from reconciler.app import place, planning, settings
from reconciler.github import environment as runner
from reconciler.github import sticky
from reconciler.github.rest import GitHub
from reconciler.plan import exceptions, overlap
from reconciler.render import comment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.github.environment import Environment
    from reconciler.plan import Plan
    from reconciler.render.origin import Place

TITLE = "Audiences differ from git"


@dataclass(frozen=True)
class Drift:
    """A plan that nobody asked for: whatever it would change is drift, or a merge that was not applied."""

    environment: Environment
    paths: Sequence[str]
    plan: Plan

    def publish_outputs(self) -> None:
        """Set the step's outputs; raises FileError."""
        if self.plan.errored:  # what is not known is empty
            return
        has_drifted = bool(self.plan.changes)
        self.environment.set_outputs(
            {
                "outcome": "drift" if has_drifted else "no-drift",
                "changes": "true" if has_drifted else "false",
                "update": self.plan.summary["update"],
                "digest": self.plan.digest or "",
            }
        )

    def publish_summary(self) -> None:
        """Append the drift to the job's summary; raises FileError."""
        self.environment.append_summary(self._body(runner.MAX_SUMMARY))

    def publish_issue(self, adoption: str = "") -> None:
        """Open, update or close the one issue; raises ApiError.

        `adoption` is the address of the pull request that keeps what is live, where there is one.
        """
        kind = sticky.kind("drift", self.paths)
        see_also = comment.summary_link(self.environment.run_url)
        marker = sticky.marked(kind, {}, "")
        keeping = f"\n{comment.keeping(adoption)}" if adoption and self._is_there else ""
        body = marker + self._body(comment.MAX_COMMENT - len(marker) - len(keeping), see_also) + keeping
        with GitHub(self.environment) as github:
            issue = sticky.find_issue(github, kind)
            if issue is not None:
                state = {} if self._is_there else {"state": "closed", "state_reason": "completed"}
                address = github.update(f"issues/{issue.number}", {"body": body, **state})
            elif self._is_there:
                address = sticky.create_issue(github, kind, TITLE, body)
            else:
                return
        self.environment.set_outputs({"issue": address})

    @property
    def _is_there(self) -> bool:
        return bool(self.plan.changes) or self.plan.errored

    @cached_property
    def _place(self) -> Place:
        return place.on_github(self.environment)

    def _body(self, max_bytes: int, see_also: str = "") -> str:
        if not self._is_there:
            return comment.drift_resolved()
        render = partial(
            comment.drifted,
            self.plan,
            schema.rules(),
            seen=comment.drift_view(self.plan, schema.rules()),
            place=self._place,
            see_also=see_also,
        )
        return comment.fit(render, len(self.plan.audience_changes), max_bytes)


def find(environment: Environment, paths: Sequence[str], *, is_sandbox: bool) -> Drift:
    """Plan, and take what would change for drift; raises DefinitionError, SettingsError or ApiError.

    What git says itself, that two audiences overlap, is no drift.
    """
    limits, definitions = settings.limits(paths), planning.load(paths)
    connection = settings.connection(is_sandbox=is_sandbox)
    plan = interrupts.run(planning.plan(definitions, connection, limits, tell=exceptions.asked_for))
    diagnostics = tuple(one for one in plan.diagnostics if one.code not in overlap.CODES)
    return Drift(environment, paths, replace(plan, diagnostics=diagnostics))
