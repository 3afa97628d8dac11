"""What a change does: slots, the two semantics of a config, sizes and times, one writer at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.app import create_app
from tests.unit.sandbox.calls import ABSENT, MARKETING, SWITCHERS, WEBINAR, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sandbox.calls import Api

ACTIVATE = {"status": "active"}
CONFIG = {"topicIds": [117805], "filters": {"seniority": ["manager"]}}


def _active(api: Api) -> int:
    return sum(item["status"] == "active" for item in api.get().data)


def test_activation_needs_a_free_slot(fresh: Api) -> None:
    full = fresh.patch(SWITCHERS, {**ACTIVATE, "name": "Never"})

    assert full.error == (403, "SLOTS_FULL")
    assert fresh.get(f"/{SWITCHERS}").data["name"] != "Never"
    assert fresh.patch(WEBINAR, {"status": "paused"}).status == 200
    assert fresh.patch(SWITCHERS, ACTIVATE).data["status"] == "active"
    assert _active(fresh) == 10


def test_an_active_audience_keeps_its_slot(fresh: Api) -> None:
    assert fresh.patch(MARKETING, {**ACTIVATE, "name": "Still active"}).data["name"] == "Still active"


@pytest.mark.parametrize("status", ["draft", "paused"])
def test_any_other_status_needs_no_slot(fresh: Api, status: str) -> None:
    assert fresh.patch(SWITCHERS, {"status": status}).data["status"] == status
    assert fresh.post("", {"name": "x", "status": status, "config": CONFIG}).data["status"] == status


def test_creating_an_active_audience_needs_a_free_slot(database: Path) -> None:
    new = {"name": "x", "status": "active", "config": CONFIG}
    with served(create_app(database, slots=11)) as api:
        assert api.post("", new).data["status"] == "active"
        assert api.post("", new).error == (403, "SLOTS_FULL")
        assert len(api.get().data) == 18


def test_no_slots_at_all_is_a_limit_too(database: Path) -> None:
    with served(create_app(database, slots=0)) as api:
        assert api.patch(SWITCHERS, ACTIVATE).error == (403, "SLOTS_FULL")


def test_a_config_is_replaced_whole(fresh: Api) -> None:
    response = fresh.patch(MARKETING, {"config": CONFIG})

    assert response.data["config"] == CONFIG
    assert fresh.get(f"/{MARKETING}").data["config"] == CONFIG


def test_merge_semantics_merge_config_into_stored_config(database: Path) -> None:
    with served(create_app(database, config_semantics="merge")) as api:
        response = api.patch(MARKETING, {"config": CONFIG})

        assert response.data["config"] == {
            "topicIds": [117805],
            "minScore": 70,
            "maxScore": 100,
            "minTopicOverlap": 1,
            "filters": {
                "companyIndustry": ["software development"],
                "seniority": ["manager"],
                "companySize": ["101 to 250", "251 to 500", "501 to 1000"],
                "hasBusinessEmail": True,
            },
        }
        assert api.get(f"/{MARKETING}").data["config"] == response.data["config"]


def test_merge_semantics_merge_fields_of_a_filter(database: Path) -> None:
    def filters(value: object) -> dict[str, object]:
        return {"config": {"topicIds": [117805], "filters": {"role.seniority": value}}}

    with served(create_app(database, generation=2, config_semantics="merge")) as api:
        api.patch(MARKETING, filters({"values": ["vp"], "operator": "contains"}))
        response = api.patch(MARKETING, filters({"values": ["director"]}))

        stored = response.data["config"]["filters"]["role.seniority"]
        assert stored == {"values": ["director"], "operator": "contains"}


def test_size_changes_with_config_and_not_otherwise(fresh: Api) -> None:
    size = fresh.get(f"/{MARKETING}").data["audienceSize"]
    assert size > 0

    assert fresh.patch(MARKETING, {"name": "x", "status": "paused"}).data["audienceSize"] == size
    assert fresh.patch(MARKETING, {"config": {"topicIds": [117805]}}).data["audienceSize"] > size
    assert fresh.patch(MARKETING, {"config": CONFIG, "audienceSize": 7}).data["audienceSize"] == 7
    assert fresh.get(f"/{MARKETING}").data["audienceSize"] == 7


def test_change_advances_updated_at_and_no_other_time(fresh: Api) -> None:
    before = fresh.get(f"/{MARKETING}").data
    moments = [before["updatedAt"]]
    moments += [fresh.patch(MARKETING, {"name": "x"}).data["updatedAt"] for _ in range(5)]
    after = fresh.get(f"/{MARKETING}").data

    assert moments == sorted(set(moments))
    assert after["updatedAt"] == moments[-1]
    assert after["createdAt"] == before["createdAt"]
    assert after["lastRefreshedAt"] == before["lastRefreshedAt"]


def test_activating_absent_audience_is_404_and_changes_nothing(fresh: Api) -> None:
    assert fresh.patch(ABSENT, ACTIVATE).error == (404, "NOT_FOUND")
    assert len(fresh.get().data) == 17


def test_fifty_changes_at_once_all_happen(fresh: Api) -> None:
    names = {f"Name {number}" for number in range(50)}
    with ThreadPoolExecutor(50) as pool:
        responses = list(pool.map(lambda name: fresh.patch(MARKETING, {"name": name}), names))

    assert {response.data["name"] for response in responses} == names
    last = max(responses, key=lambda response: response.data["updatedAt"])
    assert len({response.data["updatedAt"] for response in responses}) == 50
    assert fresh.get(f"/{MARKETING}").data["name"] == last.data["name"]


def test_changes_at_once_of_different_fields_lose_none(fresh: Api) -> None:
    bodies = [{"name": "x"}, {"status": "paused"}, {"config": CONFIG}]
    with ThreadPoolExecutor(3) as pool:
        assert {
            response.status for response in pool.map(lambda body: fresh.patch(MARKETING, body), bodies)
        } == {200}

    data = fresh.get(f"/{MARKETING}").data
    assert (data["name"], data["status"], data["config"]) == ("x", "paused", CONFIG)


def test_one_free_slot_is_taken_once_whoever_asks(database: Path) -> None:
    with served(create_app(database, slots=11)) as one, served(create_app(database, slots=11)) as other:
        waiting = [item["id"] for item in one.get().data if item["status"] != "active"]
        asked = [(api, audience_id) for audience_id in waiting for api in (one, other)]
        with ThreadPoolExecutor(len(asked)) as pool:
            responses = list(pool.map(lambda each: each[0].patch(each[1], ACTIVATE), asked))

        winners = {response.data["id"] for response in responses if response.status == 200}
        assert len(winners) == 1
        assert {response.error for response in responses if response.status != 200} == {(403, "SLOTS_FULL")}
        assert _active(one) == 11
