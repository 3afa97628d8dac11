"""The plans of many organizations in a pull request's one comment, which is what a merge may apply."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from reconciler import schema, wording
from reconciler.app import place
from reconciler.app.fleet import fleet_outputs
from reconciler.app.fleet.on_github import PATHS
from reconciler.errors import Diagnostic
from reconciler.github import comment_state, plan_comment, sticky
from reconciler.github import environment as runner
from reconciler.render import comment, fleet, fleet_comment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.app.fleet.collected import Collected
    from reconciler.github.environment import Environment
    from reconciler.plan import Plan
    from reconciler.plan.organization import FleetReport
    from reconciler.render.view import View


@dataclass(frozen=True)
class PullComment:
    """What the jobs of a pull request left, on its way to where it is published."""

    environment: Environment
    collected: Collected

    @property
    def report(self) -> FleetReport:
        return self.collected.report

    def publish_outputs(self) -> None:
        """Set the step's outputs; raises FileError."""
        self.environment.set_outputs(fleet_outputs.of(self.report))

    def publish_summary(self) -> None:
        """Append the report to the job's summary; raises FileError."""
        self.environment.append_summary(self._fitted(runner.MAX_SUMMARY, "the saved plans"))

    def publish_comment(self) -> None:
        """Write the one comment; raises ApiError, FileError, and NotApproved as for a single plan."""
        number = self.environment.pull_request
        if number is None:
            return
        kind = sticky.kind("plan", PATHS)
        state = comment_state.from_plans(
            [*self._plans.values()], self.environment.head_sha, self.environment.run
        )
        marker = sticky.marked(kind, state, "")
        see_also = comment.summary_link(self.environment.run_url)
        body = self._fitted(comment.MAX_COMMENT - len(marker), see_also)
        address = plan_comment.publish(self.environment, number, kind, marker + body)
        self.environment.set_outputs({"comment": address})

    @cached_property
    def _plans(self) -> Mapping[str, Plan]:
        return self.collected.plans()

    @cached_property
    def _views(self) -> Mapping[str, View]:
        rules, notes = schema.rules(), self._left_out()
        return {name: comment.preview(plan, rules, notes) for name, plan in self._plans.items()}

    def _left_out(self) -> list[Diagnostic]:
        count = comment_state.left_out(*self._plans.values())
        if not count:
            return []
        audiences = wording.count(comment_state.MAX_CHANGES, "audience")
        return [
            Diagnostic(
                "warning",
                "not-approved",
                f"this comment approves {audiences} of all organizations, and leaves out {count} more",
                "One comment has no room for more. Ask for fewer in one pull request",
            )
        ]

    def _fitted(self, max_bytes: int, see_also: str) -> str:
        where, size = place.on_github(self.environment), len(fleet.urgent(self.report))
        render = partial(fleet_comment.planned, self.report, self._views, place=where, see_also=see_also)
        return comment.fit(render, size, max_bytes)
