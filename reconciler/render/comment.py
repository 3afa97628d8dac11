"""What GitHub shows of a plan, an apply and drift: for a reader who never saw the tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.errors import LimitExceeded, NotApproved, StalePlan
from reconciler.plan import objections
from reconciler.render import markdown
from reconciler.render.escape import clip
from reconciler.render.escape import markdown as inline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import ApplyResult, Change, Plan

MAX_COMMENT = 65_000  # GitHub takes 65,536 characters of a comment or an issue; bytes are never fewer
MAX_NAMED = 20


def planned(
    plan: Plan,
    rules: Rules,
    notes: Sequence[Diagnostic] = (),
    *,
    max_shown: int | None = None,
    see_also: str = "",
) -> str:
    """Show what a merge would do, at most so many audiences of it."""
    head = "### Audiences: what merging this would do"
    is_ready = plan.changes and not plan.errored and not objections(plan)
    shown = markdown.plan(plan, rules, max_shown=max_shown, see_also=see_also)
    return _joined(head, shown, markdown.notes(notes), _EXACTLY if is_ready else "")


def drifted(plan: Plan, rules: Rules, *, max_shown: int | None = None, see_also: str = "") -> str:
    """Show what differs from git although nobody merged it."""
    return _joined(_DRIFT, markdown.plan(plan, rules, max_shown=max_shown, see_also=see_also))


def drift_resolved() -> str:
    """Say that drift is over."""
    return _joined("**No drift any more.** The live audiences match the definitions.")


def validated(definitions: int) -> str:
    """Say that a pull request without a key was validated alone."""
    count = wording.count(definitions, "definition")
    return _joined(
        "### Audiences: validated, not planned",
        f"**{count}, all valid.** This pull request comes from a fork, which gets no key, so nobody can say "
        "here what merging it would do. A maintainer can push the branch to this repository to see the plan.",
    )


def applied(
    result: ApplyResult, *, is_over: bool, run: str = "", max_shown: int | None = None, see_also: str = ""
) -> str:
    """Show how an apply ended, audience by audience; unless it `is_over`, the review still stands."""
    head = "### Audiences: applied" if result.is_converged else "### Audiences: failed"
    onward = "" if result.is_converged else _AGAIN if is_over else _STANDS
    return _joined(head, markdown.result(result, max_shown=max_shown, see_also=see_also), onward, _link(run))


def refused(
    reasons: Sequence[Diagnostic],
    changes: Sequence[Change],
    rules: Rules,
    *,
    remarks: Sequence[str] = (),
    run: str = "",
    max_shown: int | None = None,
) -> str:
    """Say why a merge was not applied, what it would do now, and what else there is to say of it."""
    codes, shown = {reason.code for reason in reasons}, changes[:max_shown]
    blocks = ["### Audiences: refused", "**Nothing was changed.**", markdown.notes(reasons)]
    if shown:
        title = _OTHERWISE if StalePlan.code in codes else _UNDONE
        blocks += [title, *markdown.change_tables(shown, rules)]
    more = len(changes) - len(shown)
    blocks += [f"**Not shown here: {more} more.** The run's log names them."] if more else []
    onward = _AGAIN if codes & {StalePlan.code, NotApproved.code} else _MEND
    limit = _LIMIT if LimitExceeded.code in codes else ""
    return _joined(*blocks, *remarks, f"{limit}{onward}", _link(run))


def nothing_left(names: Sequence[str], lost: int) -> str:
    """Say for whom nothing is left to do of what was reviewed, some of whom no file names any more."""
    shown = [inline(clip(name)) for name in names[:MAX_NAMED]]
    more = len(names) - len(shown) + lost
    if more:
        shown += [f"and {more} more" if shown else f"{more}, which no file describes any more"]
    return f"Of what was reviewed, nothing is left to do for: {', '.join(shown)}." if shown else ""


def changed_around() -> str:
    """Say that what differs is not a change."""
    return (
        "Each change is still the one that was reviewed. What differs is around them: an audience was added, "
        "removed or renamed, or has a file now that it had not."
    )


def fit(render: Callable[[int | None], str], size: int, max_bytes: int) -> str:
    """Return what `render` makes of as many audiences as fit, of `size` in all; never half an audience."""
    whole = render(None)
    if _bytes(whole) <= max_bytes:
        return whole
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _bytes(render(middle)) <= max_bytes else (low, middle - 1)
    return _lines(render(low), max_bytes)


def _lines(text: str, max_bytes: int) -> str:
    """Return as many whole lines as fit: odd names can fill a comment without any audience in it."""
    if _bytes(text) <= max_bytes:
        return text
    kept, left = [], max_bytes - _bytes(_REST)
    for line in text.splitlines(keepends=True):
        left -= _bytes(line)
        if left < 0 or line.startswith("<details>"):
            break
        kept.append(line)
    return "".join(kept) + _REST


def _bytes(text: str) -> int:
    return len(text.encode())


def summary_link(run: str) -> str:
    """Name the job's summary, as a link where there is a run."""
    return f"[the job's summary]({run})" if run else "the job's summary"


def _link(run: str) -> str:
    return f"[The run, with its log and summary]({run})" if run else ""


def _joined(*blocks: str) -> str:
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


_EXACTLY = "Merging applies exactly this, or nothing if it is not the same any more by then."
_AGAIN = (
    "To go on, open another pull request for these files (a comment line in one of them is enough), review "
    "the plan that it shows, and merge it."
)
_OTHERWISE = "What would happen now, and is not what was reviewed:"
_UNDONE = "This is what would have happened, and did not:"
_MEND = "To go on, fix this in another pull request, review the plan that it shows, and merge it."
_LIMIT = "The limit is `max_changes` in `reconciler.toml`. "
_STANDS = "Nothing was sent, so what was reviewed still stands: once this is fixed, run this job again."
_REST = "\n**The rest does not fit here.**\n"
_DRIFT = (
    "The live audiences differ from the definitions in git. Somebody changed them outside git, or a merge "
    "was not applied. **The next apply would put this back**, as the table says. Write into the definitions "
    "what should stay."
)
