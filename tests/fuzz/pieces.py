"""Feeds definitions and pieces, either of which is mutated, to what makes one of the two."""

from __future__ import annotations

import json
import random
import re
import sys
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from reconciler import definitions
from reconciler.definitions.yaml.source import MAX_BYTES
from reconciler.render import diagnostics

from . import mutations, runner
from .definitions import DOCUMENTS, INPUTS, ODD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.errors import Diagnostic

OWN, PIECE = "audiences.d/f.yaml", "shared/p.yaml"
HEAD = {"id": "6fb81599-f601-4afe-b3ff-e8a211cae27d", "name": "x", "extends": "../shared/p.yaml"}
BETWEEN = b"\n=====\n"
MAX_LINE = 900


def split(chance: random.Random, document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two documents that say the same together: of each key one has it, or both, or a part of it."""
    own: dict[str, Any] = {}
    piece: dict[str, Any] = {}
    for key, value in document.items():
        where = chance.randrange(4)
        if isinstance(value, dict) and where > 1:
            own[key], piece[key] = split(chance, value)
        elif isinstance(value, list) and where > 1 and key != "extends":
            own[key], piece[key] = _changed(chance, value)
        elif where == 0:
            own[key] = value
        else:
            piece[key] = value
            own |= {key: value} if where == 1 else {}
    return own, piece


def _changed(chance: random.Random, value: list[Any]) -> tuple[Any, list[Any]]:
    """Return a change of a list, and the list that comes to this value by it."""
    kept = value[: chance.randint(0, len(value) - 1)]
    more = [one for one in ([99_999] if isinstance(value[0], int) else ["other"]) if chance.random() < 0.5]
    return {"add": value[len(kept) :], **({"remove": more} if more else {})}, kept + more or value[:1]


def shared(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in HEAD}


def _case(chance: random.Random) -> bytes:
    document: Any = deepcopy(chance.choice(DOCUMENTS))
    own, piece = split(chance, shared(document))
    parts = [{**HEAD, **own}, piece]
    which = chance.randrange(3)
    if which < 2 and parts[which]:
        parts[which] = mutations.altered(chance, parts[which], ODD)
    first, second = (json.dumps(part, ensure_ascii=False).encode("utf-8", "surrogatepass") for part in parts)
    texts = [first, INPUTS.mutated(chance) if chance.random() < 0.1 else second]
    return BETWEEN.join(texts)[: MAX_BYTES + 1]


def read(data: bytes) -> definitions.Definitions:
    own, _, piece = data.partition(BETWEEN)
    return definitions.parse({OWN: own}, None, lambda _, name: piece if name == PIECE else b"")


def check(data: bytes, loaded: definitions.Definitions) -> list[str]:
    """Return what is wrong with how the two were taken."""
    wrong = [] if repr(loaded) == repr(read(data)) else ["not reproducible"]
    texts = [part.decode("utf-8", "replace").split("\n") for part in data.split(BETWEEN, 1)]
    lines = dict(zip((OWN, PIECE), texts, strict=False))
    wrong += [fault for problem in loaded.diagnostics for fault in _misreported(problem, lines)]
    if loaded.has_errors == bool(loaded.definitions):
        wrong.append("neither a definition nor a problem, or both")
    for one in loaded.definitions:
        places = [(file.file, file.line) for found in one.origins.values() for file in found]
        wrong += [f"{place} is outside" for place in places if not 1 <= place[1] <= len(lines[place[0]])]
    return wrong


def _misreported(problem: Diagnostic, lines: dict[str, list[str]]) -> Iterator[str]:
    line = diagnostics.diagnostics([problem])
    if not re.fullmatch(r"[a-z./]+:[0-9]+:[0-9]+: [^\0-\x1f]+[.?…]\n", line) or len(line) > MAX_LINE:
        yield f"bad line: {line}"
    text = lines.get(problem.file or "", [])
    if not (
        1 <= (problem.line or 0) <= len(text)
        and (problem.column or 0) <= len(text[(problem.line or 1) - 1]) + 1
    ):
        yield f"outside the file: {problem}"


def _kinds(loaded: definitions.Definitions) -> list[str]:
    return [*{one.code for one in loaded.diagnostics}, *(["definition"] if loaded.definitions else [])]


def _cases(runs: int, seed: int) -> Iterator[bytes]:
    return (_case(random.Random(f"{seed}/{number}")) for number in range(runs))


TARGET = runner.Target(_cases, read, check, _kinds, lambda loaded: bool(loaded.definitions))

if __name__ == "__main__":
    sys.exit(runner.main(TARGET))
