"""What a pull request's one comment says of many organizations: each plan as if it stood alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.plan.organization import key_name_of
from reconciler.render import fleet, fleet_markdown, markdown, merging
from reconciler.render.medium import MARKDOWN
from reconciler.render.origin import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.plan.organization import FleetReport
    from reconciler.render.fleet import Group
    from reconciler.render.origin import Place
    from reconciler.render.view import View


def planned(
    report: FleetReport,
    views: Mapping[str, View],
    *,
    place: Place = NOWHERE,
    max_shown: int | None = None,
    max_exact: int | None = None,
    see_also: str = "",
) -> str:
    """Show whether and what a merge would do, the first `max_shown` groups of organizations with their plans.

    Those after them are there with a sentence for each audience, and the quiet ones by name. `views` are the
    plans by organization; `max_exact` limits the exact changes that each plan folds.
    """
    groups = fleet.urgent(report)
    shown = groups if max_shown is None else groups[:max_shown]

    def plan(group: Group) -> str:
        name = group.first.organization
        if len(group.results) > 1 or name not in views:
            return fleet_markdown.group(group, report)
        return markdown.show(
            views[name],
            title=MARKDOWN.name(name),
            place=replace(place, key_name=key_name_of(name)),
            max_exact=max_exact,
            see_also=see_also,
        )

    title = f"### Audiences of {wording.count(len(report.results), 'organization')}"
    blocks = [f"{title}: {_verdict(report, views)}", *fleet_markdown.head(report), *map(plan, shown)]
    blocks += [*fleet_markdown.rest(groups[len(shown) :], report, see_also), *fleet_markdown.quiet(report)]
    return "\n\n".join(block.strip("\n") for block in [*blocks, *_outlook(report)] if block) + "\n"


def applied(report: FleetReport, *, run: str = "", max_in_full: int, see_also: str = "") -> str:
    """Show how the applies of a merge ended; the parameters are those of `fleet_markdown.report`."""
    shown = fleet_markdown.report(report, max_in_full=max_in_full, see_also=see_also)
    blocks = [shown.strip("\n")]
    if report.is_written:
        blocks.append(f"{merging.FOLLOW} **To take it back,** {merging.REVERT}")
    blocks += [f"[The run, with its log and summary]({run})"] if run else []
    return "\n\n".join(blocks) + "\n"


def _verdict(report: FleetReport, views: Mapping[str, View]) -> str:
    stopped = sum(one.outcome in {"failed", "refused"} for one in report.results)
    if stopped:
        return f"would be refused in {stopped}"
    words = {view.verdict.word for view in views.values()}
    return next((word for word in ("look twice", "ready") if word in words), "nothing to change")


def _outlook(report: FleetReport) -> Iterator[str]:
    """Yield once for all organizations what a merge sets off, how it is stopped, and how it is taken back."""
    if any(one.outcome in {"changes", "refused"} for one in report.results):
        yield f"{_AT_THE_MERGE} {merging.FOLLOW}"
        yield f"{merging.STOP} **To take it back** after the merge, {merging.REVERT}"
    elif report.action == "plan":
        yield "**What happens at the merge.** Nothing is sent: no audience changes."


_AT_THE_MERGE = (
    "**What happens at the merge.** The apply jobs of this repository start by themselves, read each of "
    "these audiences again, send its change and check it: in each organization first what stops being "
    "active, then what changes, then what starts. Merging applies exactly this. What is no longer so by then "
    "is left alone, and a comment says so. **Each organization stands for itself:** one that is refused or "
    "has failed stays as it is, and stops no other one."
)
