"""The validate route: what the second generation would store, said before anything is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.app import create_app
from tests.unit.sandbox.calls import MARKETING, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sandbox.calls import Api

TOPIC = {"topicIds": [117805]}
WHOLE = {
    "topicIds": [117805],
    "minScore": 70,
    "maxScore": 99,
    "minTopicOverlap": 1,
    "filters": {"role": {"isCeo": True}, "jobTitle": {"include": ["cfo"], "includeMode": "any"}},
    "sourceUrl": "https://example.com/pricing",
}
ABSENT: dict[str, Any] = {
    "minScore": None,
    "maxScore": None,
    "minTopicOverlap": None,
    "filters": {},
    "sourceUrl": None,
}


def test_valid_config_is_normalized_to_all_keys(second: Api) -> None:
    whole, short = second.post("/validate", WHOLE), second.post("/validate", TOPIC)

    assert set(whole.body["meta"]) == {"timestamp", "request_id"}
    assert set(whole.data) == {"valid", "configHash", "normalizedConfig", "appliedFilters", "strategy"}
    assert (whole.data["valid"], whole.data["normalizedConfig"]) == (True, WHOLE)
    assert whole.data["appliedFilters"] == ["jobTitle.include", "role.isCeo"]
    assert short.data["normalizedConfig"] == {**TOPIC, **ABSENT}


def test_config_hash_is_of_the_content(second: Api) -> None:
    spelled = json.loads(json.dumps(WHOLE, sort_keys=True))
    hashes = [second.post("/validate", body).data["configHash"] for body in (WHOLE, spelled, TOPIC)]

    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("broken", "names"),
    [
        ({"maxScore": 100}, "maxScore must be an integer from 50 to 99"),
        ({"minScore": 100}, "minScore must be null, or an integer from 0 to 99"),
        ({"topicIds": []}, "topicIds must be a list of 1 to 250 topic ids, which are integers"),
        ({"minTopicOverlap": 251}, "minTopicOverlap must be an integer from 1 to 250"),
        ({"sourceUrl": "no uri"}, "sourceUrl must be a URI"),
    ],
)
def test_out_of_bounds_config_is_not_valid(second: Api, broken: dict[str, Any], names: str) -> None:
    data = second.post("/validate", {**WHOLE, **broken}).data

    assert (data["valid"], data["errors"]) == (False, [names])
    assert data["normalizedConfig"] == {**WHOLE, **broken}


@pytest.mark.parametrize(
    "body",
    [[], {}, {"minScore": 70}, {**TOPIC, "minScore": "70"}, {**TOPIC, "filters": {"role.isVp": "yes"}}],
)
def test_malformed_body_is_refused(second: Api, body: object) -> None:
    assert second.post("/validate", body).error == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("mode", "is_valid", "filters"),
    [
        ("refuse", False, {"seniority": ["vp"], "role.isVp": True}),
        ("strip", True, {"role.isVp": True}),
        ("store", True, {"seniority": ["vp"], "role.isVp": True}),
    ],
)
def test_verdict_is_what_a_patch_then_does(
    database: Path, mode: Any, *, is_valid: bool, filters: dict[str, Any]
) -> None:
    config = {**TOPIC, "minScore": 10, "filters": {"seniority": ["vp"], "role.isVp": True}}
    with served(create_app(database, generation=2, unknown_filters=mode)) as api:
        said = api.post("/validate", config).data
        patched = api.patch(MARKETING, {"config": config})

    assert said["normalizedConfig"] == {**TOPIC, **ABSENT, "minScore": 50, "filters": filters}
    assert said["appliedFilters"] == ["role.isVp"]
    assert (said["valid"], patched.status) == (is_valid, 200 if is_valid else 400)
    if is_valid:
        assert patched.data["config"] == {**TOPIC, "minScore": 50, "filters": filters}


def test_first_generation_has_no_such_route(first: Api) -> None:
    assert first.post("/validate", TOPIC).error == (405, "METHOD_NOT_ALLOWED")
