"""The one form of a definition's text: the schema's order of keys, sorted sets, one style; comments stay."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.definitions import canonical
from reconciler.definitions.yaml import comments, reader, writing
from reconciler.errors import FileError
from reconciler.model import dotted, set_order, unordered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions.canonical import Names
    from reconciler.definitions.yaml.comments import Part
    from reconciler.model import Catalogue, Json, Path

# An indentation that is written out (`|2`) would be another one elsewhere.
_BLOCK = re.compile(r"[|>][-+]?(?![-+0-9])")


def form(data: bytes, file: str, names: Names, catalogue: Catalogue | None = None) -> bytes:
    """Return a valid definition in its canonical form, which says the same and is its own canonical form.

    `names` maps a path such as `config.topicIds` to the names of the ids in it: an id without a comment gets
    its name as one. A filter that a catalogue has beside the schema has a form as well. Raises FileError
    where the form would not say the same.
    """
    text = data.removeprefix(codecs.BOM_UTF8).decode()
    header, root = comments.attach(text)
    lines = [*header, *_Writer(text, names, catalogue).mapping(root, ())]
    ending = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    made = "".join(f"{line}\n" for line in _squeezed(lines)).replace("\n", ending).encode()
    if _value(made, file) != _value(data, file):
        raise FileError(f"{file} cannot be put into canonical form", "Report this; the file is left as it is")
    return made


def _value(data: bytes, file: str) -> str | None:
    document, problems = reader.read(data, file)
    return None if document is None or problems else unordered(document.value)


def _squeezed(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines without blank ones at the ends, and no two of them in a row."""
    last = ""
    held = False
    for line in lines:
        if not line.strip():
            held = bool(last)
            continue
        if held:
            yield ""
        yield line
        last, held = line, False


class _Writer:
    """Writes parts as lines that are not indented yet."""

    def __init__(self, text: str, names: Names, catalogue: Catalogue | None) -> None:
        self._text = text
        self._names = names
        self._catalogue = catalogue

    def mapping(self, part: Part, path: Path) -> Iterator[str]:
        for inner in self._in_order(part, path):
            yield from inner.above
            yield from self._entry(inner, (*path, inner.key or ""))
        yield from part.below

    def _entry(self, part: Part, path: Path) -> Iterator[str]:
        name = writing.scalar(part.key or "")
        if part.node.is_sequence:
            yield from self._list(name, part, path)
        elif not part.node.is_mapping:
            yield f"{name}: {self._scalar(part)}"
        elif self._is_short(name, part, path):
            yield f"{name}: {self._flow(part, path)}{part.comment}"
        else:
            yield f"{name}:{part.comment}"
            yield from _indented(self.mapping(part, path))

    def _scalar(self, part: Part) -> str:
        """Return a scalar; a text that somebody wrote on lines of its own keeps them, as one line here."""
        written = self._text[part.node.start : part.node.end].replace("\r\n", "\n").split("\n")
        header = _BLOCK.match(written[0])
        if header is None:
            return f"{writing.scalar(part.node.value)}{part.comment}"
        indent = min(
            (len(line) - len(line.lstrip(" ")) for line in written[1:] if line.strip(" ")), default=0
        )
        lines = (f"{writing.STEP}{line[indent:]}" if line[indent:] else "" for line in written[1:])
        return "\n".join((header[0] + part.comment, *lines))

    def _list(self, name: str, part: Part, path: Path) -> Iterator[str]:
        names = self._names.get(dotted(path), {})
        members = sorted(part.parts, key=lambda one: set_order(one.node.value))
        notes = [one.comment or _note(names.get(str(one.node.value))) for one in members]
        if not (part.is_commented or any(notes)) and self._fits(name, part, path):
            yield f"{name}: {self._flow(part, path)}{part.comment}"
            return
        yield f"{name}:{part.comment}"
        for one, note in zip(members, notes, strict=True):
            yield from _indented([*filter(None, one.above), f"- {writing.scalar(one.node.value)}{note}"])
        yield from _indented(part.below)

    def _is_short(self, name: str, part: Part, path: Path) -> bool:
        """Return whether a mapping is one value on one line: one whose keys are not the schema's."""
        is_value = not part.parts or (not schema.keys(path, self._catalogue) and self._fits(name, part, path))
        return is_value and not part.is_commented

    def _fits(self, name: str, part: Part, path: Path) -> bool:
        """Return whether a collection goes on one line; ids have a line each, with room for their names."""
        if part.parts and part.node.is_sequence and any(type(one.node.value) is int for one in part.parts):
            return False
        indent = len(writing.STEP) * (len(path) - 1)
        return not part.parts or indent + len(f"{name}: {self._flow(part, path)}") <= canonical.MAX_LINE

    def _flow(self, part: Part, path: Path) -> str:
        return writing.flow(self._json(part, path))

    def _json(self, part: Part, path: Path) -> Json:
        if part.node.is_sequence:
            return sorted((one.node.value for one in part.parts), key=set_order)
        if part.node.is_mapping:
            return {
                one.key or "": self._json(one, (*path, one.key or "")) for one in self._in_order(part, path)
            }
        return part.node.value

    def _in_order(self, part: Part, path: Path) -> list[Part]:
        """Return a mapping's entries as the schema has them, and behind them, as they are, all others."""
        order = {key: place for place, key in enumerate(schema.keys(path, self._catalogue))}
        return sorted(part.parts, key=lambda one: order.get(one.key or "", len(order)))


def _note(name: str | None) -> str:
    word = canonical.comment(name or "")
    return f"  # {word}" if word else ""


def _indented(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield "\n".join(f"{writing.STEP}{one}" if one else one for one in line.split("\n"))
