"""Values written back into a definition's text, in which every byte around them stays.

Each edit finds the place of its value by the positions that the parser has, and puts new text there alone.
What comes of all of them is read again, and is an error unless it says exactly what was asked for.
"""

from __future__ import annotations

import codecs
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from reconciler import schema
from reconciler.definitions.yaml import block, flow, nodes, reader, writing
from reconciler.definitions.yaml.splices import Splice, spliced
from reconciler.errors import FileError, NotEditableError
from reconciler.model import canonical, unordered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from reconciler.definitions.yaml.nodes import Node
    from reconciler.model import Json, Path


class _Removed(Enum):
    REMOVED = "removed"


REMOVED: Final = _Removed.REMOVED


@dataclass(frozen=True, slots=True)
class Edit:
    """What a file is to say at one path from now on; REMOVED takes the key out.

    A list is a set: members that stay keep their order, and new ones come behind them. A key that is not
    there yet, with those above it, comes where the schema has it. A mapping that loses its last key goes.
    """

    path: Path
    value: Json | _Removed


def apply(data: bytes, edits: Sequence[Edit], file: str) -> bytes:
    """Return the file with the edits in it, and every other byte as it was.

    Raises FileError where a value cannot be written there; `file` is its name in the message.
    """
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text, expected = data.removeprefix(mark).decode(), _value(data, file)
    # What is added comes first, so that nothing is empty in between.
    for edit in sorted(edits, key=lambda edit: edit.value is REMOVED):
        try:
            text = _applied(text, edit)
        except NotEditableError as error:
            raise _failure(file, edit) from error
        expected = _expected(expected, edit)
        made = _value(mark + text.encode(errors="replace"), file, edit)
        if unordered(made) != unordered(expected):
            raise _failure(file, edit)
    return mark + text.encode()


def _value(data: bytes, file: str, edit: Edit | None = None) -> Json:
    document, problems = reader.read(data, file)
    if document is None or problems:
        raise _failure(file, edit) if edit else FileError(f"{file} is not a definition", problems[0].summary)
    return document.value


def _failure(file: str, edit: Edit) -> FileError:
    value = "" if edit.value is REMOVED else f" as {schema.clip(canonical(edit.value))}"
    verb = "removed from" if edit.value is REMOVED else "written into"
    return FileError(f"{'.'.join(edit.path)} cannot be {verb} {file}{value}", _BY_HAND)


def _expected(value: Json, edit: Edit) -> Json:
    """Return what the file should say, by way of its values alone."""
    result: dict[str, Json] = deepcopy(value) if isinstance(value, dict) else {}
    chain = [result]
    for key in edit.path[:-1]:
        inner = chain[-1].get(key)
        chain[-1][key] = chain_end = inner if isinstance(inner, dict) else {}
        chain.append(chain_end)
    if edit.value is not REMOVED:
        chain[-1][edit.path[-1]] = edit.value
        return result
    chain[-1].pop(edit.path[-1], None)
    for upper, key in reversed(list(zip(chain, edit.path[:-1], strict=False))):
        if upper.get(key) == {}:
            del upper[key]
    return result


def _applied(text: str, edit: Edit) -> str:
    root = nodes.parse(text)
    chain = list(_chain(root, edit.path))
    if edit.value is REMOVED:
        splices = _remove(text, root, chain) if len(chain) == len(edit.path) else ()
        return spliced(text, splices)
    value: Json = edit.value
    for key in reversed(edit.path[len(chain) + 1 :]):
        value = {key: value}
    if len(chain) < len(edit.path):
        return spliced(text, _insert(text, root, chain, edit.path[: len(chain) + 1], value))
    in_flow = root.is_flow or any(mapping.is_flow for mapping, _ in chain)
    mapping, index = chain[-1]
    node = mapping.entries[index].value
    if not (node.is_sequence and isinstance(value, list) and value and node.entries):
        return spliced(text, _replace(text, chain, value, in_flow=in_flow))
    return _set_members(text, edit.path, node, value)


def _chain(node: Node, path: Path) -> Iterator[tuple[Node, int]]:
    """Yield the mappings on the way to a path, as far as they go, each with the number of the entry."""
    for key in path:
        index = node.find(key)
        if index is None:
            return
        yield node, index
        node = node.entries[index].value


def _remove(text: str, root: Node, chain: Sequence[tuple[Node, int]]) -> Iterator[Splice]:
    """Yield what takes out a key, and the keys above it that have no other."""
    first = max(place for place, (one, _) in enumerate(chain) if one is root or len(one.entries) > 1)
    for place, (mapping, index) in enumerate(chain[first:], start=first):
        value = mapping.entries[index].value
        is_header = place + 1 < len(chain) and not value.is_flow
        if not mapping.is_flow:
            yield (block.remove_header if is_header else block.remove_key)(text, mapping.entries[index])
        elif place == first:
            yield from _remove_from_flow(text, mapping, index)


