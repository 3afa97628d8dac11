"""Names for definition files, from the names of audiences: safe on every disk, and none twice."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from reconciler.model import ListedAudience

SUFFIX = ".yaml"
MAX_CHARACTERS = 60
MAX_BYTES = 200  # of the 255 that a name may have; the rest is for an id and the suffix
_SHORT_ID = 8
_NAMELESS = "audience"
# Windows opens a device under these, whatever follows the dot.
_RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)),
}
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "\u0131": "i"}
)
# Apostrophes, accents that no letter took, and what only chooses how an emoji is drawn.
_WITHIN_WORDS = re.compile("['\u2019\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_VOWELS = {"Mn", "Mc"}  # signs of scripts such as Devanagari, without which words would be others


def slug(name: str) -> str:
    """Return the words of a name, in small letters and joined by hyphens; empty where it has none.

    Accents of Latin letters go. Letters of other scripts stay, since without them nothing would be left.
    """
    folded = "".join(map(_folded, _WITHIN_WORDS.sub("", unicodedata.normalize("NFKC", name))))
    words = folded.casefold().translate(_LETTERS).split()
    cut = ""
    for word in words:
        longer = f"{cut}-{word}" if cut else word
        if len(longer) > MAX_CHARACTERS or len(longer.encode()) > MAX_BYTES:
            return cut or _cut(word)
        cut = longer
    return cut


def _folded(character: str) -> str:
    """Return a letter without its accent, and a blank for what parts words."""
    parts = unicodedata.normalize("NFKD", character)
    if parts[0].isascii() and parts[0].isalnum() and all(map(unicodedata.combining, parts[1:])):
        return parts[0]
    return character if character.isalnum() or unicodedata.category(character) in _VOWELS else " "


def _cut(word: str) -> str:
    return word[:MAX_CHARACTERS].encode()[:MAX_BYTES].decode("utf-8", "ignore")


def assign(audiences: Sequence[ListedAudience], taken: Collection[str]) -> dict[str, str]:
    """Return a file's name for each audience by id, whatever their order, and none of those that are taken.

    Audiences whose names come to the same get the beginning of their id, each of them.
    """
    slugs = {audience.id: slug(audience.name) for audience in audiences}
    counts = Counter(slugs.values())
    used = {unicodedata.normalize("NFC", name).casefold() for name in taken}
    names = {}
    for key in sorted(slugs):
        stem = slugs[key]
        is_free = stem and counts[stem] == 1 and stem not in _RESERVED and f"{stem}{SUFFIX}" not in used
        base = stem or _NAMELESS
        choices = [stem] if is_free else [f"{base}-{key[:_SHORT_ID]}", f"{base}-{key}"]
        names[key] = next(
            (name for one in choices if (name := f"{one}{SUFFIX}") not in used), f"{key}{SUFFIX}"
        )
        used.add(names[key])
    return names
