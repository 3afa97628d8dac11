"""The canonical form of a definition file, from an audience's values: pure, and the same text every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.definitions.yaml import writing
from reconciler.definitions.yaml.scalars import REFUSED
from reconciler.model import Fields, Json, Path, Rules, Value, dotted, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

Names = Mapping[str, Mapping[str, str]]

MAX_LINE = 100  # characters of a list on one line
MAX_COMMENT = 80
_INDENT = "  "


def text(audience_id: str, fields: Fields, rules: Rules, *, schema: str, names: Names) -> str:
    """Return the file that defines an audience as its normalised fields are.

    Keys come in the schema's order, sets sorted, and what the rules do not know is left out, as is what
    changes by itself. `schema` is the schema's place as seen from the file, and `names` maps a path such as
    `config.topicIds` to the names of the ids in it.
    """
    lines = [f"# yaml-language-server: $schema={schema}", f"id: {scalar(audience_id)}"]
    lines += _members(fields, (), rules, names)
    return "\n".join(lines) + "\n"


def _members(fields: Fields, path: Path, rules: Rules, names: Names) -> Iterator[str]:
    for known, rule in rules.items():
        value = fields.get(known[-1]) if known[:-1] == path else None
        if value is not None and not rule.is_volatile:
            yield from _entry(known, value, rules, names)


def _entry(path: Path, value: Value, rules: Rules, names: Names) -> Iterator[str]:
    indent = _INDENT * (len(path) - 1)
    head = f"{indent}{scalar(path[-1])}:"
    if isinstance(value, Mapping):
        members = list(_members(value, path, rules, names))
        yield from [head, *members] if members else ()
    elif isinstance(value, frozenset):
        items = to_json(value)
        yield from _list(head, items if isinstance(items, list) else [], names.get(dotted(path)))
    else:
        yield f"{head} {scalar(to_json(value))}"


def _list(head: str, items: list[Json], named: Mapping[str, str] | None) -> Iterator[str]:
    """Yield a list on one line where it fits; ids have a line each, with room for their names."""
    line = f"{head} [{', '.join(scalar(item, is_in_flow=True) for item in items)}]"
    has_ids = any(isinstance(item, int) for item in items)
    if len(line) <= MAX_LINE and not has_ids:
        yield line
        return
    indent = " " * (len(head) - len(head.lstrip())) + _INDENT
    yield head
    for item in items:
        name = comment((named or {}).get(str(item), ""))
        yield f"{indent}- {scalar(item)}{f'  # {name}' if name else ''}"


def comment(name: str) -> str:
    """Return a name as it may stand in a comment: on one line, without what no definition may hold."""
    shown = " ".join(REFUSED.sub(" ", name).split())
    return shown if len(shown) <= MAX_COMMENT else f"{shown[: MAX_COMMENT - 1]}…"


def scalar(value: Json, *, is_in_flow: bool = False) -> str:
    """Return one value as YAML: text in double quotes only where a reader could take it for another thing."""
    return writing.scalar(value, in_flow=is_in_flow)
