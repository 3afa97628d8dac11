"""Feeds mutated definitions and raw bytes to the YAML reader, and to what makes definitions of a file."""

from __future__ import annotations

import json
import re
import sys
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from reconciler import definitions, schema
from reconciler.definitions import sure
from reconciler.definitions.yaml import reader
from reconciler.render import diagnostics

from . import mutations, runner

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from reconciler.errors import Diagnostic
    from reconciler.model import Definition

    Read = tuple[reader.Document | None, tuple[Diagnostic, ...], definitions.Definitions]

DEEPEST_ALLOWED = 20
MAX_BYTES = 1024 * 1024
FILE = "f.yaml"
MAX_LINE = 600

CORPUS = (
    """\
# yaml-language-server: $schema=../schemas/audience.schema.json
id: 6fb81599-f601-4afe-b3ff-e8a211cae27d
name: Marketing directors at software companies
status: active
config:
  topicIds: [117805, 117890, 117918]
  minScore: 70
  filters:
    companyIndustry: [software development]
    seniority: [director, vp, c_suite]
    hasBusinessEmail: true
metadata:
  owner: growth@example.com
  description: |
    Directors who research
    marketing ROI
  labels: {team: growth}
lifecycle:
  ignore: [config.filters.state]
  protect: true
""",
    """\
---
"id": '0b9e7e3c-0000-4000-8000-000000000001'
name: "Grüße, 世界 \\u263a"
config:
    topicIds:
    - 1
    - 2
    filters:
      company.industries: {values: ["a", 'b'], operator: contains}
      ? role.seniority
      : values:
          - vp
    sourceUrl: https://example.com/a?b=c#d   # a comment
...
""",
    '{"id": "x", "config": {"topicIds": [1, 2.5, -3e2], "on": true, "off": null, "s": "\\u00e9\\n"}}\n',
    '[\n  {"a": [[], {}, "", 0, -0, 0.0]},\n\t"b"\n]\n',
    "a: >-\n  folded\n  text\n\n  more\nb: |+\n  kept\n\nc: 'it''s'\nd: ~\ne:\nf: 0o17\ng: .inf\nh: 014\n",
)
MIXED = """\
id: 6fb81599-f601-4afe-b3ff-e8a211cae27d
name: x
config:
  topicIds: [1, 2, 3]
  minScore: 50
  maxScore: 99
  minTopicOverlap: 2
  sourceUrl: https://example.com/
  filters: {seniority: [vp], role.seniority: {values: [vp]}, role.isCeo: true, jobTitle: CFO}
"""
DOCUMENTS = tuple(
    document.value
    for content in (*CORPUS[:2], MIXED)
    if (document := reader.read(content.encode(), "")[0]) is not None
)
SNIPPETS: tuple[str, ...] = (
    *"\t\r\n :-?[]{},#&*!|>'\"%@`~<\\\0\x07\x1b\x7f\x85\u200e\u2028\u202e\u2066\ufeff\ufffe\ufffd\U0001f600",
    *(
        "\n---\n",
        "\n...\n",
        "%YAML 1.1\n---\n",
        "%TAG !e! tag:x,2026:\n",
        "<<: *a\n",
        "&a ",
        "*a ",
        "!!str ",
        "! ",
        "!<x> ",
    ),
    *(
        "a: b: c\n",
        "? [x]\n: y\n",
        "- - - ",
        "[[[[",
        "]]]]",
        "{a: {b: ",
        "}}",
        "|2-\n",
        ">\n\n\n",
        '"\\u202e"',
        '"\\x00"',
    ),
    *(
        '"\\ud83d\\ude00"',
        '"\\',
        '"\\q"',
        "'",
        '"',
        "name: dup\n",
        '"name": dup\n',
        "70: x\n",
        "null: x\n",
        "true: x\n",
        ": x\n",
    ),
    *(
        "9" * 19,
        "1" * 5000,
        "0x" + "f" * 30,
        ".nan",
        "1e999",
        "2024-01-01",
        "1:30",
        "1_000",
        "on",
        "# \u202e\n",
        "\r\r\n",
        "  \n",
    ),
)

REPEATED = (
    *(
        " ",
        "\n",
        "\t",
        "  \n",
        " " * 999 + "x",
        "\n" * 999 + "x",
        "a ",
        "a\n",
        "a\n ",
        "# a\n",
        "\\t",
        "[",
        "{a: ",
        "? ",
    ),
    *(
        "a: ",
        '"a": ',
        "a,",
        '"a":1,',
        "k%d: 1\n",
        '"k%d": 1,',
        "%%TAG !%d! b\n",
        "- &a%d x\n",
        "- !a%d x\n",
        "&a b,",
    ),
)


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 50, 70, 100, 101, 250, 251, -1, 10**17, 10**18, 70.0, 1e300, "", "x", "y"),
    *([], {}, [[]], [None], ["a", "a"], ["a", "b"], [1, 1], [1, "1", 1.0, True], list(range(1, 252))),
    *("a" * 255, "a" * 256, "e\u0301", "\u202e", "\x1b[31m", "::error::x", "https://a/b", "https://[", "a:b"),
    *({"values": ["a"]}, {"values": ["a", "a"]}, {"values": [], "mode": "any"}, {"values": "a", "x": 1}),
    *("active", "Active", "actve", "config.filters.state", ["config.filters"], ["status", "config.minScore"]),
)


