"""Inputs for fuzzers: texts of a corpus, mutated, put together from snippets, or raw bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Make = Callable[[random.Random], bytes]


@dataclass(frozen=True)
class Inputs:
    """What inputs are made from; of `repeated` a huge one is made, and `%d` in it counts."""

    corpus: Sequence[str]
    snippets: Sequence[str]
    repeated: Sequence[str]
    max_bytes: int

    def cases(self, runs: int, seed: int, *more: Make) -> Iterator[bytes]:
        """Yield the inputs of a run, half of them from `more` where there is any.

        The same numbers give the same inputs.
        """
        makes: list[Make] = [self.mutated, self.assembled, as_json, raw, self.huge]
        weights = [60, 15, 15, 10, 0.5]
        for number in range(runs):
            chance = random.Random(f"{seed}/{number}")
            others = [100 / len(more)] * len(more) if more else []
            make = chance.choices([*makes, *more], [*weights, *others])[0]
            yield make(chance)[: self.max_bytes + 1]

    def mutated(self, chance: random.Random) -> bytes:
        text = chance.choice(self.corpus)
        for _ in range(chance.randint(1, 6)):
            text = chance.choice(MUTATIONS)(self, chance, text)
        encoding = chance.choices(ENCODINGS, (94, 2, 2, 2))[0]
        data = text.encode(encoding, "surrogatepass")
        return _flip(chance, data) if chance.random() < 0.05 else data

    def assembled(self, chance: random.Random) -> bytes:
        return "".join(chance.choices(self.snippets, k=chance.randint(1, 30))).encode(
            "utf-8", "surrogatepass"
        )

    def huge(self, chance: random.Random) -> bytes:
        """Return about the largest input, of few pieces repeated: what is quadratic anywhere shows here."""
        pool = (*self.snippets, *self.repeated, *self.repeated)
        pieces = [chance.choice(pool) for _ in range(chance.randint(1, 3))]
        parts = [_many(piece, self.max_bytes // len(pieces) - 10) for piece in pieces]
        before, after = chance.choice(WRAPPINGS)
        return (before + "".join(parts) + after).encode("utf-8", "surrogatepass")[: self.max_bytes]


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le")
WRAPPINGS = (("", ""), ('"b', '"'), ("'b", "'"), ("[", "]"), ("{", "}"), ("a: |\n ", ""), ("a: b", ""))


def _insert(inputs: Inputs, chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(inputs.snippets) + text[at:]


def _replace(inputs: Inputs, chance: random.Random, text: str) -> str:
    start, end = _span(chance, text)
    return text[:start] + chance.choice(inputs.snippets) + text[end:]


def _delete(_inputs: Inputs, chance: random.Random, text: str) -> str:
    start, end = _span(chance, text)
    return text[:start] + text[end:]


def _repeat(_inputs: Inputs, chance: random.Random, text: str) -> str:
    start, end = _span(chance, text)
    return text[:start] + text[start:end] * chance.choice((2, 3, 30, 300)) + text[end:]


def _indent(_inputs: Inputs, chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((" ", "  ", "\t", "- ", "? ")) + lines[at]
    return "\n".join(lines)


def _dedent(_inputs: Inputs, chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = lines[at][1:]
    return "\n".join(lines)


def _splice(inputs: Inputs, chance: random.Random, text: str) -> str:
    other = chance.choice(inputs.corpus)
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _wrap(_inputs: Inputs, chance: random.Random, text: str) -> str:
    before, after = chance.choice(
        (("[", "]"), ("{", "}"), ('"', '"'), ("'", "'"), ("a: |\n ", ""), ("- ", ""))
    )
    return before + text + after


def _newlines(_inputs: Inputs, _chance: random.Random, text: str) -> str:
    return text.replace("\n", "\r\n")


def _span(chance: random.Random, text: str) -> tuple[int, int]:
    start = chance.randint(0, len(text))
    return start, min(len(text), start + int(chance.expovariate(1 / 8)))


MUTATIONS: tuple[Callable[[Inputs, random.Random, str], str], ...] = (
    *(_insert, _insert, _replace, _replace, _delete, _repeat),
    *(_indent, _dedent, _splice, _wrap, _newlines),
)


def altered(chance: random.Random, document: Any, odd: Sequence[Any]) -> Any:
    """Change the document where it is: in some places it loses, repeats, or holds something odd instead."""
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        holder, key = chance.choice(list(_places(document)))
        what = chance.randrange(4)
        if what == 0 and isinstance(holder, dict):
            del holder[key]
        elif what == 1 and isinstance(holder, list):
            holder.extend(deepcopy(holder[:1] * chance.choice((1, 50))))
        else:
            holder[key] = deepcopy(chance.choice(odd))
        if not document:
            break
    return document


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from _places(item)


def as_json(chance: random.Random) -> bytes:
    value = _value(chance, 0)
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, 1, "\t")))
    return _damaged(chance, text).encode("utf-8", "surrogatepass")


def _damaged(chance: random.Random, text: str) -> str:
    if chance.random() > 0.2:
        return text
    start, end = _span(chance, text)
    return text[:start] + chance.choice('\t,:[]{}"\\0') + text[end:]


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


def raw(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randint(0, 200))


def _flip(chance: random.Random, data: bytes) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.randbytes(chance.randint(1, 3)) + data[at:]


def _many(piece: str, size: int) -> str:
    count = size // len(piece.encode())
    if "%d" in piece:
        return "".join(piece % number for number in range(count))[:size]
    return piece * count
