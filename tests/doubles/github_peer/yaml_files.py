"""YAML as GitHub reads it: version 1.2's core schema, where `on` is a word and a key comes once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from .values import Unsupported

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), _Loader)  # noqa: S506 - it extends the safe loader


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, which GitHub reads: `on` is a word, and a key comes once."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as declared above

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's own
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise Unsupported(f"a key comes twice: {keys}")
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


for _tag, _pattern, _starts in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _starts)
