"""What a scalar means in YAML 1.2's core schema, and the characters that no definition may hold."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Scalar = None | bool | int | float | str

MAX_DIGITS = 18

# Invisible characters let a reviewer see another file than the one that is read ("Trojan source"). A carriage
# return alone is one of them: YAML starts a line there, and a review page does not. Surrogates are halves of
# characters, and at the last two libyaml gives up.
REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
    "|\r(?!\n)"
)

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# The core schema reads 014 as fourteen. Older YAML reads it as twelve, so here it is text.
_INTEGER = re.compile(r"(?:[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+)")
_BEGINS_NUMBER = frozenset("+-.0123456789")
_BASES = {"0o": 8, "0x": 16}
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_ESCAPE = re.compile(r"\\(?:x(?P<x>..)|u(?P<u>....)|U(?P<U>........)|(?P<letter>.))", re.DOTALL)
_LETTERS = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "v": "\v", "f": "\f", "r": "\r"} | {
    "N": "\x85",
    "L": "\u2028",
    "P": "\u2029",
}


def resolve(text: str) -> Scalar:
    """Return what a plain scalar stands for; its integer must not be `is_too_long`."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGINS_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        base = _BASES.get(text[:2])
        return int(text[2:], base) if base else int(text)
    found = _FLOAT.fullmatch(text)
    if found:
        return float(text.replace(".", "") if found["special"] else text)
    return text


def is_too_long(text: str) -> bool:
    """Tell whether a plain scalar is an integer of more digits than any id or count needs."""
    return len(text) > MAX_DIGITS and bool(_INTEGER.fullmatch(text)) and _digits(text) > MAX_DIGITS


def _digits(text: str) -> int:
    return len(text) - 2 if text[:2] in _BASES else len(text.lstrip("+-"))


def escapes(source: str, start: int, end: int) -> Iterator[tuple[int, str, str]]:
    """Yield the index, text and character of each escape that stands for a refused character.

    The span must be a double-quoted scalar that libyaml has accepted.
    """
    for found in _ESCAPE.finditer(source, start, end):
        digits = found["x"] or found["u"] or found["U"]
        character = chr(int(digits, 16)) if digits else _LETTERS.get(found["letter"], " ")
        if REFUSED.match(character):
            yield found.start(), found[0], character


def describe(character: str) -> str:
    """Return a refused character as people can look it up: code point and name."""
    nameless = "control character" if unicodedata.category(character) == "Cc" else "no character"
    return f"U+{ord(character):04X} ({unicodedata.name(character, nameless).lower()})"
