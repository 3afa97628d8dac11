from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import diff, schema
from reconciler.diff import Difference
from reconciler.model import Audience, Definition, canonical, to_json
from tests.unit.strategies import (
    RULES,
    UUIDS,
    audiences,
    definitions,
    documents,
    normal,
    pairs,
    patient,
    scalars,
)

TOPICS: dict[str, Any] = {"topicIds": [1, 2]}


def defined(document: dict[str, Any], *ignore: str) -> Definition:
    return Definition(UUIDS[0], "A", "a.yaml", 1, 1, normal(document), frozenset(ignore))


def wanted(file: dict[str, Any], live: dict[str, Any], *ignore: str) -> Any:
    """Return what a file wants of a live audience, both as JSON."""
    return to_json(diff.desired(defined(file, *ignore), Audience(UUIDS[0], normal(live)), RULES))


def found(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [
        (".".join(one.path), to_json(one.before), to_json(one.after))
        for one in diff.compare(normal(before), normal(after), RULES)
    ]


def changed(file: dict[str, Any], live: dict[str, Any], *ignore: str) -> list[tuple[str, Any, Any]]:
    """Return the differences between what is live and what a file wants of it, in the managed fields."""
    managed = {key: value for key, value in live.items() if key in file}
    return found(managed, wanted(file, live, *ignore))


class TestUnmanagedFields:
    """A top-level field that the file leaves out is not managed: never compared, never sent."""

    @pytest.mark.parametrize("key", ["status", "config", "audienceSize"])
    def test_omitted_field_is_not_desired(self, key: str) -> None:
        live = {"name": "A", "status": "active", "config": TOPICS, "audienceSize": 5}
        file = {**live}
        del file[key]
        assert wanted(file, live) == file
        assert changed(file, {**live, key: {"status": "draft", "config": {}, "audienceSize": 9}[key]}) == []

    def test_field_that_the_file_sets_is_compared(self) -> None:
        assert changed({"audienceSize": 5}, {"audienceSize": 6}) == [("audienceSize", 6, 5)]
        assert changed({"status": "draft"}, {}) == [("status", None, "draft")]


class TestUnknownFields:
    """What the schema does not know is carried over, and its lists have no order that is known to count."""

    RANGE: ClassVar[dict[str, Any]] = {"min": 51, "max": None, "steps": [[3, 1], {"b": [2, 1]}]}
    MOVED: ClassVar[dict[str, Any]] = {"min": 51, "max": None, "steps": [{"b": [1, 2]}, [1, 3]]}

    @pytest.mark.parametrize(
        "place", [("xNew",), ("filters", "company.employees"), ("filters", "role.seniority", "xNew")]
    )
    def test_reordered_unknown_list_is_no_difference(self, place: tuple[str, ...]) -> None:
        assert found(*(placed(place, value) for value in (self.RANGE, self.MOVED))) == []

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ([1, 1, 2], [1, 2, 2]),
            ([1], [1, 1]),
            ([1], [True]),
            ([1], [1.0]),
            ([[1], [2]], [[1, 2]]),
            ([], [[]]),
        ],
    )
    def test_other_members_in_unknown_list_are_difference(self, before: Any, after: Any) -> None:
        paths = [path for path, _, _ in found(placed(("xNew",), before), placed(("xNew",), after))]
        assert paths == ["config.xNew"]

    def test_number_range_is_sent_as_it_was_read(self) -> None:
        live = {"config": {**TOPICS, "filters": {"company.employees": self.RANGE, "state": "Ohio"}}}
        assert wanted({"config": {"topicIds": [3]}}, live) == {
            "config": {"topicIds": [3], "filters": {"company.employees": self.RANGE}}
        }

    def test_unknown_part_of_group_is_carried_over(self) -> None:
        """`jobTitle` is a text of the first generation, and a group of the second."""
        live = {"config": {**TOPICS, "filters": {"jobTitle": {"xNew": [2, 1]}, "role": {"xNew": 1}}}}
        assert wanted({"config": TOPICS}, live) == live
        assert changed({"config": TOPICS}, live) == []
        assert [".".join(path) for path in diff.unknown(normal(live), RULES)] == [
            "config.filters.jobTitle.xNew",
            "config.filters.role",
        ]


