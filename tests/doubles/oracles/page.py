"""What a browser would make of a page of ours: its elements, its text, and what in it could act or ask."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta"}
_INERT = frozenset(
    {
        *("http-equiv", "content", "name", "charset", "lang", "class", "id", "scope", "href"),
        *("aria-hidden", "aria-labelledby", "focusable", "width", "height", "rx", "x", "y"),
    }
)


@dataclass(slots=True)
class Read:
    """`shape` has every start tag with its class, `text` each piece of text outside of the style."""

    shape: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    style: str = ""
    policy: str = ""
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.read = Read()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert len(given) == len(attrs), "an attribute twice"
        self.read.shape.append(f"{tag}.{given['class']}" if "class" in given else tag)
        self.read.attributes |= set(given)
        self.read.ids += [given["id"]] if "id" in given else []
        self.read.links += [given["href"]] if "href" in given else []
        if given.get("http-equiv") == "Content-Security-Policy":
            assert "style" not in self.read.shape, "what stands before a policy is not held to it"
            self.read.policy = given["content"]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.read.style += data
        elif data.strip():
            self.read.text.append(data.strip())

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def read(document: str) -> Read:
    """Read a page; fails for one that is not well formed, or in which anything could act or ask."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    found = reader.read
    assert document.startswith("<!doctype html>\n")
    assert reader.open == []
    assert len(found.ids) == len(set(found.ids))
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)
    assert found.attributes <= _INERT, found.attributes - _INERT
    assert not {tag.partition(".")[0] for tag in found.shape} & {"script", "link", "img", "iframe", "form"}
    assert not re.search(r"url\(|@import|</", found.style)
    return found
