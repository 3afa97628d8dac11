"""HTML that is safe by its type: what is not `Markup` yet is text, and is escaped where it goes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.escape import html_text

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = "meta"


class Markup(str):
    """Text that is HTML already. Only this module makes it from strings."""

    __slots__ = ()

    def __add__(self, other: str) -> Markup:
        return joined([self, other])


def element(tag: str, *children: str, **attributes: str | int | None) -> Markup:
    """Return an element; `class_` is `class`, `aria_label` is `aria-label`, and None leaves one out."""
    given = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
    start = "".join(
        f' {name}="{html_text(str(value))}"' for name, value in given.items() if value is not None
    )
    return Markup(f"<{tag}{start}>" if tag == _VOID else f"<{tag}{start}>{joined(children)}</{tag}>")


def joined(parts: Iterable[str], by: str = "") -> Markup:
    """Return parts one after the other; what stands between them is ours."""
    return Markup(by.join(map(_markup, parts)))


def hidden(text: str) -> Markup:
    """Return words for those who hear the page, or read it without its colours."""
    return element("span", text, class_="heard")


def document(head: Iterable[Markup], body: Iterable[Markup], *, style: str) -> str:
    """Return a whole page, in ASCII, which no locale spoils.

    `style` is CSS of ours, and must be byte for byte what the policy's hash is of.
    """
    top = joined([*head, Markup(f"<style>{style}</style>")], by="\n")
    parts = ['<!doctype html>\n<html lang="en">\n<head>', top, "</head>\n<body>", joined(body, by="\n")]
    page = "\n".join([*parts, "</body>\n</html>\n"])
    return page.encode("ascii", "xmlcharrefreplace").decode()


def _markup(part: str) -> str:
    return part if isinstance(part, Markup) else html_text(part)
