from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import NOTHING, canonical, dotted, normalise, to_json
from tests.unit.strategies import RULES, documents, normal, patient, shuffled, unknown_values

if TYPE_CHECKING:
    import random


def config(document: dict[str, Any]) -> Any:
    return normalise(document, RULES, ("config",))


class TestNormalise:
    def test_an_array_that_the_schema_calls_a_set_is_one(self) -> None:
        assert config({"topicIds": [3, 1, 3]}) == {"topicIds": frozenset({1, 3})}

    @pytest.mark.parametrize(
        "document",
        [
            {"topicIds": [1], "filters": {}},
            {"topicIds": [1], "filters": None},
            {"topicIds": [1], "minScore": None, "filters": {"state": None}},
            {"topicIds": [1], "sourceUrl": None, "xNew": None},
        ],
    )
    def test_null_and_an_empty_group_are_absent(self, document: dict[str, Any]) -> None:
        assert config(document) == {"topicIds": frozenset({1})}

    def test_a_value_with_parts_is_there_even_when_it_is_empty(self) -> None:
        assert config({"filters": {"role.seniority": {}}}) == {"filters": {"role.seniority": {}}}

    def test_an_audience_is_normalised_from_its_top(self) -> None:
        assert normalise({"config": {"topicIds": [1]}, "status": None}, RULES) == {
            "config": {"topicIds": frozenset({1})}
        }

    @pytest.mark.parametrize(
        "unknown",
        [
            {"max": None, "min": 5},
            {"values": ["b", "a", "a"], "filters": {}},
            [{"topicIds": [2, 1]}, None, []],
            {},
            [],
        ],
    )
    @pytest.mark.parametrize("place", [(), ("filters",), ("filters", "role.seniority")])
    def test_what_the_schema_does_not_know_comes_back_as_it_was(
        self, unknown: Any, place: tuple[str, ...]
    ) -> None:
        document: Any = {"xNew": unknown}
        for step in reversed(place):
            document = {step: document}
        assert to_json(config(document)) == document

    @patient
    @given(unknown_values)
    def test_no_unknown_value_is_touched(self, value: Any) -> None:
        assert spelled(to_json(config({"xNew": value}))) == spelled({"xNew": value})

    @patient
    @given(documents(live=True))
    def test_a_normal_document_is_normal(self, document: dict[str, Any]) -> None:
        once = normal(document)
        plain: Any = to_json(once)
        assert normal(plain) == once


class TestCanonical:
    @pytest.mark.parametrize(
        ("one", "other"),
        [(1, True), (1, 1.0), (True, 1.0), (0, False), (1, "1"), (None, "null"), ([], {}), ("é", "e\u0301")],
    )
    def test_values_that_python_or_the_eye_would_confuse_differ(self, one: Any, other: Any) -> None:
        assert canonical(one) != canonical(other)
        assert canonical((one,)) != canonical((other,))
        assert canonical({"a": one}) != canonical({"a": other})

    def test_sets_inside_of_mappings_are_spelled_too(self) -> None:
        assert canonical({"values": frozenset({"b", "a"})}) == '{"values": ["a", "b"]}'

    def test_is_ascii_whatever_is_in_it(self) -> None:
        assert canonical("\ud800é") == '"\\ud800\\u00e9"'

    @patient
    @given(documents(live=True), st.randoms(use_true_random=False))
    def test_no_order_of_keys_or_set_members_shows(
        self, document: dict[str, Any], source: random.Random
    ) -> None:
        assert canonical(normal(shuffled(document, source))) == canonical(normal(document))


class TestToJson:
    def test_ids_are_in_numeric_and_words_in_alphabetic_order(self) -> None:
        assert to_json(frozenset({10, 9, 100})) == [9, 10, 100]
        assert to_json(frozenset({"b", "a", "B"})) == ["B", "a", "b"]
        assert to_json(frozenset({"a", 2, 1})) == [1, 2, "a"]

    def test_keys_are_in_order_and_what_is_no_set_keeps_its_own(self) -> None:
        assert json.dumps(to_json({"b": (2, 1), "a": NOTHING})) == '{"a": {}, "b": [2, 1]}'


def test_a_path_reads_with_dots() -> None:
    assert dotted(("config", "filters", "role.seniority")) == "config.filters.role.seniority"


def spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
