"""What GitHub would make of a Markdown document: its structure, its text, and what became a link.

markdown-it reads the Markdown. What GitHub does to the text afterwards (autolinks, mentions, references,
emoji, math) is found here, in text outside of code, by rules that are somewhat wider than GitHub's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

_REFERENCES = {
    "autolink": r"www\.|[a-z][a-z0-9+.-]*://|(?:mailto|xmpp):\S",
    "email": r"[\w.+-]+@[\w-]+\.\w",
    "mention": r"@\w",
    "issue": r"#\d|\bgh-\d",
    "commit": r"\b[0-9a-f]{7,40}\b",
    "emoji": r":[\w+-]+:",
    "math": r"\$",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """`shape` has every token but for text and code within a line; `text` has a line for each block."""

    shape: tuple[str, ...]
    text: str
    references: frozenset[str]


@dataclass(slots=True)
class _Reading:
    shape: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)

    def block(self, token: Token) -> None:
        if token.type == "inline":
            self.text.append("")
            self.plain.append("")
            for child in token.children or []:
                self.inline(child)
            return
        self.shape.append(f"{token.type} {token.tag} {token.info}")
        if token.type in {"fence", "code_block", "html_block"}:
            self.text.append(token.content)

    def inline(self, token: Token) -> None:
        if token.type in {"text", "text_special"}:
            self.text[-1] += token.content
            self.plain[-1] += token.content
        elif token.type == "code_inline":
            self.text[-1] += token.content
            self.plain.append("")
        else:
            self.shape.append(f"{token.type} {token.tag} {token.info}")
            self.plain.append("")


def rendered(document: str) -> Rendered:
    reading = _Reading()
    for token in _PARSER.parse(document):
        reading.block(token)
    return Rendered(tuple(reading.shape), "\n".join(reading.text), references(*reading.plain))


def references(*plain: str) -> frozenset[str]:
    """Name the kinds of link, mention and other magic that GitHub finds in runs of plain text."""
    flags = re.IGNORECASE | re.ASCII
    return frozenset(
        kind for kind, pattern in _REFERENCES.items() if any(re.search(pattern, run, flags) for run in plain)
    )
