"""The sample definitions and the seed: what differs between them, compared by nothing of ours."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.sandbox.app import create_app
from reconciler.sandbox.organization import fresh_records
from tests.unit.sandbox.calls import MARKETING, SWITCHERS, WEBINAR, served

if TYPE_CHECKING:
    from tests.unit.sandbox.calls import Api

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "audiences.d").rglob("*.yaml"))
CFO = "a3d599da-a9de-4caa-950a-6bc057b1b261"
DEFAULTS = {"minScore": 70, "maxScore": 100, "minTopicOverlap": 1}
Definition = dict[str, Any]


def _definitions() -> list[Definition]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in value.items()}
    return sorted(value) if isinstance(value, list) else value


def _fields(audience: Definition, ignored: list[str]) -> Definition:
    config = {**DEFAULTS, **audience["config"], "filters": dict(audience["config"].get("filters", {}))}
    config.pop("sourceUrl", None)
    for path in ignored:
        config["filters"].pop(path.removeprefix("config.filters."), None)
    flat = {f"config.{key}": value for key, value in config.items() if key != "filters"}
    flat |= {f"config.filters.{key}": value for key, value in config["filters"].items()}
    flat |= {"name": audience["name"], "status": audience["status"]}
    return {path: _sorted(value) for path, value in flat.items()}


def _differences(live: list[Definition]) -> dict[str, dict[str, tuple[Any, Any]]]:
    """Return `{id: {path: (live, desired)}}` for the audiences that differ."""
    by_id = {audience["id"]: audience for audience in live}
    found = {}
    for definition in _definitions():
        ignored = definition.get("lifecycle", {}).get("ignore", [])
        desired, now = _fields(definition, ignored), _fields(by_id[definition["id"]], ignored)
        paths = [path for path in sorted(desired | now) if desired.get(path) != now.get(path)]
        if paths:
            found[definition["id"]] = {path: (now.get(path), desired.get(path)) for path in paths}
    return found


def _body(definition: Definition) -> Definition:
    return {key: definition[key] for key in ("name", "status", "config")}


def test_fresh_organization_differs_from_samples_in_realistic_ways(first: Api) -> None:
    assert _differences(first.get().data) == {
        MARKETING: {"config.filters.companySize": (["101 to 250", "251 to 500", "501 to 1000"], None)},
        CFO: {"config.minScore": (60, 80)},
        WEBINAR: {"status": ("active", "paused")},
        SWITCHERS: {
            "name": (
                "Mid-market teams that switch their CRM (old, ask Ana)",
                "Mid-market teams that switch their CRM",
            ),
            "status": ("paused", "active"),
        },
    }


def test_sample_changes_apply_without_an_override(first: Api) -> None:
    assert len(FILES) == 15
    assert len(_differences(first.get().data)) <= max(3, len(FILES) * 30 // 100)


def test_some_live_audiences_have_no_file(first: Api) -> None:
    managed = {definition["id"] for definition in _definitions()}
    unmanaged = {item["name"]: item["status"] for item in first.get().data if item["id"] not in managed}

    assert len(managed) == len(FILES)
    assert unmanaged == {"Demo requests without a meeting": "active", "Test [old CRM import]": "draft"}


def test_equal_live_audiences_are_spelled_differently_from_samples(first: Api) -> None:
    live = {item["id"]: item["config"] for item in first.get().data}
    equal = [each for each in _definitions() if each["id"] not in {MARKETING, CFO, WEBINAR, SWITCHERS}]

    assert any("sourceUrl" in live[each["id"]] and "sourceUrl" not in each["config"] for each in equal)
    assert any(live[each["id"]].get("maxScore") == 100 and "maxScore" not in each["config"] for each in equal)
    assert any(live[each["id"]]["topicIds"] != each["config"]["topicIds"] for each in equal)
    assert any("state" in live[each["id"]]["filters"] and "lifecycle" in each for each in equal)


def test_the_samples_show_what_a_definition_can_say() -> None:
    definitions = _definitions()
    lifecycles = [definition["lifecycle"] for definition in definitions if "lifecycle" in definition]

    assert {definition["status"] for definition in definitions} == {"active", "paused", "draft"}
    assert not any("." in key for definition in definitions for key in definition["config"]["filters"])
    assert {key for lifecycle in lifecycles for key in lifecycle} == {"ignore", "protect"}
    assert all(
        definition["metadata"].keys() == {"owner", "description", "labels"} for definition in definitions
    )


@pytest.mark.parametrize("generation", [1, 2])
def test_seed_is_legal_in_its_own_generation(database: Path, generation: Any) -> None:
    seeded = list(fresh_records(generation))
    strict = create_app(database, generation=generation, unknown_filters="refuse", slots=20)
    with served(strict) as api:
        for record in seeded:
            response = api.patch(record.id, {"config": record.config, "audienceSize": 1})

            assert response.data["config"] == api.get(f"/{record.id}").data["config"] == record.config


def test_generations_hold_the_same_audiences() -> None:
    first, second = ({each.id: each for each in fresh_records(generation)} for generation in (1, 2))

    assert list(first) == list(second)
    for each in first.values():
        same = replace(second[each.id], config=each.config, audience_size=each.audience_size)
        assert same == each
    assert [each.name for each in second.values() if "role" in each.config.get("filters", {})] == [
        "Demo requests without a meeting"
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sample_references_schema_by_valid_relative_path(path: Path) -> None:
    schema = os.path.relpath(ROOT / "schemas" / "audience.schema.json", path.parent)

    assert path.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={schema}\nid: ")


def test_samples_apply_when_slots_are_freed_first(fresh: Api) -> None:
    by_id = {definition["id"]: definition for definition in _definitions()}

    assert fresh.patch(SWITCHERS, {"status": "active"}).error == (403, "SLOTS_FULL")
    for audience_id in (WEBINAR, MARKETING, CFO, SWITCHERS):
        assert fresh.patch(audience_id, _body(by_id[audience_id])).status == 200
    assert _differences(fresh.get().data) == {}


@pytest.mark.parametrize(
    ("semantics", "kept"), [("replace", {}), ("merge", {MARKETING: ["config.filters.companySize"]})]
)
def test_the_api_takes_every_sample(database: Path, semantics: Any, kept: Any) -> None:
    with served(create_app(database, config_semantics=semantics, slots=20)) as api:
        for definition in _definitions():
            assert api.patch(definition["id"], _body(definition)).status == 200
        left = _differences(api.get().data)
        assert {key: [*paths] for key, paths in left.items()} == kept


@pytest.mark.parametrize(("generation", "apart"), [(1, "hasLinkedin"), (2, "company.revenueRanges")])
def test_two_active_samples_differ_in_one_filter_only(generation: Any, apart: str) -> None:
    pair = [each for each in fresh_records(generation) if each.name.startswith("Sales leaders")]
    configs = [_sorted(each.config) for each in pair]
    filters = [config.pop("filters") for config in configs]

    assert [each.status for each in pair] == ["active", "active"]
    assert configs[0] == configs[1], "what a file leaves out stays as it is live, so it is the same there too"
    assert filters[0].pop(apart) is not None
    assert _sorted(filters[0]) == _sorted(filters[1])
