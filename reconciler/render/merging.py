"""What merging a pull request sets off, and what it would need where that would be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import LimitExceeded, ProtectedAudience, ReachDenied, SlotsExceeded
from reconciler.plan import guards, objections
from reconciler.render import totals
from reconciler.render.medium import MARKDOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.plan import Plan

MAX_STEP = 10  # names of one step of an apply


def outlook(plan: Plan) -> Iterator[str]:
    """Yield what a merge sets off, how it is stopped, and how it is taken back."""
    if not (plan.changes or plan.errored):
        yield _SENDS_NOTHING
        if plan.ownership.no_longer_managed or any(one.code == guards.LIFTED for one in plan.diagnostics):
            yield f"{_STOP_REST} **To take it back** after the merge, {REVERT}"
    if not plan.changes:
        return
    if plan.errored or objections(plan):
        yield _REFUSES
        return
    steps = [f"{_STEPS[phase]} ({MARKDOWN.names(names, MAX_STEP)})" for phase, names in totals.order(plan)]
    order = f", in this order: {', then '.join(steps)}" if len(steps) > 1 else ""
    yield f"**What happens at the merge.** {_STARTS}{order}. {_EXACTLY} {FOLLOW}"
    yield f"{STOP} **To take it back** after the merge, {REVERT}"


_EXACTLY = "Merging applies exactly this. What is no longer so by then is left alone, and a comment says so."
_SENDS_NOTHING = "**What happens at the merge.** Nothing is sent: no audience changes."
_STARTS = (
    "The apply job of this repository starts by itself, reads each of these audiences again, sends its "
    "change and checks it"
)
FOLLOW = (
    "The people in an audience follow with the vendor's next run, daily as a rule, and not with the merge."
)
STOP = "**To stop it,** close this pull request: nothing has been sent."
_STOP_REST = "**To stop it,** close this pull request: nothing has changed yet."
REVERT = (
    "press *Revert* on this pull request: that opens another one, which shows its own plan and is merged as "
    "this one."
)
_REFUSES = (
    "**What happens at the merge.** The apply job refuses it, sends nothing, and says so in a comment. "
    "**To stop it,** close this pull request."
)
_STEPS = {"release": "what stops being active", "change": "what changes", "activate": "what starts"}
HINTS = {
    LimitExceeded.code: (
        "Needed: fewer changes in this pull request, by its author. Or, where so many are meant, a higher "
        "`max_changes` in `reconciler.toml` by whoever owns that file, in a pull request that is merged "
        "before this one. Or, after the merge, the apply started by hand with its input `max-changes`."
    ),
    SlotsExceeded.code: (
        "Needed: as many others that pause in this pull request, by its author. Or, where the "
        "organization has more slots, the right `active_slots` in `reconciler.toml` by whoever owns that "
        "file, in a pull request that is merged before this one."
    ),
    ProtectedAudience.code: (
        "Needed: this change undone, by the author. Or, where it is meant, `protect: true` taken out of the "
        "file by whoever put it there, in a pull request that is merged before this one."
    ),
    ReachDenied.code: (
        "Needed: other scores, topics or filters, by the author. Or, where it is meant, other limits "
        "(`max_growth`, `min_people`, `deny_reach`) in `reconciler.toml` by whoever owns that file, in a "
        "pull request that is merged before this one."
    ),
}
