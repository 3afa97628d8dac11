"""Whether an audience then reaches more people, fewer, or others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Effect = Literal["more", "fewer", "other"]


def overall(effects: Iterable[Effect | None]) -> Effect | None:
    """Return the effect of several changes together, None where none has one."""
    found = {effect for effect in effects if effect is not None}
    return found.pop() if len(found) == 1 else "other" if found else None


def of_set(*, adds: bool, removes: bool, is_narrowing: bool) -> Effect:
    """Return the effect of a set that gains members, loses some, or both."""
    if adds and removes:
        return "other"
    return "fewer" if adds == is_narrowing else "more"
