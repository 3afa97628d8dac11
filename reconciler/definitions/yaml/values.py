"""A text's values without their places: what surely is one document of plain YAML, and nothing else.

It takes the same events of libyaml as `reader`, and gives up wherever that one would have anything to say,
or might. So it never has to say what is wrong, and costs a fraction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from reconciler.definitions.yaml import events
from reconciler.definitions.yaml.scalars import REFUSED, is_too_long, resolve
from reconciler.definitions.yaml.source import BLANKS, MAX_BLANKS, MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    Root = dict[str, Any]

MAX_DEPTH = 10
MAX_EVENTS = 10_000
# What needs a closer look: escapes, which may stand for any character, directives, and what ends a document.
_ODD = ("\\", "\n%", "\n...")
_PRINTABLE = bytes([*range(ord(" "), 0x7F), *b"\t\n"])
_ENDS = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})


def read(data: bytes) -> tuple[Root, int] | None:
    """Return a file's mapping and the index of its key `id`, 0 without one; None where anything is odd."""
    text = _text(data)
    if text is None:
        return None
    try:
        return _document(events.parser(text))
    except yaml.YAMLError:
        return None


def _text(data: bytes) -> str | None:
    if len(data) > MAX_BYTES:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    is_odd = text.startswith("%") or any(odd in text for odd in _ODD)
    has_refused = data.translate(None, _PRINTABLE) and REFUSED.search(text)
    return None if is_odd or has_refused or (len(text) > MAX_BLANKS and BLANKS.search(text)) else text


def _document(parse: Callable[[], Any]) -> tuple[Root, int]:
    """Return the one mapping of a text."""
    root: Root = {}
    _require(parse(), yaml.StreamStartEvent)
    _require(parse(), yaml.DocumentStartEvent)
    first = parse()
    _require(first, yaml.MappingStartEvent)
    _require_bare(first)
    index = _fill(root, parse)
    _require(parse(), yaml.DocumentEndEvent)
    _require(parse(), yaml.StreamEndEvent)
    return root, index


def _require(event: yaml.Event, kind: type[yaml.Event]) -> None:
    if event.__class__ is not kind:
        raise yaml.YAMLError


def _require_bare(event: Any) -> None:  # noqa: ANN401 - an alias has no tag, which is then not asked for
    if event.anchor is not None or event.tag is not None:
        raise yaml.YAMLError


def _fill(root: Root, parse: Callable[[], Any]) -> int:
    """Fill a mapping to its end, and return the index of its key `id`."""
    here: Any = root
    outer: list[Any] = []
    key: str | None = None
    index = 0
    for _ in range(MAX_EVENTS):
        event = parse()
        if event.__class__ in _ENDS:
            if not outer:
                return index
            here = outer.pop()
            continue
        _require_bare(event)
        if key is None and here.__class__ is dict:
            key = _key(event, here)
            if here is root and key == "id":
                index = event.start_mark.index
            continue
        value = _value(event)
        if key is None:
            here.append(value)
        else:
            here[key], key = value, None
        if event.__class__ is not yaml.ScalarEvent:
            outer.append(here)
            here = value
            if len(outer) > MAX_DEPTH:
                raise yaml.YAMLError
    raise yaml.YAMLError


def _key(event: Any, mapping: Root) -> str:  # noqa: ANN401 - a node's event
    _require(event, yaml.ScalarEvent)
    text: str = event.value
    if text in mapping or text == "<<" or (not event.style and _plain(text) is not text):
        raise yaml.YAMLError
    return text


def _value(event: Any) -> Any:  # noqa: ANN401 - as above, and any value
    if event.__class__ is yaml.ScalarEvent:
        return event.value if event.style else _plain(event.value)
    return {} if event.__class__ is yaml.MappingStartEvent else []


def _plain(text: str) -> Any:  # noqa: ANN401 - as above
    if is_too_long(text):
        raise yaml.YAMLError
    return resolve(text)
