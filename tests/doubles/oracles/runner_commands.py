"""What CI runners would obey in a job's output: GitHub's, and the agent of Azure Pipelines.

It is stricter than they are: any name counts as a registered command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# .NET's `char.IsWhiteSpace`, which is what the runner's trimming goes by.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))

_DATA = (("\r", "%0D"), ("\n", "%0A"), ("%", "%25"))
_MODERN_PROPERTY = (("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"), ("%", "%25"))
_LEGACY = ((";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"), ("%", "%25"))


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    properties: dict[str, str]
    message: str


def commands(output: str) -> list[Command]:
    """Find every command in a process's output."""
    found = (_modern(line) or _legacy(line, "##[") or _legacy(line, "##vso[") for line in lines(output))
    return [command for command in found if command is not None]


def lines(output: str) -> list[str]:
    """Cut where a .NET StreamReader does: after CR LF, LF or a CR that stands alone."""
    return re.split(r"\r\n|\n|\r", output.removeprefix("\ufeff"))


def _modern(line: str) -> Command | None:
    opening, _, rest = line.lstrip(BLANKS).partition("::")
    head, closing, data = rest.partition("::")
    if opening or not closing:
        return None
    name, _, listed = head.partition(" ")
    return Command(name, _properties(listed.strip(BLANKS), ",", _MODERN_PROPERTY), _decoded(data, _DATA))


def _legacy(line: str, marker: str) -> Command | None:
    found = re.search(rf"{re.escape(marker)}([^ \]]*) ?([^\]]*)\](.*)", line, re.IGNORECASE)
    if found is None:
        return None
    name, listed, data = found.groups()
    return Command(name, _properties(listed, ";", _LEGACY), _decoded(data, _LEGACY))


def _properties(listed: str, separator: str, codes: tuple[tuple[str, str], ...]) -> dict[str, str]:
    properties = {}
    for pair in listed.split(separator):
        # .NET splits off the key after dropping the empty entries before it, and those before the value.
        key, _, value = pair.lstrip("=").partition("=")
        value = value.lstrip("=")
        if key and value:
            properties[key] = _decoded(value, codes)
    return properties


def _decoded(text: str, codes: tuple[tuple[str, str], ...]) -> str:
    for character, code in codes:
        text = text.replace(code, character)
    return text
