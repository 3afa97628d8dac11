"""What is surely valid has no problem for the careful path either, and is the same definition."""

from __future__ import annotations

import importlib
import random
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler import definitions, schema
from reconciler.definitions import sure
from reconciler.definitions.yaml import values
from reconciler.model import Catalogue, Filter
from tests.fuzz import definitions as fuzzer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model import Definition

load = importlib.import_module("reconciler.definitions.load")
RULES = schema.rules()
EXAMPLES = Path(__file__).parent / "definitions"
FILES = [file.read_bytes() for file in sorted(EXAMPLES.glob("*/*.yaml"))]
VALID = [file.read_bytes() for file in sorted((EXAMPLES / "valid").iterdir())]
SAMPLES = [file.read_bytes() for file in sorted((Path(__file__).parents[2] / "audiences.d").rglob("*.yaml"))]
PIECES = [
    b"",
    b" ",
    b"\n",
    b"  ",
    b":",
    b"- ",
    b"#",
    b"'",
    b'"',
    b"&a ",
    b"*a",
    b"!",
    b"%",
    b"\\",
    b"\t",
    b"\r",
]
PIECES += [
    b"1",
    b"-1",
    b"0x1",
    b"9" * 19,
    b"1.0",
    b"~",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"? ",
    b"| ",
    b"...",
    b"---\n",
]
PIECES += [
    "\x85".encode(),
    "\u202e".encode(),
    "\ufeff".encode(),
    "\u00e9".encode(),
    b"\xff",
    b"\0",
    b"name: x\n",
]


HEAD = b"id: 6fb81599-f601-4afe-b3ff-e8a211cae27d\nname: A\nconfig:\n"
NAMED = [
    HEAD + b"  topics: [CRM, ERP]\n  minTopicOverlap: 2\n",
    HEAD + b"  topics:\n    - CRM\n",
    HEAD + b"  topics: [CRM, EPR]\n",
    HEAD + b"  topics: [CRM]\n  minTopicOverlap: 2\n",
    HEAD + b"  topics: [CRM]\n  topicIds: [118204]\n",
]


GROWN = [
    HEAD + b"  topicIds: [1]\n  filters: {%s}\n" % filters
    for filters in (
        b"role.isNew: true",
        b"role.isNew: 1",
        b"role.years: {min: 1}",
        b"role.isNew: true, state: x",
    )
]


def edited(chance: random.Random) -> bytes:
    """Return a definition with one to three pieces of it replaced."""
    data = chance.choice(VALID + SAMPLES)
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(data) + 1)
        data = data[:start] + chance.choice(PIECES) + data[start + chance.choice([0, 0, 1, 2, 20]) :]
    return data


def comparable(definition: Definition) -> Definition:
    return replace(definition, places=dict(definition.places))


def disagreements(inputs: Iterable[bytes], catalogue: Catalogue | None = None) -> Iterator[bytes | None]:
    """Yield None for each input that is surely valid, and one that the careful path sees otherwise."""
    rules = schema.rules(catalogue)
    for data in inputs:
        if sure.read(data, rules, catalogue) is None:
            continue
        careful = load._parsed_with_care("a.yaml", data, rules, catalogue)
        quick = load._parsed("a.yaml", data, rules, catalogue)
        same = not careful.diagnostics and quick.claim == careful.claim
        yield None if same and comparable(quick.definition) == careful.definition else data


def test_corpus_is_read_the_same() -> None:
    assert set(disagreements(FILES + SAMPLES)) == {None}
    assert len([*disagreements(SAMPLES)]) == len(SAMPLES) - 1, "all but one, which ignores a field"


@pytest.mark.slow
def test_mutated_definitions_are_read_the_same() -> None:
    chance = random.Random(2026)
    inputs = chain((edited(chance) for _ in range(6000)), fuzzer.INPUTS.cases(600, 2026, fuzzer.altered))
    found = [*disagreements(inputs)]
    assert set(found) == {None}
    assert len(found) > 500


def test_catalogue_counts_for_the_sure() -> None:
    filters = {"seniority": Filter(values=("vp", "director")), "companyIndustry": Filter()}
    catalogue = Catalogue(1, filters, {118204: "CRM", 118219: None, 117805: "ERP"})
    chance = random.Random(7)
    inputs = [*SAMPLES, *VALID, *NAMED, *(edited(chance) for _ in range(300))]
    assert set(disagreements(inputs, catalogue)) <= {None}
    assert [*disagreements(NAMED, catalogue)] == [None, None]
    grown = Catalogue(2, {"role.isNew": Filter("boolean"), "role.years": Filter("number_range")}, {1: "A"})
    assert [*disagreements(GROWN, grown)] == [None]
    known = b"id: 6fb81599-f601-4afe-b3ff-e8a211cae27d\nname: x\nconfig: {topicIds: [117805]}\n"
    assert sure.read(known, RULES, catalogue) is not None
    assert sure.read(known.replace(b"117805", b"118219"), RULES, catalogue) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "- a\n", "%YAML 1.2\n---\nid: x\n", "a: b\n...\n", "a: b\n---\nc: d\n", "a: *b\n"),
        *("&a {b: c}\n", "a: !t b\n", "? [a]\n: b\n", "1: b\n", "<<: b\n", "a: b\na: c\n", 'a: "\\t"\n'),
        *("a: " + "9" * 19, "a: " + "[" * 12 + "]" * 12, "a: [" + "1," * 11_000 + "]", "a: [b\n", "a: \x00"),
        *("a: \u202eb\n", "a:" + " " * 1001 + "b", "a: " + "b" * 1024**2),
    ],
    ids=range(22),
)
def test_what_is_odd_is_in_doubt(text: str) -> None:
    assert values.read(text.encode()) is None


def test_what_is_plain_is_read() -> None:
    text = "---\n# é\nid: 'x'\na: [1, ~, {b: -2.5}]\n" + "c: " + "d " * 600
    assert values.read(text.encode()) == (
        {"id": "x", "a": [1, None, {"b": -2.5}], "c": ("d " * 600).strip()},
        8,
    )
    assert values.read(b"\xff") is None


def test_places_are_found_when_asked_for() -> None:
    places = sure.Places(SAMPLES[0], RULES)
    assert places["name",] == (3, 7)
    assert len(places) == len([*places]) > 5
    assert dict(sure.Places(b"", RULES)) == {}


@pytest.mark.parametrize("copies", [0, 1])
def test_check_finds_what_load_finds(tmp_path: Path, copies: int) -> None:
    for number, data in enumerate(FILES + SAMPLES[:copies] * 2):
        (tmp_path / f"{number}.yaml").write_bytes(data)
    (tmp_path / "link.yaml").symlink_to("0.yaml")
    (tmp_path / "nameless.yaml").write_text("id: 0b9e7e3c-0000-4000-8000-0000000000ff\n", "utf-8")
    (tmp_path / "odd.yaml").write_text("id: x\n" + "".join(f"k{n}: 1\n" for n in range(1002)), "utf-8")
    checked, loaded = definitions.check([str(tmp_path)]), definitions.load([str(tmp_path)])
    assert checked.diagnostics == loaded.diagnostics
    assert (checked.count, checked.has_errors) == (len(loaded.definitions), True)
