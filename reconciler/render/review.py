"""What GitHub shows of a plan, an apply and drift: for a reader who never saw the tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render import markdown
from reconciler.render.escape import clip
from reconciler.render.escape import markdown as inline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import ApplyResult, Plan

MOST_COMMENT = 65_000  # GitHub takes 65,536 characters of a comment or an issue; bytes are never fewer
MOST_NAMED = 20


def planned(plan: Plan, rules: Rules, *, most: int | None = None, elsewhere: str = "") -> str:
    """Show what a merge would do, at most so many audiences of it."""
    head = "### Audiences: what merging this would do"
    foot = "" if plan.errored or not plan.changes else _NOTE
    return _joined(head, markdown.plan(plan, rules, most=most, elsewhere=elsewhere), foot)


def drifted(plan: Plan, rules: Rules, *, most: int | None = None, elsewhere: str = "") -> str:
    """Show what differs from git although nobody merged it."""
    return _joined(_DRIFT, markdown.plan(plan, rules, most=most, elsewhere=elsewhere))


def fitted(render: Callable[[int | None], str], size: int, most_bytes: int) -> str:
    """Return what `render` makes of as many audiences as fit, of `size` in all; never half an audience."""
    whole = render(None)
    if _bytes(whole) <= most_bytes:
        return whole
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _bytes(render(middle)) <= most_bytes else (low, middle - 1)
    return render(low)


def _bytes(text: str) -> int:
    return len(text.encode())


def validated(definitions: int) -> str:
    """Say that a pull request without a key was validated alone."""
    count = f"{definitions} definition" + ("" if definitions == 1 else "s")
    return _joined(
        "### Audiences: validated, not planned",
        f"**{count}, all valid.** This pull request comes from a fork, which gets no key, so nobody can say "
        "here what merging it would do. A maintainer can push the branch to this repository to see the plan.",
    )


def settled() -> str:
    """Say that drift is over."""
    return _joined("**No drift any more.** The live audiences match the definitions.")


def applied(result: ApplyResult, run_url: str) -> str:
    """Show how an apply ended, audience by audience."""
    head = "### Audiences: applied" if result.is_converged else "### Audiences: failed"
    return _joined(head, markdown.result(result), _link(run_url))


def refused(reasons: Sequence[Diagnostic], moved: Sequence[str], gone: int, run_url: str) -> str:
    """Say why a merge was not applied, and which audiences are in question."""
    blocks = ["### Audiences: refused", "**Nothing was changed.**", markdown.notes(reasons)]
    if moved:
        names = [inline(clip(name)) for name in moved[:MOST_NAMED]]
        more = len(moved) - len(names)
        listed = ", ".join([*names, f"and {more} more"] if more else names)
        blocks.append(f"What would happen now is not what was reviewed for: {listed}.")
    if gone:
        subject = "One reviewed change is" if gone == 1 else f"{gone} reviewed changes are"
        blocks.append(f"{subject} not needed any more.")
    return _joined(*blocks, _AGAIN, _link(run_url))


def _link(run_url: str) -> str:
    return f"[The run]({run_url})" if run_url else ""


def _joined(*blocks: str) -> str:
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


_NOTE = "Merging applies exactly this, or nothing if it is not the same any more by then."
_AGAIN = "To go on, open a pull request with these definitions, review its plan, and merge that."
_DRIFT = (
    "The live audiences differ from the definitions in git. Somebody changed them outside git, or a merge "
    "was not applied. Write into the definitions what should stay; the next apply puts everything else back."
)
