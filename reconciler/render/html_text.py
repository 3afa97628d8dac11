"""Text from outside, and our own inline Markdown, as HTML that shows it and does nothing."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from reconciler.render.escape import EMPTY, clip, log_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_STRONG = re.compile(r"\*\*")


def escaped(text: str) -> str:
    """Show text from outside: visible characters alone, none of which is markup, in content or attributes."""
    return html.escape(log_line(text)) or EMPTY


def name(text: str) -> str:
    """Show a name, cut where it is long."""
    return escaped(clip(text))


def inline(markdown: str) -> str:
    """Show inline Markdown of ours: what is code or bold in it becomes an element, all else is escaped.

    Even where it is read wrongly it stays text, since every piece of it is escaped.
    """
    pieces, end = [], 0
    for span in _CODE.finditer(markdown):
        pieces += [_plain(markdown[end : span.start()]), _code(span[2])]
        end = span.end()
    return _bold("".join([*pieces, _plain(markdown[end:])]))


def _plain(text: str) -> str:
    return html.escape(text.replace("\\|", "|").replace("\\]", "]"))


def _code(text: str) -> str:
    is_padded = text[0] + text[-1] == "  " and not text.isspace()
    # Two asterisks of somebody's must not become bold with others outside of the code.
    return f"<code>{html.escape(text[1:-1] if is_padded else text).replace('*', '&#42;')}</code>"


def _bold(text: str) -> str:
    parts = _STRONG.split(text)
    if len(parts) % 2 == 0:
        return text
    return "".join(f"<strong>{part}</strong>" if nth % 2 else part for nth, part in enumerate(parts))


def element(tag: str, content: str, css: str = "") -> str:
    """Return an element; the content is HTML already, the tag and the class are ours."""
    attribute = f' class="{css}"' if css else ""
    return f"<{tag}{attribute}>{content}</{tag}>"


def listed(items: Iterable[str], css: str = "") -> str:
    """Return a list of HTML, empty for no items."""
    found = "".join(element("li", item) for item in items)
    return element("ul", found, css) if found else ""
