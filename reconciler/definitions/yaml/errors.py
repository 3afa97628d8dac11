"""What libyaml's syntax errors mean to a person who writes definitions, and the mend for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import yaml


@dataclass(frozen=True, slots=True)
class Explanation:
    """A syntax error in plain words; `index` counts characters from the start of the text."""

    code: str
    index: int
    summary: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Words:
    summary: str
    detail: str
    code: str = "yaml-syntax"
    # libyaml notices some mistakes behind the place where a person mends them: where the construct began
    # ("start"), or the first character of the line ("line").
    at: Literal["stop", "start", "line"] = "stop"


_QUOTE = "If it is part of a text, put the whole text in quotes."
_TAB = _Words("a tab stands where only spaces may", "Indent with spaces, two for each level.")
_UNCLOSED_QUOTE = _Words(
    "the quote that opens here is never closed",
    'Close it. A quote inside the text is doubled in \'…\' and written \\" in "…".',
    at="start",
)
_ESCAPE = _Words(
    "a backslash is followed by something that it cannot stand before",
    "Inside \"…\", write \\\\ for a backslash. Inside '…' it needs no care.",
)
_HALF = _Words(
    "this escape is no character",
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
_SECOND_COLON = _Words("a second colon makes a key where none can stand", _QUOTE)
_GOES_ON = _Words(
    "no key can start here, because the text of the line above goes on",
    "Indent it like its neighbours, and check that the line above has a colon and a space after its key.",
    at="line",
)
_FILE_ENDS = _Words("the file ends in the middle of a value", "Close what is open: ] for [ and } for {.")
_DIRECTIVE = _Words('a line cannot start with "%"', _QUOTE, code="yaml-directive", at="start")
_TAG = _Words('a value that starts with "!" is a tag', f"Remove it. {_QUOTE}", code="yaml-tag", at="start")
_ANCHOR = _Words('a value that starts with "&" is an anchor', _QUOTE, code="yaml-anchor", at="start")
_ALIAS = _Words('a value that starts with "*" is an alias', _QUOTE, code="yaml-alias", at="start")

_PROBLEMS = {
    "block sequence entries are not allowed in this context": _Words(
        "a list cannot start here", 'Start it on a new line, each item with "- ".'
    ),
    "could not find expected ':'": _Words(
        "this line is no key with a value",
        'Write "key: value", with a colon and a space after the key.',
        at="start",
    ),
    "did not find expected '-' indicator": _INDENT,
    "did not find expected comment or line break": _Words(
        "the text after | or > starts on a new line", "Put it below, indented by two spaces."
    ),
    "did not find expected hexdecimal number": _ESCAPE,
    "did not find expected key": _INDENT,
    "did not find expected node content": _NO_VALUE,
    "found a tab character that violates indentation": _TAB,
    "found a tab character where an indentation space is expected": _TAB,
    "found invalid Unicode character escape code": _HALF,
    "found undefined tag handle": _TAG,
    "found unexpected document indicator": _UNCLOSED_QUOTE,
    "found unexpected end of stream": _UNCLOSED_QUOTE,
    "found unknown escape character": _ESCAPE,
    "mapping keys are not allowed in this context": _Words("no key can start here", _QUOTE),
    "mapping values are not allowed in this context": _SECOND_COLON,
}
_CONTEXTS = {
    "while scanning a directive": _DIRECTIVE,
    "while scanning a tag": _TAG,
    "while scanning an alias": _ALIAS,
    "while scanning an anchor": _ANCHOR,
}
_BRACKETS = {
    "did not find expected ',' or ']'": ("list", "]"),
    "did not find expected ',' or '}'": ("mapping", "}"),
}


def explain(error: yaml.MarkedYAMLError, text: str) -> Explanation:
    """Return the error in plain words, at the place where it is mended."""
    stop = error.problem_mark.index if error.problem_mark else 0
    start = error.context_mark.index if error.context_mark else stop
    line = text.rfind("\n", 0, stop) + 1
    if error.problem in _BRACKETS:
        words = _bracket(*_BRACKETS[error.problem], text[stop:])
    else:
        words = _words(error, text[line:stop], text[stop:])
    indent = len(text[line:stop]) - len(text[line:stop].lstrip())
    index = {"stop": stop, "start": start, "line": line + indent}[words.at]
    return Explanation(words.code, index, words.summary, words.detail)


def _words(error: yaml.MarkedYAMLError, before: str, after: str) -> _Words:
    """Choose the words by what libyaml says and by what stands around it, on its line and to the end."""
    problem = error.problem or ""
    known = _CONTEXTS.get(error.context or "") or _PROBLEMS.get(problem)
    if problem == "found character that cannot start any token":
        return _TAB if after.startswith("\t") else _character(after[:1])
    if known is _SECOND_COLON and ":" not in before:
        return _GOES_ON
    if known in {_INDENT, _NO_VALUE} and after.startswith(":"):
        return _NO_KEY
    if problem == "did not find expected key" and before.strip():
        return _AFTER_VALUE
    if known is _NO_VALUE and not after.strip():
        return _FILE_ENDS
    return known or _Words(
        problem, "Check this line and the one above it. Text that holds signs is put in quotes."
    )


def _character(character: str) -> _Words:
    return _Words(f'no value can start with "{character}"', "Put the whole value in quotes.")


def _bracket(kind: str, closing: str, after: str) -> _Words:
    # A key, or the end of the file, inside the brackets: it is the bracket that lacks, not a comma.
    if not after.strip() or (after.startswith(":") and closing not in after.partition("\n")[0]):
        summary = f'the {kind} that opens here is not closed with "{closing}"'
        return _Words(summary, f'Add "{closing}", or the comma between two entries.', at="start")
    return _Words(f'a comma or "{closing}" is missing before this', "Put a comma between two entries.")