def _remove_from_flow(text: str, mapping: Node, index: int) -> Iterable[Splice]:
    if len(mapping.entries) == 1:  # the root's
        return [Splice(mapping.start, mapping.end, "{}")]
    return flow.remove(text, mapping, {index})


def _insert(
    text: str, root: Node, chain: Sequence[tuple[Node, int]], path: Path, value: Json
) -> Iterable[Splice]:
    """Return what puts a key that is not there into the mapping that it belongs to."""
    mapping = chain[-1][0].entries[chain[-1][1]].value if chain else root
    key = path[-1]
    if not mapping.is_mapping:
        return _replace(text, chain, {key: value}, in_flow=any(one.is_flow for one, _ in chain))
    after = _place(mapping, key, schema.keys(path[:-1]))
    sibling = mapping.entries[max(after, 0)] if mapping.entries else None
    style = sibling.key.style if sibling and sibling.key and sibling.key.style in writing.QUOTES else ""
    if mapping.is_flow:
        return flow.insert(text, mapping, after, [writing.pair(key, writing.flow(value, style), style)])
    written = _lines(mapping, after, key, value, style)
    return block.insert_key(text, mapping, after, written, is_root=mapping is root)


def _lines(mapping: Node, after: int, key: str, value: Json, style: str) -> list[str]:
    """Return the lines of a new key, in the manner of its neighbours."""
    nearest = sorted(range(len(mapping.entries)), key=lambda index: abs(index - after))
    values = [mapping.entries[index].value for index in nearest]
    if isinstance(value, dict) and next((one.is_flow for one in values if one.is_mapping), False):
        return [writing.pair(key, writing.flow(value, style), style)]
    lists_in_flow = next((one.is_flow for one in values if one.is_sequence), True)
    return [*writing.lines(key, value, style, lists_in_flow=lists_in_flow)]


def _place(mapping: Node, key: str, order: Sequence[str]) -> int:
    """Return the number of the entry behind which a new key belongs, -1 for before all of them."""
    present = {entry.name: index for index, entry in enumerate(mapping.entries)}
    if key not in order:
        return len(mapping.entries) - 1
    earlier = [present[one] for one in order[: order.index(key)] if one in present]
    return earlier[-1] if earlier else -1


def _replace(text: str, chain: Sequence[tuple[Node, int]], value: Json, *, in_flow: bool) -> Iterator[Splice]:
    """Yield what puts a whole value in the place of another; a comment behind its key stays."""
    mapping, index = chain[-1]
    entry, node = mapping.entries[index], mapping.entries[index].value
    is_scalar = not isinstance(value, list | dict)
    style = node.style if node.style in writing.QUOTES else ""
    new = writing.scalar(value, style, in_flow=in_flow) if is_scalar else writing.flow(value, style)
    colon = block.colon_end(text, entry)
    comment = _header_comment(text, colon, node)
    gap = text[colon : node.start]
    if comment or "\n" in gap or not gap:
        yield Splice(colon, node.end, f" {new}{comment}")
    else:
        yield Splice(node.start, node.end, new)


def _header_comment(text: str, colon: int, node: Node) -> str:
    """Return the comment on the line of a key whose value goes on below it."""
    if node.style not in {"|", ">"} and "\n" not in text[colon : node.start]:
        return ""
    header = text[colon:].partition("\n")[0].rstrip("\r")
    before, sign, comment = header.partition(" #")
    blanks = len(before) - len(before.rstrip(" "))
    return f"{' ' * (blanks + 1)}#{comment}" if sign else ""


def _set_members(text: str, path: Path, node: Node, value: Sequence[Json]) -> str:
    """Return the text in which a list has these members, those that stay in their order."""
    present = {canonical(entry.value.value) for entry in node.entries}
    new = [one for one in value if canonical(one) not in present]
    last = node.entries[-1].value
    style = last.style if last.style in writing.QUOTES else ""
    written = [writing.scalar(one, style, in_flow=node.is_flow) for one in new]
    if node.is_flow:
        text = spliced(text, flow.insert(text, node, len(node.entries) - 1, written) if new else ())
    else:
        text = spliced(text, block.add_items(text, node, written) if new else ())
    *_, (mapping, index) = _chain(nodes.parse(text), path)
    grown = mapping.entries[index].value
    wanted = {canonical(one) for one in value}
    members = [canonical(entry.value.value) for entry in grown.entries]
    gone = [number for number, one in enumerate(members) if one not in wanted]
    return spliced(text, _without(text, grown, gone) if gone else ())


def _without(text: str, node: Node, gone: Collection[int]) -> Iterator[Splice]:
    return flow.remove(text, node, gone) if node.is_flow else block.remove_items(text, node, gone)


_BY_HAND = "Nothing was written into it: change the audience in the dashboard, or edit the file by hand"