def placed(place: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return an audience with a value at a place of its config."""
    for step in reversed(("config", *place)):
        value = {step: value}
    return {**value}


class TestWholeConfig:
    """A `config` that is there is the whole config."""

    @pytest.mark.parametrize(
        ("gone", "paths"),
        [
            ({"seniority": ["vp"]}, ["seniority"]),
            ({"state": "Ohio"}, ["state"]),
            ({"hasPhone": False}, ["hasPhone"]),
            (
                {"jobTitle.include": {"values": ["cfo"], "mode": "any"}},
                ["jobTitle.include.values", "jobTitle.include.mode"],
            ),
        ],
    )
    def test_live_filter_missing_from_file_is_removed(self, gone: dict[str, Any], paths: list[str]) -> None:
        live = {"config": {**TOPICS, "filters": {"gender": "f", **gone}}}
        kept = {**TOPICS, "filters": {"gender": "f"}}
        assert wanted({"config": kept}, live) == {"config": kept}
        assert wanted({"config": TOPICS}, live) == {"config": TOPICS}
        differences = changed({"config": kept}, live)
        assert [(path, after) for path, _, after in differences] == [
            (f"config.filters.{path}", None) for path in paths
        ]

    def test_live_filter_part_missing_from_file_is_removed(self) -> None:
        live = {"config": {**TOPICS, "filters": {"role.seniority": {"values": ["vp"], "mode": "any"}}}}
        file = {"config": {**TOPICS, "filters": {"role.seniority": {"values": ["vp"]}}}}
        assert changed(file, live) == [("config.filters.role.seniority.mode", "any", None)]

    def test_config_without_live_one_is_all_new(self) -> None:
        file = {"config": {**TOPICS, "minScore": 80}}
        assert changed(file, {}) == [("config.topicIds", None, [1, 2]), ("config.minScore", None, 80)]


class TestLeftOutScalars:
    """A scalar of `config` that is left out stays as it is live, whatever that is."""

    keys = pytest.mark.parametrize("key", ["minScore", "maxScore", "minTopicOverlap"])

    @keys
    @pytest.mark.parametrize("live", [1, 50, 70, 99, 100, True, 1.0, "1"])
    def test_live_value_stays_and_is_sent(self, key: str, live: Any) -> None:
        stored = {"config": {**TOPICS, key: live}}

        assert wanted({"config": TOPICS}, stored) == stored
        assert changed({"config": TOPICS}, stored) == []
        assert wanted({"config": {"topicIds": [3]}}, stored) == {"config": {"topicIds": [3], key: live}}

    @keys
    def test_absent_live_value_is_never_made_up(self, key: str) -> None:
        assert wanted({"config": TOPICS}, {"config": TOPICS}) == {"config": TOPICS}
        assert changed({"config": {**TOPICS, key: 70}}, {"config": TOPICS}) == [(f"config.{key}", None, 70)]


class TestSets:
    """Arrays with `uniqueItems` are sets."""

    def test_order_and_repeats_do_not_matter(self) -> None:
        assert found({"config": {"topicIds": [2, 1, 2]}}, {"config": TOPICS}) == []

    def test_change_has_added_and_removed_members(self) -> None:
        before, after = (normal({"config": {"topicIds": [one, 2]}}) for one in (1, 3))
        (difference,) = diff.compare(before, after, RULES)
        assert (set(difference.added), set(difference.removed)) == ({3}, {1})

    def test_new_set_is_all_added_and_inversely(self) -> None:
        some = frozenset({"vp"})
        assert Difference((), None, some).added == some
        assert Difference((), some, None).removed == some
        assert Difference((), None, some).removed == Difference((), some, None).added == frozenset()

    def test_list_has_no_added_or_removed_members(self) -> None:
        assert Difference((), (1, 2), (2, 3)).added == Difference((), 1, 2).removed == frozenset()

    def test_one_and_true_are_different_members(self) -> None:
        difference = Difference((), frozenset({1, 2}), frozenset({True, 2}))
        assert list(map(canonical, difference.added)) == ["true"]
        assert list(map(canonical, difference.removed)) == ["1"]


class TestCarriedOverFields:
    """`sourceUrl` left out stays as it is live."""

    live: dict[str, Any] = {"config": {**TOPICS, "sourceUrl": "https://example.com/a"}}  # noqa: RUF012 - never changed

    def test_omitted_field_is_sent_as_live(self) -> None:
        assert wanted({"config": TOPICS}, self.live) == self.live
        assert wanted({"config": TOPICS}, {"config": TOPICS}) == {"config": TOPICS}

    def test_field_that_the_file_sets_is_changed(self) -> None:
        file = {"config": {**TOPICS, "sourceUrl": "https://example.com/b"}}
        assert changed(file, self.live) == [
            ("config.sourceUrl", "https://example.com/a", "https://example.com/b")
        ]


class TestUnknownKeys:
    """What live has inside `config` and the schema does not know is carried over untouched."""

    live: dict[str, Any] = {  # noqa: RUF012 - never changed
        "config": {
            **TOPICS,
            "xNew": {"b": [2, 1, None], "a": {}},
            "filters": {"x.new": {"max": None, "min": 1}, "role.seniority": {"values": ["vp"], "xDepth": 2}},
        }
    }

    def test_unknown_keys_are_carried_over_at_every_depth(self) -> None:
        file = {"config": {"topicIds": [3], "filters": {"role.seniority": {"values": ["director"]}}}}
        assert wanted(file, self.live)["config"] == {
            "topicIds": [3],
            "xNew": {"b": [2, 1, None], "a": {}},
            "filters": {
                "x.new": {"max": None, "min": 1},
                "role.seniority": {"values": ["director"], "xDepth": 2},
            },
        }

    def test_unknown_part_is_removed_with_its_filter(self) -> None:
        assert wanted({"config": TOPICS}, self.live)["config"] == {
            **TOPICS,
            "xNew": {"b": [2, 1, None], "a": {}},
            "filters": {"x.new": {"max": None, "min": 1}},
        }

    def test_unknown_keys_are_named_by_their_paths(self) -> None:
        assert diff.unknown(normal(self.live), RULES) == (
            ("config", "xNew"),
            ("config", "filters", "x.new"),
            ("config", "filters", "role.seniority", "xDepth"),
        )

    def test_unknown_keys_count_between_two_reads(self) -> None:
        other = {"config": {**self.live["config"], "xNew": {"b": [2, 1], "a": {}}}}
        assert found(self.live, self.live) == []
        assert [path for path, _, _ in found(self.live, other)] == ["config.xNew"]


class TestIgnoredPaths:
    """A path in `lifecycle.ignore` keeps its live value."""

    @pytest.mark.parametrize(
        ("path", "live"),
        [
            ("config.filters.state", {"filters": {"state": "Ohio"}}),
            ("config.filters.role.seniority", {"filters": {"role.seniority": {"values": ["vp"]}}}),
            ("config.filters", {"filters": {"state": "Ohio", "seniority": ["vp"]}}),
            ("config.minScore", {"minScore": 55}),
            ("config.filters.state", {}),
        ],
    )
    def test_ignored_path_stays_as_it_is_live(self, path: str, live: dict[str, Any]) -> None:
        before = {"config": {"topicIds": [9], **live}}
        assert wanted({"config": TOPICS}, before, path) == {"config": {**TOPICS, **live}}

    def test_ignored_name_does_not_match_longer_names(self) -> None:
        filters = {"jobTitle": "cfo", "jobTitle.include": {"values": ["cfo"]}}
        live = {"config": {**TOPICS, "filters": filters}}
        assert wanted({"config": TOPICS}, live, "config.filters.jobTitle") == {
            "config": {**TOPICS, "filters": {"jobTitle": "cfo"}}
        }

    def test_ignored_field_that_is_not_live_stays_out(self) -> None:
        assert wanted({"status": "active"}, {}, "status") == {}


class TestCompare:
    def test_differences_follow_the_schema_and_unknown_come_last(self) -> None:
        before = {"name": "A", "config": {"topicIds": [1], "xNew": 1, "minScore": 1}}
        after = {"name": "B", "config": {"topicIds": [2], "xNew": 2, "minScore": 2}}
        assert [path for path, _, _ in found(before, after)] == [
            "name",
            "config.topicIds",
            "config.minScore",
            "config.xNew",
        ]

    def test_sides_with_little_in_common_differ_by_field(self) -> None:
        first = {"companySize": ["51 to 100"], "seniority": ["vp"], "state": "Ohio", "hasPhone": True}
        second = {
            f"{key}s": {"values": ["x"]} for key in ("company.name", "company.domain", "role.department")
        }
        differences = found({"config": {"filters": first}}, {"config": {**TOPICS, "filters": second}})
        assert len(differences) == len(first) + 1 + len(second)

    @pytest.mark.parametrize("key", ["x']['y", '"', "__private", "", "\n", "root"])
    def test_strange_key_is_compared_like_any_other(self, key: str) -> None:
        assert found({"config": {key: 1}}, {"config": {key: 2}}) == [(f"config.{key}", 1, 2)]

    @patient
    @given(documents(live=True))
    def test_document_does_not_differ_from_itself(self, document: dict[str, Any]) -> None:
        assert found(document, document) == []

    @settings(patient, max_examples=200)
    @given(st.data())
    def test_agrees_with_an_independent_comparison(self, data: st.DataObject) -> None:
        before = data.draw(documents(live=True))
        after = data.draw(st.one_of(documents(live=True), mutations(before)))
        left, right = (dict(_effective(side)) for side in (before, after))
        stated = {path for side in (before, after) for path, _ in _leaves(_present(side))}
        expected = {path for path in {*left, *right} if left.get(path) != right.get(path)} & stated
        differences = diff.compare(normal(before), normal(after), RULES)
        assert {one.path for one in differences} == expected
        assert diff.is_same(normal(before), normal(after), RULES) == (not expected)
        mirrored = diff.compare(normal(after), normal(before), RULES)
        assert [(one.path, one.after, one.before) for one in mirrored] == [
            (one.path, one.before, one.after) for one in differences
        ]


class TestDesired:
    @patient
    @given(pairs())
    def test_desired_is_a_fixed_point(self, pair: tuple[Definition, Audience]) -> None:
        definition, live = pair
        once = diff.desired(definition, live, RULES)
        again = diff.desired(definition, Audience(live.id, {**live.fields, **once}), RULES)
        assert canonical(again) == canonical(once)

    @patient
    @given(definitions(), audiences())
    def test_desired_has_exactly_the_managed_fields(self, definition: Definition, live: Audience) -> None:
        result = diff.desired(definition, live, RULES)
        assert set(result) == set(definition.fields)
        mine, theirs = (dict(_leaves(to_json(side))) for side in (definition.fields, result))
        assert {path: theirs.get(path) for path in mine} == mine

    @patient
    @given(definitions(), audiences())
    def test_desired_takes_only_unowned_values_from_live(
        self, definition: Definition, live: Audience
    ) -> None:
        mine = {path for path, _ in _leaves(to_json(definition.fields))}
        for path, _ in _leaves(to_json(diff.desired(definition, live, RULES))):
            known = path in RULES
            is_ignored = any(".".join(path[:depth]) in definition.ignore for depth in range(len(path) + 1))
            rule = RULES.get(path)
            is_carried_over = rule is not None and rule.is_carried_over
            assert path in mine or not known or is_ignored or is_carried_over, path


def test_each_filter_counts_as_one_leaf() -> None:
    filters = {"state": "x", "role.seniority": {"values": ["vp"]}}
    fields: dict[str, Any] = {"name": "A", "config": {**TOPICS, "filters": filters}}
    assert diff.leaf_count(normal(fields), RULES) == 4
    assert diff.leaf_count({}, RULES) == 0


@st.composite
def mutations(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """Change one leaf of a document, to another type at times."""
    leaves = [path for path, _ in _leaves(document)]
    path = draw(st.sampled_from(leaves))
    other = draw(scalars) if path[-1] not in _sets() else [draw(st.sampled_from([1, 2, 3]))]
    mutated: dict[str, Any] = _replaced(document, path, other)
    return mutated


def _sets() -> set[str]:
    return {path[-1] for path, rule in RULES.items() if rule.kind == "set"}


def _replaced(document: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    return {**document, path[0]: _replaced(document[path[0]], path[1:], value)}


# The independent comparison: over JSON and the schema itself, sharing nothing with what it judges.


def _node(path: tuple[str, ...]) -> dict[str, Any] | None:
    node: dict[str, Any] | None = schema.load("audience")
    for key in path:
        node = (node or {}).get("properties", {}).get(key)
    return node


def _present(value: Any, path: tuple[str, ...] = ()) -> Any:
    """Drop what says the same as absent: nulls, filters without a value, objects of no optional field."""
    node = _node(path)
    if not isinstance(value, dict) or node is None:
        return value
    if path == ("config", "filters"):
        value = {key: part for key, part in value.items() if not _is_no_filter(part, _node((*path, key)))}
    parts = {key: _present(part, (*path, key)) for key, part in value.items()}
    return {
        key: part
        for key, part in parts.items()
        if part is not None and not (part == {} and _is_optional(_node((*path, key))))
    }


def _is_no_filter(value: Any, node: dict[str, Any] | None) -> bool:
    if node is None or not isinstance(value, dict):
        return node is not None and value in ("", [])
    known = {"values", "mode", "operator"}
    return not value.get("values", True) and all(value[key] is None for key in {*value} - known)


def _is_optional(node: Any) -> bool:
    return node is not None and not {"required", "oneOf"} & node.keys()


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, dict) and _node(path) is not None and (value or not path):
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    else:
        yield path, str(value)


def _effective(document: dict[str, Any]) -> Any:
    present = _present(document)
    yield from ((path, _typed(_at(present, path), path)) for path, _ in _leaves(present))


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _typed(value: Any, path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, list):
        items = [_typed(item) for item in value]
        is_set = path and (_node(path) or {}).get("uniqueItems")
        return sorted(set(items)) if is_set else ("list", *sorted(items, key=repr))
    if isinstance(value, dict):
        return ("dict", *sorted((key, _typed(part)) for key, part in value.items()))
    return type(value).__name__, repr(value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": frozenset({1})}, {"a": frozenset({True})}),
        ({"a": frozenset({1, "x"})}, {"a": frozenset({1.0, "x"})}),
        ({"a": -0.0}, {"a": 0.0}),
        ({"a": (1,)}, {"a": (True,)}),
        ({"a": {"b": 1}}, {"a": {"b": True}}),
        ({"a": None}, {}),
    ],
)
def test_equal_to_python_is_not_the_same(before: Any, after: Any) -> None:
    assert diff.compare(before, after, {})
    assert diff.is_same(before, dict(before), {})
