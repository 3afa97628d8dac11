"""The schemas of a piece and of what extends one: derived from the audience schema, for editors."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler import schema
from reconciler.schema import derived
from tests.project import derived_schemas
from tests.unit.strategies import UUIDS

HEAD = {"id": UUIDS[0], "name": "x", "extends": "../shared/base.yaml"}


@pytest.mark.parametrize("name", derived_schemas.MADE)
def test_file_is_what_is_derived(name: str) -> None:
    assert derived_schemas.file(name).read_text("utf-8") == derived_schemas.text(name), (
        derived_schemas.__doc__
    )


def is_valid(name: str, value: Any) -> bool:
    made = derived_schemas.MADE[name](schema.load("audience"))
    return bool(Draft202012Validator(made).is_valid(value))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        *(("piece", {key: HEAD[key]}, False) for key in derived.OWN),
        ("piece", {"config": {"minScore": 70, "filters": {"role.seniority": {"operator": "x"}}}}, True),
        ("piece", {"config": {"topicIds": {"add": [1]}}}, False),
        ("piece", {"config": {"minscore": 70}}, False),
        ("extending", HEAD, True),
        *(("extending", {**HEAD, key: None}, False) for key in HEAD),
        ("extending", {"id": HEAD["id"], "name": "x"}, False),
        ("extending", {**HEAD, "config": {"topicIds": [1]}}, True),
        ("extending", {**HEAD, "config": {"topicIds": {"add": [1], "remove": [2]}}}, True),
        ("extending", {**HEAD, "config": {"topicIds": {"add": ["x"]}}}, False),
        ("extending", {**HEAD, "config": {"topicIds": {}}}, False),
        ("extending", {**HEAD, "lifecycle": {"ignore": {"add": ["config.minScore"]}}}, True),
        ("extending", {**HEAD, "config": {"filters": {"role.seniority": {"values": {"add": ["vp"]}}}}}, True),
    ],
)
def test_derived_schema_says_what_may_be_written(name: str, value: Any, *, expected: bool) -> None:
    assert is_valid(name, value) is expected


def test_editors_find_every_key_described() -> None:
    pending = [derived_schemas.MADE[name](schema.load("audience")) for name in derived_schemas.MADE]
    while pending:
        field = pending.pop()
        assert field["title"]
        assert field["description"]
        pending += [*field.get("properties", {}).values(), *field.get("anyOf", ())[:1]]
