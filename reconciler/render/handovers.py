"""What a plan says of files that come, go and move, for terminals and for GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.plan import Plan
    from reconciler.plan.model import Handover

MAX_NAMED = 20  # audiences of each kind


def let_go(plan: Plan, escape: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Yield a heading and a sentence on what nobody owns any more; names are escaped."""
    found = plan.ownership
    if found.no_longer_managed:
        many = len(found.no_longer_managed) > 1
        theirs = "Their files are gone: they stay" if many else "Its file is gone: it stays"
        says = f"{theirs} as live, and nobody owns {'them' if many else 'it'} any more"
        named = _named(found.no_longer_managed, lambda one: f"{escape(one.name)} ({_fate(one.status)})")
        yield _heading("No longer managed", found.no_longer_managed), f"{says}: {named}."


def taken(plan: Plan, escape: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Yield a heading and a sentence on what gets a file, or another one; both are escaped."""
    found = plan.ownership
    if found.newly_managed:
        named = _named(found.newly_managed, lambda one: f"{escape(one.name)} ({_state(one.status)})")
        yield (
            _heading("Newly managed", found.newly_managed),
            f"From now on a file says what is live: {named}.",
        )
    if found.moved:
        named = _named(found.moved, lambda one: f"{escape(one.name)}, now {escape(one.file)}")
        yield _heading("Moved to another file", found.moved), f"Nothing changes by that: {named}."
    for edit in plan.pieces:
        changed = wording.count(len(edit.audiences), "audience")
        extended = wording.count(edit.extended_by, "definition")
        names = [escape(name) for _, name in edit.audiences[:MAX_NAMED]]
        more = len(edit.audiences) - len(names)
        listed = ", ".join([*names, *([f"and {more} more"] if more else [])])
        says = f"{escape(edit.file)} is extended by {extended}"
        yield (
            f"Shared piece edited: changes {changed}",
            f"{says}; of these, the edit changes {listed or 'none'}.",
        )


def _heading(words: str, found: Sequence[Handover]) -> str:
    return f"{words}: {wording.count(len(found), 'audience')}"


def _named(found: Sequence[Handover], describe: Callable[[Handover], str]) -> str:
    more = len(found) - MAX_NAMED
    return ", ".join([*map(describe, found[:MAX_NAMED]), *([f"and {more} more"] if more > 0 else [])])


def _fate(status: str) -> str:
    return "active, and keeps running" if status == "active" else _state(status)


def _state(status: str) -> str:
    # A status that the API gave and we do not know must not become words of ours.
    return status if status in {"active", "paused", "draft"} else "live" if status else "not live any more"
