"""What a fault in a definition's syntax means to a person who writes one, and how to fix it.

What stands at the place decides, never what PyYAML says of it: it says it otherwise from version to version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.definitions.yaml.source import end_of_run

if TYPE_CHECKING:
    from reconciler.definitions.yaml.events import Fault


@dataclass(frozen=True, slots=True)
class Explanation:
    """A fault in plain words; `index` counts characters from the start of the text."""

    code: str
    index: int
    summary: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Words:
    summary: str
    detail: str
    code: str = "yaml-syntax"


_QUOTE = "If it is part of a text, put the whole text in quotes."
_UNKNOWN = _Words(
    "this is not valid YAML here",
    "Check this line and the one above it. Text that holds signs is put in quotes.",
)
_TAB = _Words("a tab stands where only spaces may", "Indent with spaces, two for each level.")
_UNCLOSED_QUOTE = _Words(
    "the quote that opens here is never closed",
    'Close it. A quote inside the text is doubled in \'…\' and written \\" in "…".',
)
_ESCAPE = _Words(
    "a backslash is followed by something that it cannot stand before",
    "Inside \"…\", write \\\\ for a backslash. Inside '…' it needs no care.",
)
_HALF = _Words(
    "this escape is not a character",
    'Write the character itself. Beyond U+FFFF one escape has eight digits: "\\U0001F600", not two halves.',
)
_INDENT = _Words(
    "this line is indented neither like the lines before it nor one level deeper",
    "Start it in the same column as the lines that it belongs to.",
)
_AFTER_VALUE = _Words(
    "something follows the end of the value",
    "Put the whole value in one pair of quotes, or start a new line.",
)
_NO_VALUE = _Words("a value is missing here", f"Write it. {_QUOTE}")
_NO_KEY = _Words("a key is missing before this colon", f"Write it. {_QUOTE}")
_NO_COLON = _Words(
    "this line is not a key with a value", 'Write "key: value", with a colon and a space after the key.'
)
_NO_SPACE = _Words("a space is missing after this colon", f'Write "key: value". {_QUOTE}')
_SECOND_COLON = _Words("a second colon makes a key where none can stand", _QUOTE)
_GOES_ON = _Words(
    "no key can start here, because the text of the line above goes on",
    "Indent it like its neighbours, and check that the line above has a colon and a space after its key.",
)
_BLOCK_TEXT = _Words("the text after | or > starts on a new line", "Put it below, indented by two spaces.")
_DIRECTIVE = _Words('a line cannot start with "%"', _QUOTE, "yaml-directive")
_NO_LIST = _Words("a list cannot start here", 'Start it on a new line, each item with "- ".')
_NO_LIST_IN_BRACKETS = _Words(
    'no item starts with "- " inside brackets', "Remove the sign, and put a comma between two entries."
)
_NO_QUESTION = _Words("no key can start here", _QUOTE)
_PROPERTIES = {
    "!": _Words('a value that starts with "!" is a tag', f"Remove it. {_QUOTE}", "yaml-tag"),
    "&": _Words('a value that starts with "&" is an anchor', _QUOTE, "yaml-anchor"),
    "*": _Words('a value that starts with "*" is an alias', _QUOTE, "yaml-alias"),
}
_SIGNS = {"\t": _TAB, ":": _SECOND_COLON, "-": _NO_LIST, "?": _NO_QUESTION, "": _UNKNOWN}

_MARKER = r"(?:---|\.\.\.)(?:\s|\Z)"
# What a quoted text is made of, up to its closing quote, a bad escape, or where the document ends.
_QUOTED = {
    "'": re.compile(rf"[^'\n]++|''|\n(?!{_MARKER})"),
    '"': re.compile(
        rf'[^"\\\n]++|\n(?!{_MARKER})|\\(?:[0abt\tnvfre "/\\N_LP]|\r?(?=\n)|x[0-9a-fA-F]{{2}}'
        r"|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}|U(?!0000[dD][89a-fA-F])00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})"
    ),
}
_HALF_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
_END = re.compile(rf"\Z|(?<![^\n]){_MARKER}")
_DASH = re.compile(r"-(?=\s)")
_GLUED_COLON = re.compile(r":(?=[,?\[\]{}])")
_KEY_COLON = re.compile(r":(?=\s)")


def explain(fault: Fault, text: str) -> Explanation:
    """Return the fault in plain words, at the place where it is fixed."""
    misplaced = _in_lines if fault.bracket is None else _in_brackets
    words, index = _token(fault, text) if fault.is_token else misplaced(fault, text)
    return Explanation(words.code, index, words.summary, words.detail)


def _token(fault: Fault, text: str) -> tuple[_Words, int]:
    """Explain what is not a part of YAML, whatever stands around it."""
    first, sign = text[fault.start : fault.start + 1], text[fault.stop : fault.stop + 1]
    if first in _QUOTED and (found := _quoted(text, fault.start)):
        return found
    if first in _PROPERTIES:
        return _PROPERTIES[first], fault.start
    if first == "%" and not _before(text, fault.start):
        return _DIRECTIVE, fault.start
    if fault.start == fault.stop or sign == "\t":
        return _sign(sign, fault.stop, text)
    if first in {"|", ">"}:
        return _BLOCK_TEXT, fault.stop
    return (_NO_SPACE, fault.stop) if _GLUED_COLON.match(text, fault.stop) else (_NO_COLON, fault.start)


def _quoted(text: str, start: int) -> tuple[_Words, int] | None:
    """Explain what is wrong inside the quotes that open here; nothing, if they are closed."""
    end = end_of_run(_QUOTED[text[start]], text, start + 1)
    if text.startswith(text[start], end):
        return None
    if not text.startswith("\\", end):
        return _UNCLOSED_QUOTE, start
    return (_HALF if _HALF_ESCAPE.match(text, end) else _ESCAPE), end


def _sign(sign: str, index: int, text: str) -> tuple[_Words, int]:
    """Explain a sign that cannot stand where it does."""
    before = _before(text, index)
    if sign == ":" and not _KEY_COLON.search(before):
        return _GOES_ON, index - len(before.lstrip())
    return _SIGNS.get(sign) or _character(sign), index


def _in_lines(fault: Fault, text: str) -> tuple[_Words, int]:
    """Explain what stands out of place where no bracket is open."""
    sign, before = text[fault.stop : fault.stop + 1], _before(text, fault.stop)
    if sign == ":":
        words = _NO_KEY
    elif not _may_begin(before):
        words = _AFTER_VALUE
    elif sign in _PROPERTIES:
        words = _PROPERTIES[sign]
    elif sign in set("]},"):
        words = _character(sign)
    else:
        words = _UNKNOWN if before.strip() else _INDENT
    return words, fault.stop


def _in_brackets(fault: Fault, text: str) -> tuple[_Words, int]:
    """Explain what stands out of place after a bracket that is open."""
    opening = fault.bracket or 0
    before, sign = text[opening : fault.stop], text[fault.stop : fault.stop + 1]
    kind, closing = ("list", "]") if before.startswith("[") else ("mapping", "}")
    is_key = sign == ":" and not before.rstrip().endswith(("[", "{", ","))
    # A key, or the end of the file, inside the brackets: it is the bracket that lacks, not a comma.
    if _END.match(text, fault.stop) or (is_key and closing not in text[fault.stop :].partition("\n")[0]):
        summary = f'the {kind} that opens here is not closed with "{closing}"'
        return _Words(summary, f'Add "{closing}", or the comma between two entries.'), opening
    if sign == ":" and not is_key:
        words = _NO_KEY
    elif sign in {",", closing}:
        words = _NO_VALUE
    elif sign in _PROPERTIES and _may_begin(before):
        words = _PROPERTIES[sign]
    elif _DASH.match(text, fault.stop):
        words = _NO_LIST_IN_BRACKETS
    else:
        words = _Words(f'a comma or "{closing}" is missing before this', "Put a comma between two entries.")
    return words, fault.stop


def _before(text: str, index: int) -> str:
    return text[text.rfind("\n", 0, index) + 1 : index]


def _may_begin(before: str) -> bool:
    """Tell whether a value may begin after this, where nothing but anchors and tags is in between."""
    for word in reversed(before.split()):
        bare = word.lstrip("[{,")
        if not bare.startswith(("&", "!")):
            return bare in {"", "-", "?", "---"} or bare.endswith((":", "[", "{", ","))
        if bare != word:
            return True
    return True


def _character(sign: str) -> _Words:
    return _Words(f'no value can start with "{sign}"', "Put the whole value in quotes.")
