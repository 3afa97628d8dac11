"""Sentences that name things from outside, as HTML: each such text is marked until it is written."""

from __future__ import annotations

import re

from reconciler.render.escape import EMPTY, clip, terminal
from reconciler.render.medium import Medium
from reconciler.render.page.markup import Markup, element, joined

# Control characters are escaped in all text from outside, so none of it can pass for a mark.
_QUOTE, _PROSE, _STRONG, _END = "\x02", "\x03", "\x04", "\x05"
_PIECES = re.compile(r"([\x02-\x04])([^\x02-\x05]*)\x05|`([^`]+)`")
_FIRST = re.compile(r"\A[\x03\x04]?[a-z]")


def markup(text: str) -> Markup:
    """Return what was written in the medium `HTML`, with code of ours where it has backticks."""
    parts: list[str] = []
    end = 0
    for found in _PIECES.finditer(text):
        parts += [text[end : found.start()], _piece(found)]
        end = found.end()
    return joined([*parts, text[end:]])


def sentence(text: str) -> Markup:
    """Return the same as a sentence of its own."""
    return markup(_FIRST.sub(lambda first: first[0].upper(), text) + ".")


def _piece(found: re.Match[str]) -> str:
    mark, inside, code = found.groups()
    if mark is None:
        return element("code", code)
    if mark == _PROSE:
        return Markup(element("span", inside)) if inside else Markup()
    return element("bdi" if mark == _QUOTE else "strong", inside or EMPTY)


def _marked(mark: str, text: str) -> str:
    return f"{mark}{terminal(text)}{_END}"


HTML = Medium(
    quote=lambda text: _marked(_QUOTE, text),
    name=lambda text: _marked(_QUOTE, clip(text)),
    prose=lambda text: _marked(_PROSE, text),
    strong=lambda text: _marked(_STRONG, text),
)