def altered(chance: random.Random) -> bytes:
    """Return a definition that is one for YAML, of which some places hold something else."""
    document = mutations.altered(chance, deepcopy(chance.choice(DOCUMENTS)), ODD)
    return json.dumps(document, ensure_ascii=False, indent=chance.choice((None, 1))).encode(
        "utf-8", "surrogatepass"
    )


def check(data: bytes, read: Read) -> list[str]:
    """Return what is wrong with how the input was taken, as YAML and as a definition."""
    document, problems, loaded = read
    wrong = [] if repr(read) == repr(_read(data)) else ["not reproducible"]
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\n")
    wrong += [fault for problem in problems for fault in _faults(problem)]
    wrong += [fault for problem in loaded.diagnostics for fault in _misreported(problem, lines)]
    if loaded.has_errors == bool(loaded.definitions) or (problems and not loaded.has_errors):
        wrong.append("neither a definition nor a problem, or both")
    if document is None:
        return wrong if problems else [*wrong, "neither a document nor a problem"]
    marks = [*document.values.values(), *document.keys.values()]
    wrong += [f"{mark} is outside" for mark in marks if not _is_inside(mark.line, mark.column, lines)]
    wrong += _misplaced(document)
    wrong += [fault for one in loaded.definitions for fault in _unlike_saved(one, document)]
    wrong += _unlike_careful(data)
    return wrong if problems else wrong + _unlike_json(data, document.value)


def _unlike_saved(found: Definition, document: reader.Document) -> Iterator[str]:
    """Yield what is wrong where the same content, written as JSON, would be another definition."""
    again = definitions.parse({FILE: json.dumps(document.value, ensure_ascii=False).encode()})
    if [(one.id, one.name, one.fields, one.ignore) for one in again.definitions] != [
        (found.id, found.name, found.fields, found.ignore)
    ]:
        yield "it is another one when it is written as JSON"


def _unlike_careful(data: bytes) -> Iterator[str]:
    """Yield what is wrong where a definition is surely valid and the careful path finds a problem in it."""
    if sure.read(data, schema.rules()) is not None:
        document, found = reader.read(data, FILE)
        if document is None or found or schema.check(document.value, "audience"):
            yield "it is no valid definition with care"


def _faults(problem: Diagnostic) -> Iterator[str]:
    if not re.fullmatch(r"yaml(-[a-z]+)+", problem.code):
        yield f"bad code: {problem}"
    if not re.fullmatch(r"[^\n]*[^\n.]", problem.summary) or not re.fullmatch(r"[^\n]+\.", problem.detail):
        yield f"bad sentence: {problem}"


def _misreported(problem: Diagnostic, lines: list[str]) -> Iterator[str]:
    line = diagnostics.diagnostics([problem])
    if not re.fullmatch(rf"{FILE}:[0-9]+:[0-9]+: [^\0-\x1f]+[.?…]\n", line) or len(line) > MAX_LINE:
        yield f"bad line: {line}"
    if not _is_inside(problem.line or 0, problem.column or 0, lines):
        yield f"outside the file: {problem}"


def _is_inside(line: int, column: int, lines: list[str]) -> bool:
    return 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1


def _misplaced(document: reader.Document) -> list[str]:
    values: set[reader.Path] = {()}
    keys: set[reader.Path] = set()
    pending: list[tuple[reader.Path, Any]] = [((), document.value)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            keys |= {(*path, key) for key in value}
        items = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        inside = [((*path, key), item) for key, item in items]
        values |= {place for place, _ in inside}
        pending += inside
    same = values == document.values.keys() and keys == document.keys.keys()
    if any(len(path) > DEEPEST_ALLOWED for path in values):
        return ["deeper than allowed"]
    return [] if same else ["the places are not those of the value"]


def _unlike_json(data: bytes, value: Any) -> list[str]:
    try:
        meant = json.loads(data.removeprefix(b"\xef\xbb\xbf"), parse_constant=_not_json)
    except (ValueError, RecursionError):
        return []
    return [] if json.dumps(meant) == json.dumps(value) else [f"JSON reads {meant!r}"]


def _not_json(constant: str) -> None:
    raise ValueError(constant)


def _read(data: bytes) -> Read:
    return *reader.read(data, FILE), definitions.parse({FILE: data})


def _kinds(read: Read) -> list[str]:
    document, _, loaded = read
    codes = {problem.code for problem in loaded.diagnostics}
    return [*codes, *(["definition"] if loaded.definitions else []), *(["document"] if document else [])]


def _cases(runs: int, seed: int) -> Iterator[bytes]:
    return INPUTS.cases(runs, seed, altered)


INPUTS = mutations.Inputs(CORPUS, SNIPPETS, REPEATED, MAX_BYTES)
TARGET = runner.Target(_cases, _read, check, _kinds, lambda read: bool(read[2].definitions))

if __name__ == "__main__":
    sys.exit(runner.main(TARGET))
