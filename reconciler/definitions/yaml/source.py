"""A definition's bytes as text that libyaml can read safely, the places in it, and the problems found."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice

from reconciler.definitions.yaml.scalars import REFUSED, describe
from reconciler.errors import Diagnostic

MAX_BYTES = 1024 * 1024
# libyaml clears its whole buffer of blanks after every word, which takes it seconds where a long run of them
# comes before many words.
MAX_BLANKS = 1_000
# A file that is hostile rather than wrong must not fill the memory with its problems.
MAX_PROBLEMS = 1_000

_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# Which of the first four bytes are zero when UTF-16 or UTF-32 comes without a mark.
_WIDE = {
    (False, True, False, True),
    (True, False, True, False),
    (False, True, True, True),
    (True, True, True, False),
}
BLANKS = re.compile(rf"(?<![ \t\r\n])[ \t\r\n]{{{MAX_BLANKS + 1},}}")
_HEAD = re.compile(r"[ \t\r\n]++|#[^\n]*+|(?<![^\n])%[^\n]*+")
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; both count from 1, and a column counts characters.

    `file` is empty in the document's own file, and names the piece where a value comes from one.
    """

    line: int
    column: int
    file: str = ""


class Places:
    """The lines of a text: turns an index into a `Mark`."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def mark(self, index: int) -> Mark:
        line = bisect_right(self._starts, index)
        return Mark(line, index - self._starts[line - 1] + 1)


class Problems:
    """The problems of one file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Diagnostic] = []

    def add(self, code: str, mark: Mark, summary: str, detail: str, path: str = "") -> None:
        if len(self._found) <= MAX_PROBLEMS:
            self._found.append(self._error(code, mark, summary, detail, path))

    def in_order(self) -> tuple[Diagnostic, ...]:
        """Return the problems in the order of their places, the last one saying if there are more."""
        found = sorted(self._found, key=lambda problem: (problem.line or 0, problem.column or 0))
        if len(found) > MAX_PROBLEMS:
            first_left_out = found.pop()
            mark = Mark(first_left_out.line or 1, first_left_out.column or 1)
            summary = f"more than {MAX_PROBLEMS:,} problems in one file"
            found.append(self._error("yaml-problems", mark, summary, "Fix the first ones and run again."))
        return tuple(found)

    def _error(self, code: str, mark: Mark, summary: str, detail: str, path: str = "") -> Diagnostic:
        return Diagnostic("error", code, summary, detail, self._file, mark.line, mark.column, path or None)


@dataclass(frozen=True, slots=True)
class Source:
    """A definition's text as written, and as libyaml is given it: refused characters and directives blanked.

    Both have the same length, so that an index means the same place in both.
    """

    text: str
    readable: str
    places: Places


def decode(data: bytes, problems: Problems) -> Source | None:
    """Return the text of a file, or nothing if it is too large, in another encoding or too slow to read."""
    if len(data) > MAX_BYTES:
        detail = "One file defines one audience: remove what is not part of it."
        problems.add("yaml-size", Mark(1, 1), "the file is larger than 1 MiB", detail)
        return None
    if data.startswith(_WIDE_MARKS) or tuple(byte == 0 for byte in data[:4]) in _WIDE:
        problems.add("yaml-encoding", Mark(1, 1), "the file is in UTF-16 or UTF-32", "Save it as UTF-8.")
        return None
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start].decode()
        summary = f"the byte 0x{body[error.start]:02X} is not UTF-8"
        problems.add("yaml-encoding", Places(before).mark(len(before)), summary, "Save the file as UTF-8.")
        return None
    return _source(text, problems)


def _source(text: str, problems: Problems) -> Source | None:
    places = Places(text)
    for found in islice(REFUSED.finditer(text), MAX_PROBLEMS + 1):
        summary = f"{describe(found[0])} is not accepted"
        detail = "Remove this invisible character: it can hide from a reviewer what the file says."
        problems.add("yaml-control-character", places.mark(found.start()), summary, detail)
    blanks = BLANKS.search(text)
    if blanks:
        summary = f"more than {MAX_BLANKS:,} spaces and line breaks in a row"
        problems.add("yaml-size", places.mark(blanks.start()), summary, "Remove them.")
        return None
    return Source(text, _without_directives(REFUSED.sub("\ufffd", text), places, problems), places)


def _without_directives(text: str, places: Places, problems: Problems) -> str:
    """Return the text with the directives before its first document made comments.

    libyaml compares each %TAG with all before it: a file of them would take it seconds.
    """
    end = end_of_run(_HEAD, text)
    for found in islice(_DIRECTIVE.finditer(text, 0, end), MAX_PROBLEMS + 1):
        summary = "directives such as %YAML and %TAG are not accepted"
        problems.add("yaml-directive", places.mark(found.start()), summary, "Remove the line.")
    return _DIRECTIVE.sub("#", text[:end]) + text[end:]


def end_of_run(token: re.Pattern[str], text: str, start: int = 0) -> int:
    """Return where a run of such tokens ends, none of which may be empty.

    One pattern for the whole run has no place here: possessive, Python before 3.11.5 ends it too early
    (gh-106052); greedy, it takes a hundred times the memory of the text.
    """
    while found := token.match(text, start):
        start = found.end()
    return start
