"""The catalogue and the topics on the wire: both generations, and what is not as the contract says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from reconciler.api import catalogue, topics
from reconciler.errors import ApiContractError
from reconciler.model import Catalogue, Filter

if TYPE_CHECKING:
    from reconciler.api.client import ReadClient
    from reconciler.model import Json


class Source:
    """What a client's reads give."""

    def __init__(self, document: Json) -> None:
        self._document = document

    async def get_reference(self, _: str) -> Json:
        return self._document


def client(data: Any) -> ReadClient:
    return cast("ReadClient", Source({"data": data}))


def fetched(data: Any) -> Catalogue:
    return asyncio.run(catalogue.fetch(client(data), {}))


def test_groups_are_read_without_what_is_odd() -> None:
    one = {"key": "a", "type": "multi_select", "operators": ["is"], "values": [{"value": "x"}, {"value": 3}]}
    groups = [{"filters": [one]}, {"filters": [{"key": "b", "type": None}]}]
    version = {"status": "static_fallback", "catalogVersion": "7", "buildDate": 4}
    assert fetched({"version": version, "groups": groups}) == Catalogue(
        2, {"a": Filter("multi_select", ("is",), ("x",)), "b": Filter()}, {}, is_fallback=True, version="7"
    )


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "data is not an object"),
        ({"seniority": "vp"}, "data.seniority is not a list"),
        ({"groups": {}}, "data.groups is not a list"),
        ({"groups": [1]}, "data.groups[0] is not an object"),
        ({"groups": [{"filters": [{}]}]}, "data.groups[0].filters[0].key is not text"),
        ({"groups": [{"filters": [{"key": "a", "values": 3}]}]}, "filters[0].values is not a list"),
    ],
)
def test_catalogue_of_another_shape_is_named(data: Any, place: str) -> None:
    with pytest.raises(ApiContractError) as raised:
        fetched(data)
    assert place in raised.value.summary


@pytest.mark.parametrize(
    ("data", "place"),
    [({}, "data is not a list"), ([{"topicId": "1", "topicName": "a"}], "data[0] is not a topic")],
)
def test_topics_of_another_shape_are_named(data: Any, place: str) -> None:
    with pytest.raises(ApiContractError) as raised:
        asyncio.run(topics.fetch(client(data)))
    assert place in raised.value.summary


def test_topics_are_sorted_and_need_only_names() -> None:
    data = [{"topicId": 2, "topicName": "b", "type": None}, {"topicId": 1, "topicName": "a", "type": "b2b"}]
    assert asyncio.run(topics.fetch(client(data))) == (topics.Topic(1, "a", "b2b"), topics.Topic(2, "b"))
