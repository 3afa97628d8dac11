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
    def test_array_with_unique_items_becomes_a_set(self) -> None:
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
    def test_null_and_empty_group_are_absent(self, document: dict[str, Any]) -> None:
        assert config(document) == {"topicIds": frozenset({1})}

    @pytest.mark.parametrize(
        "nothing",
        [
            {"seniority": []},
            {"state": ""},
            {"hasPhone": None},
            {"role.seniority": {"values": []}},
            {"role.seniority": {"values": None, "mode": "any", "operator": ""}},
            {"seniority": [], "state": "", "role.seniority": {"values": [], "xNew": None}},
        ],
    )
    def test_empty_filter_says_no_filter(self, nothing: dict[str, Any]) -> None:
        assert config({"topicIds": [1], "filters": nothing}) == config({"topicIds": [1]})
        assert config({"filters": {"gender": "f", **nothing}}) == {"filters": {"gender": "f"}}

    @pytest.mark.parametrize(
        "kept",
        [
            {"filters": {"hasPhone": False}},
            {"filters": {"role.seniority": {"values": [], "xNew": 1}}},
            {"filters": {"role.seniority": {"operator": "is known"}}},
            {"topicIds": [], "sourceUrl": ""},
        ],
    )
    def test_what_may_say_something_is_kept(self, kept: dict[str, Any]) -> None:
        assert to_json(config(kept)) == kept

    def test_empty_object_is_not_absent(self) -> None:
        assert config({"filters": {"role.seniority": {}}}) == {"filters": {"role.seniority": {}}}

    def test_audience_is_normalised_from_its_top(self) -> None:
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
    def test_unknown_value_comes_back_as_it_was(self, unknown: Any, place: tuple[str, ...]) -> None:
        document: Any = {"xNew": unknown}
        for step in reversed(place):
            document = {step: document}
        assert to_json(config(document)) == document

    @patient
    @given(unknown_values)
    def test_no_unknown_value_is_changed(self, value: Any) -> None:
        assert spelled(to_json(config({"xNew": value}))) == spelled({"xNew": value})

    @patient
    @given(documents(live=True))
    def test_normalising_twice_changes_nothing(self, document: dict[str, Any]) -> None:
        once = normal(document)
        plain: Any = to_json(once)
        assert normal(plain) == once


class TestCanonical:
    @pytest.mark.parametrize(
        ("one", "other"),
        [(1, True), (1, 1.0), (True, 1.0), (0, False), (1, "1"), (None, "null"), ([], {}), ("é", "e\u0301")],
    )
    def test_lookalike_values_are_spelled_differently(self, one: Any, other: Any) -> None:
        assert canonical(one) != canonical(other)
        assert canonical((one,)) != canonical((other,))
        assert canonical({"a": one}) != canonical({"a": other})

    def test_sets_inside_mappings_are_sorted(self) -> None:
        assert canonical({"values": frozenset({"b", "a"})}) == '{"values": ["a", "b"]}'

    def test_result_is_always_ascii(self) -> None:
        assert canonical("\ud800é") == '"\\ud800\\u00e9"'

    @patient
    @given(documents(live=True), st.randoms(use_true_random=False))
    def test_order_of_keys_and_members_does_not_matter(
        self, document: dict[str, Any], source: random.Random
    ) -> None:
        assert canonical(normal(shuffled(document, source))) == canonical(normal(document))


class TestToJson:
    def test_ids_sort_as_numbers_and_words_alphabetically(self) -> None:
        assert to_json(frozenset({10, 9, 100})) == [9, 10, 100]
        assert to_json(frozenset({"b", "a", "B"})) == ["B", "a", "b"]
        assert to_json(frozenset({"a", 2, 1})) == [1, 2, "a"]

    def test_keys_are_sorted_and_lists_are_not(self) -> None:
        assert json.dumps(to_json({"b": (2, 1), "a": NOTHING})) == '{"a": {}, "b": [2, 1]}'


def test_path_is_joined_with_dots() -> None:
    assert dotted(("config", "filters", "role.seniority")) == "config.filters.role.seniority"


def spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
