"""What GitHub shows of a plan, an apply and drift: for a reader who never saw the tool."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from reconciler import wording
from reconciler.errors import LimitExceeded, NotApproved, StalePlan
from reconciler.render import (
    file_changes,
    markdown,
    markdown_notes,
    markdown_result,
    markdown_table,
    merging,
    view,
)
from reconciler.render.escape import markdown_fence
from reconciler.render.markdown_notes import quoted
from reconciler.render.medium import MARKDOWN
from reconciler.render.origin import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import ApplyResult, Change, Plan
    from reconciler.plan.file_change import FileChange
    from reconciler.render.origin import Place
    from reconciler.render.view import View

    class Render(Protocol):
        """Renders at most so many audiences, and the exact changes of so many; all for None."""

        def __call__(self, *, max_shown: int | None, max_exact: int | None) -> str: ...


MAX_COMMENT = 65_000  # GitHub takes 65,536 characters of a comment or an issue; bytes are never fewer
MAX_LEFT_OUT = 20


def planned(
    plan: Plan,
    rules: Rules,
    notes: Sequence[Diagnostic] = (),
    *,
    seen: View | None = None,
    place: Place = NOWHERE,
    max_shown: int | None = None,
    max_exact: int | None = None,
    see_also: str = "",
) -> str:
    """Show whether and what a merge would do, for at most `max_shown` audiences.

    `max_exact` limits the exact changes that are folded; `see_also` says where the others are. `seen` is the
    preview of the plan where that is made already.
    """
    return markdown.show(
        seen or preview(plan, rules, notes),
        title="Audiences",
        after=list(merging.outlook(plan)),
        place=place,
        max_shown=max_shown,
        max_exact=max_exact,
        see_also=see_also,
    )


def preview(plan: Plan, rules: Rules, notes: Sequence[Diagnostic] = ()) -> View:
    """Return what a plan's comment shows, which takes time for many audiences."""
    return view.of(plan, rules, MARKDOWN, notes=notes, hints=merging.HINTS)


def drifted(
    plan: Plan,
    rules: Rules,
    *,
    seen: View | None = None,
    place: Place = NOWHERE,
    max_shown: int | None = None,
    max_exact: int | None = None,
    see_also: str = "",
) -> str:
    """Show what differs from git although nobody merged it; the parameters are as in `planned`."""
    found = seen or drift_view(plan, rules)
    shown = markdown.drift(found, place=place, max_shown=max_shown, max_exact=max_exact, see_also=see_also)
    return _joined(_DRIFT, shown)


def drift_view(plan: Plan, rules: Rules) -> View:
    """Return what an issue about drift shows, in which nobody asked for any of the plan."""
    changes = [
        replace(change, fields=tuple(replace(field, cause="drift") for field in change.fields))
        for change in plan.changes
    ]
    return view.of(replace(plan, changes=tuple(changes)), rules, MARKDOWN)


def adoption(
    changes: Sequence[FileChange], left: Sequence[Diagnostic], *, max_shown: int | None = None
) -> str:
    """Explain what a pull request takes into the files, and what of the drift no file can say."""
    shown = changes[:max_shown]
    more = len(changes) - len(shown)
    return _joined(
        "### Audiences: keep what is live",
        _ADOPTION,
        markdown_fence(file_changes.text(shown), "text"),
        f"**Not shown here: {wording.count(more, 'more file')}.** The pull request has them all."
        if more
        else "",
        "**Left as it is in the files:**\n\n" + markdown_notes.notes(left) if left else "",
    )


def keeping(address: str) -> str:
    """Offer the other way to end drift."""
    return f"To keep what is live instead, merge {address}: it takes this into the files.\n"


def drift_resolved() -> str:
    """Return what ends an issue about drift."""
    return _joined("**No drift any more.** The live audiences match the definitions.")


def validated(definitions: int) -> str:
    """Explain why a fork's pull request was validated and not planned."""
    count = wording.count(definitions, "definition")
    return _joined(
        "### Audiences: validated, not planned",
        f"**{count}, all valid.** This pull request comes from a fork, which gets no key, so nobody can say "
        "here what merging it would do. A maintainer can push the branch to this repository to see the plan.",
    )


def untouched() -> str:
    """Explain why nothing was planned."""
    return _joined(
        "### Audiences: nothing to plan",
        "**This changes no definition and no setting of audiences.** The API was not asked, and a merge of "
        "this applies nothing.",
    )


def queued() -> str:
    """Explain whose plan a merge queue's is."""
    return (
        "**This is the plan of a merge queue's group**, with what is ahead of it in the queue. What counts "
        "as reviewed is the comment on each of its pull requests.\n"
    )


def applied(
    result: ApplyResult,
    *,
    has_begun: bool,
    refused: str = "",
    run: str = "",
    max_shown: int | None = None,
    see_also: str = "",
) -> str:
    """Show how an apply ended, audience by audience, and then what of it was `refused`."""
    heading = "failed" if not result.is_converged else "applied in part" if refused else "applied"
    next_step = _RUN_NEWEST if has_begun else _RUN_AGAIN
    shown = markdown_result.result(result, next_step=next_step, max_shown=max_shown, see_also=see_also)
    # With no results the headline says why, and what to do comes after that.
    later = "" if result.results or result.is_converged else next_step
    follows = f"{merging.FOLLOW} **To take it back,** {merging.REVERT}" if result.is_written else ""
    return _joined(f"### Audiences: {heading}", shown, later, follows, refused, _link(run))


