"""Feeds the YAML reader with mutated definitions and raw bytes.

`python -m tests.unit.fuzz_definitions_yaml --runs N --seed S`; the same numbers give the same inputs.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import re
import resource
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.definitions.yaml import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.errors import Diagnostic

    Mutation = Callable[[random.Random, str], str]
    Read = tuple[reader.Document | None, tuple[Diagnostic, ...]]

MEMORY_ALLOWED = 200.0
DEEPEST_ALLOWED = 20
MAX_BYTES = 1024 * 1024

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


def cases(runs: int, seed: int) -> Iterator[bytes]:
    """Yield the inputs of a run; the same numbers give the same inputs."""
    for number in range(runs):
        chance = random.Random(f"{seed}/{number}")
        make = chance.choices((_mutated, _assembled, _json, _raw, _huge), (60, 15, 15, 10, 0.5))[0]
        yield make(chance)[: MAX_BYTES + 1]


def _mutated(chance: random.Random) -> bytes:
    text = chance.choice(CORPUS)
    for _ in range(chance.randint(1, 6)):
        text = chance.choice(MUTATIONS)(chance, text)
    data = text.encode("utf-8", "surrogatepass")
    return _flip(chance, data) if chance.random() < 0.05 else data


def _insert(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(SNIPPETS) + text[at:]


def _replace(chance: random.Random, text: str) -> str:
    start, end = _span(chance, text)
    return text[:start] + chance.choice(SNIPPETS) + text[end:]


def _delete(chance: random.Random, text: str) -> str:
    start, end = _span(chance, text)
    return text[:start] + text[end:]


def _repeat(chance: random.Random, text: str) -> str:
    start, end = _span(chance, text)
    return text[:start] + text[start:end] * chance.choice((2, 3, 30, 300)) + text[end:]


def _indent(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((" ", "  ", "\t", "- ", "? ")) + lines[at]
    return "\n".join(lines)


def _dedent(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = lines[at][1:]
    return "\n".join(lines)


def _splice(chance: random.Random, text: str) -> str:
    other = chance.choice(CORPUS)
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _wrap(chance: random.Random, text: str) -> str:
    before, after = chance.choice(
        (("[", "]"), ("{", "}"), ('"', '"'), ("'", "'"), ("a: |\n ", ""), ("- ", ""))
    )
    return before + text + after


def _newlines(_chance: random.Random, text: str) -> str:
    return text.replace("\n", "\r\n")


def _span(chance: random.Random, text: str) -> tuple[int, int]:
    start = chance.randint(0, len(text))
    return start, min(len(text), start + int(chance.expovariate(1 / 8)))


MUTATIONS: tuple[Mutation, ...] = (
    *(_insert, _insert, _replace, _replace, _delete, _repeat),
    *(_indent, _dedent, _splice, _wrap, _newlines),
)


def _assembled(chance: random.Random) -> bytes:
    return "".join(chance.choices(SNIPPETS, k=chance.randint(1, 30))).encode("utf-8", "surrogatepass")


def _json(chance: random.Random) -> bytes:
    value = _value(chance, 0)
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, 1, "\t")))
    return (_replace(chance, text) if chance.random() < 0.2 else text).encode("utf-8", "surrogatepass")


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(9 if depth < 5 else 6)
    if kind > 6:
        return {_text(chance): _value(chance, depth + 1) for _ in range(chance.randint(0, 4))}
    if kind > 5:
        return [_value(chance, depth + 1) for _ in range(chance.randint(0, 4))]
    atoms: tuple[Any, ...] = (None, chance.random() < 0.5, chance.randint(-(10**17), 10**17))
    return (*atoms, chance.uniform(-1e300, 1e300), _text(chance), _text(chance))[kind]


def _text(chance: random.Random) -> str:
    plain = (
        "no",
        "1",
        "1.5",
        "null",
        "<<",
        "a: b",
        "- a",
        "# a",
        "'",
        '"',
        "\\",
        "é",
        "\u263a",
        "\n",
        "\t",
        " ",
        "{",
        "*",
        "&",
        "!",
    )
    return "".join(chance.choices(plain, k=chance.randint(0, 4)))


def _raw(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randint(0, 200))


def _flip(chance: random.Random, data: bytes) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.randbytes(chance.randint(1, 3)) + data[at:]


def _huge(chance: random.Random) -> bytes:
    """Return about 1 MiB of few pieces, each repeated: what would be quadratic anywhere shows here."""
    pieces = [chance.choice((*SNIPPETS, *REPEATED, *REPEATED)) for _ in range(chance.randint(1, 3))]
    parts = [_many(piece, MAX_BYTES // len(pieces) - 10) for piece in pieces]
    before, after = chance.choice(
        (("", ""), ('"b', '"'), ("'b", "'"), ("[", "]"), ("{", "}"), ("a: |\n ", ""), ("a: b", ""))
    )
    return (before + "".join(parts) + after).encode()[:MAX_BYTES]


def _many(piece: str, size: int) -> str:
    count = size // len(piece.encode())
    if "%d" in piece:
        return "".join(piece % number for number in range(count))[:size]
    return piece * count


def check(data: bytes, read: Read) -> list[str]:
    """Return what is wrong with how the reader took the input."""
    document, problems = read
    wrong = [] if repr(read) == repr(reader.read(data, "f.yaml")) else ["not reproducible"]
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\n")
    wrong += [fault for problem in problems for fault in _faults(problem, lines)]
    if document is None:
        return wrong if problems else [*wrong, "neither a document nor a problem"]
    marks = [*document.values.values(), *document.keys.values()]
    wrong += [f"{mark} is outside" for mark in marks if not _is_inside(mark.line, mark.column, lines)]
    wrong += _misplaced(document)
    return wrong if problems else wrong + _unlike_json(data, document.value)


def _faults(problem: Diagnostic, lines: list[str]) -> Iterator[str]:
    if not re.fullmatch(r"yaml(-[a-z]+)+", problem.code) or problem.file != "f.yaml":
        yield f"bad code or file: {problem}"
    if not re.fullmatch(r"[^\n]*[^\n.]", problem.summary) or not re.fullmatch(r"[^\n]+\.", problem.detail):
        yield f"bad sentence: {problem}"
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


@dataclass(slots=True)
class Outcome:
    """What a run found: CPU seconds, and MiB by which the peak of the process grew."""

    runs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_input: bytes = b""
    memory: float = 0.0
    documents: int = 0
    clean: int = 0
    codes: set[str] = field(default_factory=set)
    failures: list[tuple[bytes, str]] = field(default_factory=list)


def run(runs: int, seed: int, slowest_allowed: float = 1.0) -> Outcome:
    """Check that many inputs, each within so many CPU seconds."""
    outcome, before = Outcome(), _peak()
    for data in cases(runs, seed):
        started = time.process_time()
        document, problems = read = reader.read(data, "f.yaml")
        taken = time.process_time() - started
        outcome.runs += 1
        outcome.seconds += taken
        outcome.documents += document is not None
        outcome.clean += not problems
        outcome.codes |= {problem.code for problem in problems}
        if taken > outcome.slowest:
            outcome.slowest, outcome.slowest_input = taken, data
        outcome.memory = _peak() - before
        faults = check(data, read)
        if taken > slowest_allowed or outcome.memory > MEMORY_ALLOWED:
            faults.append(f"took {taken:.2f} s; memory has grown by {outcome.memory:.0f} MiB")
        outcome.failures += [(data, fault) for fault in faults]
    return outcome


def _peak() -> float:
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> int:
    """Run from the command line; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faulthandler.enable()
    outcome = run(options.runs, options.seed)
    say = sys.stdout.write
    say(f"runs {outcome.runs}, seed {options.seed}\n")
    say(f"documents {outcome.documents}, without a problem {outcome.clean}\n")
    say(f"reading took {outcome.seconds:.1f} s, the slowest {outcome.slowest:.3f} s\n")
    say(f"  {len(outcome.slowest_input)} bytes: {outcome.slowest_input[:60]!r}\n")
    say(f"the peak of memory grew by {outcome.memory:.0f} MiB\n")
    say(f"codes: {' '.join(sorted(outcome.codes))}\n")
    for data, fault in outcome.failures[:20]:
        say(f"FAILED {fault}\n  {data[:400]!r}\n")
    say(f"failures {len(outcome.failures)}\n")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
