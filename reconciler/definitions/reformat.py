"""The one form of a definition's text: the schema's order of keys, sorted sets, one style; comments stay."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from reconciler import schema
from reconciler.definitions.yaml import comments, reader, writing
from reconciler.definitions.yaml.scalars import REFUSED
from reconciler.errors import FileError
from reconciler.model import set_order, unordered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.definitions.yaml.comments import Part
    from reconciler.model import Json, Path, Rules

# An indentation that is written out (`|2`) would be another one elsewhere.
_BLOCK = re.compile(r"[|>][-+]?(?![-+0-9])")
MAX_WIDTH = 100  # columns of a list or a mapping on one line, without its comment


def form(
    data: bytes, rules: Rules, file: str, names: Mapping[Path, Mapping[str, str]] | None = None
) -> bytes:
    """Return a valid definition in its canonical form, which says the same and is its own canonical form.

    `names` has what the members of a set are called, such as the topics' of `config.topicIds` by their ids: a
    member without a comment gets its name as one. Raises FileError where the form would not say the same.
    """
    text = data.removeprefix(codecs.BOM_UTF8).decode()
    header, root = comments.attach(text)
    lines = [*header, *_Writer(text, rules, names or {}).mapping(root, ())]
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

    def __init__(self, text: str, rules: Rules, names: Mapping[Path, Mapping[str, str]]) -> None:
        self._text = text
        self._rules = rules
        self._names = names

    def mapping(self, part: Part, path: Path) -> Iterator[str]:
        for inner in _in_order(part, path):
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
            yield f"{name}: {_flow(part, path)}{part.comment}"
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

    def _is_short(self, name: str, part: Part, path: Path) -> bool:
        """Return whether a mapping is one value on one line, and not a heading."""
        rule = self._rules.get(path)
        is_value = not schema.keys(path) or (rule is not None and rule.generation is not None)
        fits = not part.parts or (is_value and len(name) + len(_flow(part, path)) <= MAX_WIDTH)
        return fits and not part.is_commented

    def _list(self, name: str, part: Part, path: Path) -> Iterator[str]:
        names = self._names.get(path, {})
        members = sorted(part.parts, key=lambda one: set_order(one.node.value))
        notes = [one.comment or _note(names.get(str(one.node.value))) for one in members]
        line = f"{name}: {_flow(part, path)}"
        if not part.is_commented and not any(notes) and (len(line) <= MAX_WIDTH or not members):
            yield line + part.comment
            return
        yield f"{name}:{part.comment}"
        for one, note in zip(members, notes, strict=True):
            yield from _indented([*filter(None, one.above), f"- {writing.scalar(one.node.value)}{note}"])
        yield from _indented(part.below)


def _note(name: str | None) -> str:
    """Return a name as a comment; one that no definition may hold is left out."""
    word = " ".join((name or "").split())
    return f"  # {word}" if word and not REFUSED.search(word) else ""


def _flow(part: Part, path: Path) -> str:
    return writing.flow(_json(part, path))


def _json(part: Part, path: Path) -> Json:
    if part.node.is_sequence:
        return sorted((one.node.value for one in part.parts), key=set_order)
    if part.node.is_mapping:
        return {one.key or "": _json(one, (*path, one.key or "")) for one in _in_order(part, path)}
    return part.node.value


def _in_order(part: Part, path: Path) -> list[Part]:
    """Return the entries of a mapping as the schema has them, and behind them, as they are, all others."""
    order = {key: place for place, key in enumerate(schema.keys(path))}
    return sorted(part.parts, key=lambda one: order.get(one.key or "", len(order)))


def _indented(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield "\n".join(f"{writing.STEP}{one}" if one else one for one in line.split("\n"))