def left_out(
    reasons: Sequence[Diagnostic], changes: Sequence[Change], rules: Rules, place: Place = NOWHERE
) -> str:
    """Show what was refused while the rest went on."""
    more = len(changes) - MAX_LEFT_OUT
    blocks = [
        "**Refused, and left as it is live:**",
        markdown_notes.notes(reasons),
        markdown_table.of_changes(changes, rules, place, max_shown=MAX_LEFT_OUT),
    ]
    blocks += [f"**Not shown here: {more} more.** The run's log names them."] if more > 0 else []
    return "\n\n".join([*blocks, _OPEN_ANOTHER])


def refused(
    reasons: Sequence[Diagnostic],
    changes: Sequence[Change],
    rules: Rules,
    *,
    remarks: Sequence[str] = (),
    place: Place = NOWHERE,
    run: str = "",
    max_shown: int | None = None,
) -> str:
    """Explain why a merge was not applied, what it would do now, and add the remarks."""
    codes = {reason.code for reason in reasons}
    why = f"> [!CAUTION]\n> **Nothing was changed.**\n>\n{quoted(markdown_notes.notes(reasons))}"
    blocks = ["### Audiences: refused", why]
    table = markdown_table.of_changes(changes, rules, place, max_shown=max_shown)
    if table:
        title = _WOULD_HAPPEN_NOW if StalePlan.code in codes else _DID_NOT_HAPPEN
        blocks += [title, table]
    more = 0 if max_shown is None else max(len(changes) - max_shown, 0)
    blocks += [f"**Not shown here: {more} more.** The run's log names them."] if more else []
    next_step = _OPEN_ANOTHER if codes & {StalePlan.code, NotApproved.code} else _FIX
    limit = _LIMIT if LimitExceeded.code in codes else ""
    return _joined(*blocks, *remarks, f"{limit}{next_step}", _link(run))


def nothing_left(names: Sequence[str]) -> str:
    """List for whom nothing is left to do of the review."""
    return f"Of what was reviewed, nothing is left to do for: {MARKDOWN.names(names)}." if names else ""


def fit(render: Render, size: int, max_bytes: int) -> str:
    """Return what `render` makes of as many audiences as fit, of `size` in all; never half an audience.

    The exact changes, which are for a few, make room for what all have to read.
    """

    def rendered(budget: int) -> str:
        return render(max_shown=min(budget, size), max_exact=max(budget - size, 0))

    whole = render(max_shown=None, max_exact=None)
    if _bytes(whole) <= max_bytes:
        return whole
    low, high = 0, 2 * size
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _bytes(rendered(middle)) <= max_bytes else (low, middle - 1)
    return _whole_lines(rendered(low), max_bytes)


def _whole_lines(text: str, max_bytes: int) -> str:
    """Return as many whole lines as fit: odd names can fill a comment without any audience in it."""
    if _bytes(text) <= max_bytes:
        return text
    lines, room = [], max_bytes - _bytes(_CUT)
    for line in text.splitlines(keepends=True):
        room -= _bytes(line)
        if room < 0 or line.startswith("<details>"):
            break
        lines.append(line)
    return "".join(lines) + _CUT


def _bytes(text: str) -> int:
    return len(text.encode())


def summary_link(run: str) -> str:
    """Return the job's summary by name, as a link where there is a run."""
    return f"[the job's summary]({run})" if run else "the job's summary"


def _link(run: str) -> str:
    return f"[The run, with its log and summary]({run})" if run else ""


def _joined(*blocks: str) -> str:
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


_OPEN_ANOTHER = (
    "To go on, open another pull request for these files (a comment line in one of them is enough), review "
    "the plan that it shows, and merge it."
)
_WOULD_HAPPEN_NOW = "What would happen now, and is not what was reviewed:"
_DID_NOT_HAPPEN = "This is what would have happened, and did not:"
_FIX = "To go on, fix this in another pull request, review the plan that it shows, and merge it."
_LIMIT = "The limit is `max_changes` in `reconciler.toml`. "
_RUN_AGAIN = "Nothing was sent, so what was reviewed still stands: once this is fixed, run this job again."
_RUN_NEWEST = (
    "What was reviewed still stands for those that are not as planned: once what stood in the way is gone, "
    "run the newest job again."
)
_CUT = "\n**The rest does not fit here.**\n"
_ADOPTION = (
    "Somebody changed these audiences outside git. Merging this writes into the files what is live, so that "
    "no apply puts it back; nothing is sent to the API. Close it to leave the files as they are."
)
_DRIFT = (
    "The live audiences differ from the definitions in git. Somebody changed them outside git, or a merge "
    "was not applied. **The next apply would put this back**, as the table says.\n\n"
    "**To keep what is live**, write it into its file in a pull request (the drift workflow, started by "
    "hand with its input `adopt`, opens that one; so does `reconciler adopt`). "
    "**To put it back**, open a pull request for the file (a comment line in it is enough): its plan shows "
    "this, and merging it applies it."
)
