"""Texts that look alike and are not the same: an `é` in one character, or in two."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from reconciler.render.escape import clip

if TYPE_CHECKING:
    from reconciler.plan import FieldChange

MAX_POINTS = 60  # characters of a note's list of code points


def note(field: FieldChange) -> str:
    """Return by which code points the sides of a change differ that look alike; empty where none do.

    The API compares characters, so the change is a real one although nobody can see it.
    """
    gone = {_look(one): one for one in (field.removed or (field.before,)) if isinstance(one, str)}
    come = [one for one in (field.added or (field.after,)) if isinstance(one, str)]
    for after in come:
        before = gone.get(_look(after), after)
        if before != after:
            return f"look alike: {_points(before, after)} became {_points(after, before)}"
    return ""


def _look(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _points(text: str, other: str) -> str:
    """Return the code points of that part of a text which another one does not share."""
    start = _shared(text, other)
    end = len(text) - _shared(text[start:][::-1], other[start:][::-1])
    shown = text[start : min(end, start + MAX_POINTS)]
    return clip(" ".join(f"U+{ord(char):04X}" for char in shown), MAX_POINTS)


def _shared(text: str, other: str) -> int:
    """Return with how many equal characters two texts begin."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((at for at, (one, two) in pairs if one != two), min(len(text), len(other)))
