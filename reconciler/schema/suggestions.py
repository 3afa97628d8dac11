"""The known word that a misspelt one stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SUGGESTIONS = (
    50  # each may cost a millisecond; a document with more mistakes than that is another document
)
MAX_LENGTH = 60


class Suggestions:
    """Suggestions for one document: at most MAX_SUGGESTIONS, and none for a word over MAX_LENGTH characters.

    A word is a key or a dotted path, and its case does not matter.
    """

    def __init__(self) -> None:
        self._left = MAX_SUGGESTIONS

    def nearest(self, word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
        """Return the known word that ends in this one or is most like it; None where none is."""
        if self._left == 0 or len(word) > MAX_LENGTH:
            return None
        self._left -= 1
        from difflib import get_close_matches

        low, spelled = word.lower(), {name.lower(): name for name in known}
        near = sorted((name for name in spelled if name.endswith(f".{low}")), key=len)
        # A key with a dot is of another generation than its twin without one.
        near += sorted(
            get_close_matches(low, spelled, cutoff=cutoff), key=lambda name: name.count(".") != low.count(".")
        )
        return spelled[near[0]] if near else None

    def several(self, word: str, known: Iterable[str], count: int) -> list[str]:
        """Return so many known words at most: those that hold this one first, then those most like it."""
        if self._left == 0 or len(word) > MAX_LENGTH:
            return []
        self._left -= 1
        from difflib import get_close_matches

        low, spelled = word.lower(), {name.lower(): name for name in known}
        holding = sorted((name for name in spelled if low in name), key=len)
        near = [*holding[:count], *get_close_matches(low, spelled, n=count)]
        return [spelled[name] for name in dict.fromkeys(near)][:count]
