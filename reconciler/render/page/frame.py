"""What every page has: its head, the policy that it must keep, and its foot."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from reconciler.render.page.markup import Markup, document, element
from reconciler.render.page.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable

_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


def page(title: str, first: Markup, sections: Iterable[Markup], facts: Iterable[tuple[str, str]]) -> str:
    """Return a whole page: what comes `first`, the sections, and small facts at its end."""
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
    ]
    rows = [
        element("div", element("dt", key), element("dd", element("bdi", value)))
        for key, value in facts
        if value
    ]
    body = [
        element("header", first),
        element("main", *sections),
        element(
            "footer",
            element("dl", *rows),
            element("p", "Made by reconciler. This page asks for nothing and runs nothing."),
        ),
    ]
    return document(head, body, style=STYLE)


def section(title: str, *parts: str, anchor: str | None = None, class_: str | None = None) -> Markup:
    return element("section", element("h2", title), *parts, id=anchor, class_=class_)
