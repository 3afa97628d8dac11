"""What the conditions of policies find, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler import schema
from reconciler.schema import conditions

if TYPE_CHECKING:
    from reconciler.model import Json

SEEN: Json = {
    "name": "DE \u2013 Founders",
    "config": {"topicIds": [1, 2], "minScore": 70},
    "reach": {"growth": 3.5},
}
AT_CONFIG = {"properties": {"config": {"properties": {"minScore": {"minimum": 80}}}}}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"properties": {"name": {"pattern": "^[A-Z]{2} "}}}, None),
        ({"properties": {"name": {"pattern": "^[a-z]"}}}, ("name",)),
        ({"properties": {"config": {"properties": {"minScore": {"pattern": "^x"}}}}}, None),
        ({"properties": {"config": {"properties": {"minScore": {"type": "integer"}}}}}, None),
        ({"properties": {"reach": {"properties": {"growth": {"type": "integer"}}}}}, ("reach", "growth")),
        (AT_CONFIG, ("config", "minScore")),
        ({"not": {"required": ["reach"]}}, ()),
        ({"required": ["change"]}, ()),
        ({"anyOf": [AT_CONFIG, {"required": ["name"]}]}, None),
    ],
)
def test_condition_tells_where_it_is_not_met(condition: dict[str, Any], found: object) -> None:
    assert list(conditions.faults(condition, conditions.fields(schema.rules()))) == []
    assert conditions.compiled(condition)(SEEN) == found


def test_field_of_a_catalogue_is_known_by_path() -> None:
    condition = {"properties": {"config": {"properties": {"filters": {"required": ["company.x"]}}}}}
    more = [*schema.rules(), ("config", "filters", "company.x")]

    assert [words[0] for _, words in conditions.faults(condition, conditions.fields(schema.rules()))] == [
        "unknown-field"
    ]
    assert list(conditions.faults(condition, conditions.fields(more))) == []
    assert list(conditions.faults(condition, None)) == []


def test_long_text_is_not_compared() -> None:
    check = conditions.compiled({"properties": {"name": {"pattern": "^x"}}})

    assert check({"name": "x" * 500}) is None
    assert check({"name": "x" * 501}) == "a text of over 500 characters is not compared with a pattern"


def test_condition_speaks_of_what_it_names_anywhere() -> None:
    condition = {
        "if": {"required": ["change"]},
        "anyOf": [{"properties": {"reach": {"required": ["after"]}}}],
    }

    assert conditions.spoken_of(condition) == {
        ("change",),
        ("reach",),
        ("reach", "after"),
    }
    assert conditions.spoken_of(None) == frozenset()
