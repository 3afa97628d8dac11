"""A compiled schema never takes for valid what jsonschema has something against."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import schema
from reconciler.schema import verdict
from reconciler.schema.verdict import compiled
from tests.fuzz import definitions as fuzzer
from tests.fuzz import mutations

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT: dict[str, Any] = {"type": "string"}


def test_verdicts_agree_on_mutated_documents() -> None:
    chance, is_sure = random.Random(2026), schema.surely_valid("audience")
    altered = [
        mutations.altered(chance, deepcopy(chance.choice(fuzzer.DOCUMENTS)), fuzzer.ODD) for _ in range(800)
    ]
    verdicts = [(is_sure(value), not schema.check(value, "audience", 1)) for value in altered]
    assert all(sure == valid for sure, valid in verdicts)
    assert 50 < sum(sure for sure, _ in verdicts) < 750


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        (TEXT | {"pattern": "a"}, "a"),
        (TEXT | {"format": "email"}, "a@example.com"),
        ({"type": "number"}, 1),
        ({"oneOf": [TEXT]}, "a"),
        ({"type": "object", "properties": {"a": TEXT}, "oneOf": [{"type": "object"}]}, {"a": "b"}),
        ({}, "a"),
        ({"type": "array", "uniqueItems": True, "items": {"type": "object"}}, []),
        ({"type": "object", "properties": {"a": TEXT}, "if": {}}, {"a": "b"}),
        ({"type": "object", "properties": {"a": {"const": "b"}}}, {"a": "b"}),
        ({"type": "object", "additionalProperties": True}, {"a": "b"}),
    ],
)
def test_unknown_keyword_makes_nothing_sure(rules: dict[str, Any], value: Any) -> None:
    assert not compiled(rules)(value)


def unknown(rules: dict[str, Any], place: str = "") -> Iterator[str]:
    """Yield each keyword that makes the documents of a schema unsure, and so reading them slow."""
    known = verdict._KINDS[rules["type"]][1] | verdict._ANNOTATIONS
    yield from (f"{place}: {keyword}" for keyword in rules.keys() - known)
    inner = [*rules.get("properties", {}).items(), ("items", rules.get("items"))]
    inner.append(("additionalProperties", rules.get("additionalProperties")))
    for key, field in inner:
        if isinstance(field, dict):
            yield from unknown(field, f"{place}.{key}")


@pytest.mark.parametrize("name", ["audience", "catalogue-file"])
def test_every_keyword_is_known(name: schema.SchemaName) -> None:
    assert [*unknown(schema.load(name))] == []


def test_whole_audience_schema_is_compiled() -> None:
    text: Any = {"id": "6fb81599-f601-4afe-b3ff-e8a211cae27d", "name": "x", "metadata": {"labels": {}}}
    assert schema.surely_valid("audience")(text)
    assert not schema.surely_valid("audience")([text])
