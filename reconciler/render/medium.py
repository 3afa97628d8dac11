"""How words are written in a medium, so that a terminal, Markdown and HTML can share their sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.render.escape import clip, markdown_inline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_NAMED = 20  # names of one list
_WORD = re.compile(r"""([("]*)(.*?)([)",.:;?!']*)""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Medium:
    """`quote` writes a text from outside, `name` an audience's name, `prose` sentences that hold some.

    `strong` makes words stand out that are written already, or are ours.
    """

    quote: Callable[[str], str]
    name: Callable[[str], str]
    prose: Callable[[str], str]
    strong: Callable[[str], str]

    def names(self, texts: Sequence[str], most: int = MAX_NAMED) -> str:
        """Write at most so many names, and how many more there are."""
        more = len(texts) - most
        return ", ".join([*map(self.name, texts[:most]), *([f"and {more} more"] if more > 0 else [])])


def markdown_prose(text: str) -> str:
    """Return sentences that hold words from outside: each word is plain or code, so that the rest reads on.

    Must follow text of ours on its line: what opens a list is harmless only there.
    """
    return " ".join(map(_word, text.split(" ")))


def _word(word: str) -> str:
    before, core, after = _WORD.fullmatch(word).groups()  # type: ignore[union-attr] # it matches everything
    return f"{before}{markdown_inline(core) if core else ''}{after}"


def _same(text: str) -> str:
    return text


def _markdown_name(text: str) -> str:
    return markdown_inline(clip(text))


def _strong(words: str) -> str:
    return f"**{words}**"


def _in_quotes(text: str) -> str:
    return f'"{clip(text)}"'


MARKDOWN = Medium(markdown_inline, _markdown_name, markdown_prose, _strong)
# A whole line of a terminal is made safe at once, when it is printed.
TERMINAL = Medium(_same, _in_quotes, _same, _same)
