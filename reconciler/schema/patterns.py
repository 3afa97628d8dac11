"""Regular expressions that cannot take long, whoever wrote them and whatever they are tried on.

Python's engine tries every way in which repetitions can share a text. So repetitions are counted beforehand,
none stands in another, and a text has a greatest length.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

MAX_TEXT = 500  # characters of a text that a pattern is tried on
MAX_OPEN = 2  # repetitions without an end; not to begin with ^ counts as one, since every place is tried
MAX_WAYS = 64  # in which all else can be chosen: what is optional, how often, and which alternative
_TOKEN = re.compile(
    r"(?P<literal>\\[dDwWsSbB]|\\[^A-Za-z0-9]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}*+?|])"
    r"|(?P<begin>\((?:\?:)?(?!\?))|(?P<end>\))|(?P<or>\|)"
    r"|(?P<repeat>(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??)",
    re.DOTALL,
)


@dataclass(slots=True)
class _Part:
    """What a group, an alternative or a single token can cost."""

    open: int = 0
    ways: int = 1
    alternatives: int = 1

    @property
    def is_plain(self) -> bool:
        return (self.open, self.ways, self.alternatives) == (0, 1, 1)


def fault(pattern: str) -> str:
    """Return why a pattern is not taken, empty where it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning):
        return "is not a regular expression, or may come to mean something else"
    return _cost(pattern)


def _cost(pattern: str) -> str:
    stack, last = [_Part()], _Part()
    place = 0
    while place < len(pattern):
        found = _TOKEN.match(pattern, place)
        if found is None:
            return f'has a part that is not taken, from "{pattern[place : place + 8]}" on'
        place, kind, text = found.end(), found.lastgroup, found[0]
        if kind == "begin":
            stack.append(_Part())
            continue
        if kind == "or":
            stack[-1].alternatives += 1
        elif kind == "repeat":
            if not _is_optional(text) and not last.is_plain:
                return "repeats a group that has a repetition or alternatives in it"
            _add(stack[-1], _repeated(text))
            last = _Part(open=1)  # a repetition of a repetition is none that Python takes
        elif kind == "end":
            last = stack.pop()
            _add(stack[-1], _Part(last.open, last.ways * last.alternatives))
        else:
            last = _Part()
    whole = stack[0]
    is_anchored = pattern.startswith("^") and whole.alternatives == 1
    if whole.open + (not is_anchored) > MAX_OPEN:
        return _TOO_OPEN
    return (
        "has too many alternatives and optional parts" if whole.ways * whole.alternatives > MAX_WAYS else ""
    )


def _is_optional(repeat: str) -> bool:
    return repeat[0] == "?"


def _repeated(repeat: str) -> _Part:
    if _is_optional(repeat):
        return _Part(ways=2)
    low, comma, high = repeat.rstrip("?").strip("{}").partition(",")
    if low in {"*", "+"} or (comma and not high):
        return _Part(open=1)
    return _Part(ways=int(high or low) - int(low) + 1)


def _add(whole: _Part, part: _Part) -> None:
    whole.open += part.open
    whole.ways *= part.ways


_TOO_OPEN = (
    f"has over {MAX_OPEN} repetitions without an end (such as * and +), of which not to begin with ^ is one"
)
