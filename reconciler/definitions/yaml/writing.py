"""Values as the text of a definition, quoted where some reader of YAML would take them for something else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from reconciler.definitions.yaml.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Json

STEP = "  "
QUOTES = frozenset("\"'")

# What YAML 1.1, which many tools still read, takes for a boolean, a null, a number, a time or a merge.
_OLD_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<"})
_OLD_NUMBER = re.compile(r"[-+]?\.?[0-9][0-9_,.:]*(?:[eE][-+]?[0-9]*)?|[-+]?0[xXoObB][0-9a-fA-F_]+")
_OLD_TIME = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?", re.DOTALL)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE)
# A sign at the start, which may begin something else (and not a path), an end that is a key's, and what ends
# a plain text.
_NOT_PLAIN = re.compile(r"\A(?!\.{1,2}/)[^\w]|[ :]\Z|:[ ]|[ ]#|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_NOT_IN_FLOW = re.compile(r"[,?\[\]{}]|:[,\[\]{}]")


def scalar(value: Json, style: str = "", *, in_flow: bool = False) -> str:
    """Return a scalar on one line; a text in quotes of this style, if it is one, or in any that it needs."""
    if not isinstance(value, str):
        return json.dumps(value)
    if style == "'" and not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", value):
        return "'" + value.replace("'", "''") + "'"
    if style in QUOTES or not is_plain(value, in_flow=in_flow):
        return json.dumps(value, ensure_ascii=False)
    return value


def is_plain(text: str, *, in_flow: bool = False) -> bool:
    """Return whether every reader of YAML takes a text without quotes for just this text."""
    if not text or _NOT_PLAIN.search(text) or (in_flow and _NOT_IN_FLOW.search(text)):
        return False
    is_other = _OLD_NUMBER.fullmatch(text) or _OLD_TIME.fullmatch(text) or _SPECIAL.fullmatch(text)
    return text.lower() not in _OLD_WORDS and not is_other and isinstance(resolve(text), str)


def flow(value: Json, style: str = "") -> str:
    """Return a value on one line, its collections in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(flow(item, style) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(pair(key, flow(item, style), style) for key, item in value.items())}}}"
    return scalar(value, style, in_flow=True)


def pair(key: str, text: str, style: str = "") -> str:
    """Return a key in brackets, with the text of its value."""
    return f"{scalar(key, style, in_flow=True)}: {text}"


def lines(key: str, value: Json, style: str = "", *, lists_in_flow: bool = True) -> Iterator[str]:
    """Yield the lines of a key with its value; a mapping takes a line for each of its keys."""
    name = scalar(key, style)
    if isinstance(value, dict) and value:
        yield f"{name}:"
        for inner, item in value.items():
            yield from (STEP + line for line in lines(inner, item, style, lists_in_flow=lists_in_flow))
    elif isinstance(value, list) and value and not lists_in_flow:
        yield f"{name}:"
        yield from (f"{STEP}- {_item(item, style)}" for item in value)
    else:
        yield f"{name}: {_item(value, style)}"


def _item(value: Json, style: str) -> str:
    return flow(value, style) if isinstance(value, list | dict) else scalar(value, style)
