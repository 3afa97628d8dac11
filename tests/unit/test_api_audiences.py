from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import schema
from reconciler.api import audiences
from reconciler.api.client import ReadClient
from reconciler.errors import ApiContractError, ApiRejected
from reconciler.model import Audience, ListedAudience, to_json
from tests.doubles.peer import Fault
from tests.unit.applying import (
    ROUTE,
    A,
    B,
    C,
    D,
    audience,
    calls,
    connection,
    ident,
    live_audiences,
    run,
    serving,
    simulated,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.doubles.peer import Peer
    from tests.unit.applying import Host

ABSENT = ident(99)
SECOND = {
    "topicIds": [117805],
    "filters": {
        "company.industries": {
            "values": ["software development", "banking"],
            "operator": "contains",
            "mode": "any",
        },
        "role.isDecisionMaker": True,
    },
}


def fetched(host: Host, wanted: Collection[str]) -> audiences.LiveState:
    async def fetch() -> audiences.LiveState:
        async with ReadClient(connection(host, {})) as reader:
            return await audiences.fetch(reader, wanted, schema.rules())

    return run(host, fetch())


def read(host: Host, one: str = A) -> Audience | None:
    async def fetch() -> Audience | None:
        async with ReadClient(connection(host, {})) as reader:
            return await audiences.fetch_one(reader, one, schema.rules())

    return run(host, fetch())


def targets(peer: Peer) -> list[str]:
    return [entry.target.removeprefix(ROUTE) for entry in peer.log]


def fields(audience: Audience | None) -> Any:
    assert audience is not None
    return to_json(audience.fields)


def test_the_first_generation_is_read_in_one_call() -> None:
    held = [audience(1, "active"), audience(2), audience(3, "active", name="Grüße")]
    with serving(holds=held) as (peer, url):
        state = fetched(url, [B, A])
    assert targets(peer) == [""]
    assert list(state.audiences) == [B, A]
    assert state.audiences[A] == Audience(
        A,
        {
            "name": "Audience 1",
            "status": "active",
            "config": {
                "topicIds": frozenset({117805, 117890}),
                "minScore": 60,
                "filters": {"seniority": frozenset({"vp"}), "gender": "f"},
            },
        },
        {"config.topicIds": {"117805": "Topic 117805", "117890": "Topic 117890"}},
    )
    assert state.others == (ListedAudience(C, "Grüße", "active"),)
    assert state.active == 2


def test_the_second_generation_is_read_audience_by_audience() -> None:
    held = [audience(1, "active", config=SECOND), audience(2, "active"), audience(3)]
    with serving(holds=held, generation=2) as (peer, url):
        state = fetched(url, [A, C])
    assert targets(peer)[0] == ""
    assert sorted(targets(peer)[1:]) == [f"/{A}", f"/{C}"]
    config = state.audiences[A].fields["config"]
    assert isinstance(config, dict)
    assert config["filters"] == {
        "company.industries": {
            "values": frozenset({"software development", "banking"}),
            "operator": "contains",
            "mode": "any",
        },
        "role.isDecisionMaker": True,
    }
    assert state.others == (ListedAudience(B, "Audience 2", "active"),)
    assert state.active == 2


@pytest.mark.parametrize("generation", [1, 2])
def test_a_cursor_is_followed_to_the_end(generation: int) -> None:
    with serving(holds=live_audiences(5), generation=generation, page_size=2) as (peer, url):
        state = fetched(url, [ident(5)])
    pages = [target for target in targets(peer) if not target.startswith("/")]
    assert pages == ["", f"?cursor={B}&limit=100", f"?cursor={D}&limit=100"]
    assert list(state.audiences) == [ident(5)]
    assert [other.id for other in state.others] == [A, B, C, D]


@pytest.mark.parametrize("size", [1, audiences.MAX_CURSOR])
def test_shortest_and_longest_cursor_are_followed(size: int) -> None:
    cursor = "x" * size
    first = Fault("body", text=json.dumps({"data": [{"id": A}], "meta": {"nextCursor": cursor}}))
    last = Fault("body", text=json.dumps({"data": [{"id": B}]}), nth=2)
    with serving(first, last) as (peer, url):
        state = fetched(url, [])
    assert targets(peer) == ["", f"?cursor={cursor}&limit=100"]
    assert [other.id for other in state.others] == [A, B]


def test_repeated_cursor_ends_the_list() -> None:
    with serving(Fault("value", path="meta.nextCursor", value=A, times=None), page_size=1) as (peer, url):
        peer.inject(Fault("value", path="meta.hasMore", value=True, times=None))
        with pytest.raises(ApiContractError, match=f"GET {ROUTE}: the list never ends"):
            fetched(url, [A])
    assert calls(peer) == ["GET", "GET"]


def test_endless_list_ends_after_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert audiences.MAX_PAGES == 1000
    monkeypatch.setattr(audiences, "MAX_PAGES", 3)
    with serving(page_size=1) as (peer, url), pytest.raises(ApiContractError, match="the list never ends"):
        fetched(url, [A])
    assert calls(peer) == ["GET"] * 3


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("meta.nextCursor", 7, "meta.nextCursor is not text of 1 to 1000 characters"),
        ("meta.nextCursor", "", "meta.nextCursor is not text of 1 to 1000 characters"),
        ("meta.nextCursor", "x" * 1001, "meta.nextCursor is not text of 1 to 1000 characters"),
        ("meta.nextCursor", None, "meta.nextCursor is not text of 1 to 1000 characters"),
        ("meta", ["x"], "meta is not an object"),
        ("data", None, "data is not a list"),
        ("data", {"id": A}, "data is not a list"),
        ("data", [None], "data[0] is not an object"),
        ("data", [{"id": A}, "x"], "data[1] is not an object"),
        ("data", [{}], "data[0].id is not a UUID"),
        ("data", [{"id": 7}], "data[0].id is not a UUID"),
        ("data", [{"id": "../x"}], "data[0].id is not a UUID"),
    ],
)
def test_malformed_list_names_the_place(path: str, value: Any, said: str) -> None:
    with (
        serving(Fault("value", path=path, value=value), page_size=1) as (_, url),
        pytest.raises(ApiContractError) as caught,
    ):
        fetched(url, [A])
    assert caught.value.summary == f"GET {ROUTE}: {said}, as the contract says"
    assert caught.value.detail == "Report this to the vendor"


@pytest.mark.parametrize("text", ["null", "[]", '"data"', "7", "{}"])
def test_list_of_another_shape_is_contract_error(text: str) -> None:
    with serving(Fault("body", text=text)) as (_, url), pytest.raises(ApiContractError) as caught:
        fetched(url, [A])
    said = "data is not a list" if text == "{}" else "the response is not an object"
    assert caught.value.summary == f"GET {ROUTE}: {said}, as the contract says"


WRONG = [
    ("name", 7, "text"),
    ("status", ["active"], "text"),
    ("config", "x", "an object"),
    ("config", [1], "an object"),
    ("audienceSize", "12", "a whole number"),
    ("audienceSize", 12.0, "a whole number"),
    ("audienceSize", True, "a whole number"),
    ("config.topicIds", 117805, "a list of its kind of values"),
    ("config.topicIds", ["117805"], "a list of its kind of values"),
    ("config.topicIds", [117805, True], "a list of its kind of values"),
    ("config.topicIds", [117805, None], "a list of its kind of values"),
    ("config.minScore", "70", "a whole number"),
    ("config.minScore", 70.0, "a whole number"),
    ("config.minScore", True, "a whole number"),
    ("config.filters", ["x"], "an object"),
    ("config.filters.seniority", "vp", "a list of its kind of values"),
    ("config.filters.seniority", [["vp"]], "a list of its kind of values"),
    ("config.filters.hasPhone", 1, "true or false"),
    ("config.filters.gender", ["f"], "text"),
    ("config.sourceUrl", 5, "text"),
]


@pytest.mark.parametrize(("path", "value", "due"), WRONG, ids=str)
def test_wrong_type_in_one_audience_names_the_place(path: str, value: Any, due: str) -> None:
    with (
        serving(Fault("value", path=f"data.{path}", value=value)) as (_, url),
        pytest.raises(ApiContractError) as caught,
    ):
        read(url)
    assert caught.value.summary == f"GET {ROUTE}/{A}: data.{path} is not {due}, as the contract says"


@pytest.mark.parametrize(("path", "value", "due"), [one for one in WRONG if one[0] != "config"])
def test_wrong_type_in_the_list_names_the_item(path: str, value: Any, due: str) -> None:
    with (
        serving(Fault("value", path=f"data.{path}", value=value, route="list")) as (_, url),
        pytest.raises(ApiContractError) as caught,
    ):
        fetched(url, [B])
    assert caught.value.summary == f"GET {ROUTE}: data[1].{path} is not {due}, as the contract says"


def test_wrong_type_read_by_id_names_its_route() -> None:
    wrong = Fault("value", path="data.config.minScore", value="x", id=B)
    with serving(wrong, generation=2) as (_, url), pytest.raises(ApiContractError) as caught:
        fetched(url, [A, B])
    assert caught.value.summary.startswith(f"GET {ROUTE}/{B}: data.config.minScore is not a whole number")


def test_second_generation_filter_requires_types_of_its_parts() -> None:
    held = [audience(1, config=SECOND)]
    path = "config.filters.company.industries.values"
    wrong = {**SECOND, "filters": {"company.industries": {"values": "banking"}}}
    with (
        serving(Fault("value", path="data.config", value=wrong), holds=held) as (_, url),
        pytest.raises(ApiContractError) as caught,
    ):
        read(url)
    assert (
        caught.value.summary
        == f"GET {ROUTE}/{A}: data.{path} is not a list of its kind of values, as the contract says"
    )


def test_unmanaged_audience_may_have_any_types() -> None:
    odd = [
        Fault("value", path="data.name", value=7, route="list"),
        Fault("value", path="data.status", value=["x"], route="list"),
        Fault("value", path="data.topics", value="x", route="list"),
        Fault("value", path="data.config", value=7, route="list"),
    ]
    with serving(*odd, holds=live_audiences(2)) as (peer, url):
        state = fetched(url, [A])
    assert state.others == (ListedAudience(B, "", ""),)
    # Its config was no config: that is read afresh, by its id.
    assert targets(peer) == ["", f"/{A}"]
    assert fields(state.audiences[A])["name"] == "Audience 1"


def test_topics_of_any_shape_give_known_names() -> None:
    topics = [
        {"id": 117805, "name": "Marketing ROI"},
        {"id": 117890, "name": 5},
        "x",
        None,
        {"name": "No id"},
    ]
    with serving(Fault("value", path="data.topics", value=topics, route="list")) as (_, url):
        state = fetched(url, [A])
    assert state.audiences[A].names["config.topicIds"] == {"117805": "Marketing ROI"}


def test_topic_names_are_shared_among_audiences() -> None:
    other = {"topicIds": [102391]}
    with serving(holds=[audience(1), audience(2, config=other)]) as (_, url):
        state = fetched(url, [A])
    assert state.audiences[A].names["config.topicIds"]["102391"] == "Topic 102391"


def test_null_means_absent() -> None:
    nulls = {"topicIds": [1], "minScore": None, "filters": None, "sourceUrl": None, "later": None}
    with serving(holds=[audience(1, config=nulls), audience(2, config=None)]) as (_, url):
        state = fetched(url, [A, B])
    assert fields(state.audiences[A])["config"] == {"topicIds": [1]}
    assert "config" not in state.audiences[B].fields
    assert "audienceSize" not in state.audiences[A].fields


def test_empty_filters_are_absent_empty_config_is_not() -> None:
    with serving(holds=[audience(1, config={"topicIds": [1], "filters": {}}), audience(2, config={})]) as (
        _,
        url,
    ):
        state = fetched(url, [A, B])
    assert fields(state.audiences[A])["config"] == {"topicIds": [1]}
    assert fields(state.audiences[B])["config"] == {}


def test_unknown_keys_are_kept_only_inside_config() -> None:
    with serving(Fault("unknown_fields", route="one")) as (_, url):
        found = fields(read(url))
    assert found["config"]["x_config"] == {"new": True}
    assert set(found) == {"name", "status", "config"}


@pytest.mark.parametrize("generation", [1, 2])
def test_audience_missing_from_list_is_read_by_id(generation: int) -> None:
    for fault in (Fault("partial_list", ids=(B,)), Fault("empty_list")):
        with serving(fault, generation=generation) as (peer, url):
            state = fetched(url, [A, B])
        assert sorted(state.audiences) == [A, B]
        assert f"/{B}" in targets(peer)


@pytest.mark.parametrize("generation", [1, 2])
def test_audience_is_missing_once_its_get_is_404(generation: int) -> None:
    with serving(generation=generation) as (peer, url):
        state = fetched(url, [A, ABSENT])
    assert list(state.audiences) == [A]
    assert f"/{ABSENT}" in targets(peer)


def test_audience_deleted_after_the_list_is_missing() -> None:
    with serving(Fault("status", status=404, id=B), generation=2) as (_, url):
        state = fetched(url, [A, B])
    assert list(state.audiences) == [A]
    assert B not in {other.id for other in state.others}


def test_unreadable_audience_is_an_error_not_missing() -> None:
    with (
        serving(Fault("status", status=500, id=B, times=None), Fault("empty_list")) as (_, url),
        pytest.raises(ApiRejected) as caught,
    ):
        fetched(url, [A, B, C])
    assert (caught.value.status, caught.value.path) == (500, f"{ROUTE}/{B}")


def test_response_with_another_id_is_contract_error() -> None:
    with (
        serving(Fault("value", path="data.id", value=B)) as (_, url),
        pytest.raises(ApiContractError) as caught,
    ):
        read(url)
    assert (
        caught.value.summary
        == f"GET {ROUTE}/{A}: data.id is not the id that was asked for, as the contract says"
    )


@pytest.mark.parametrize(
    "spelled", [str.upper, lambda one: "{" + one + "}", lambda one: one.replace("-", "")]
)
def test_an_id_is_the_same_in_every_spelling(spelled: Any) -> None:
    with serving(Fault("value", path="data.id", value=spelled(A))) as (_, url):
        found = read(url)
    assert found is not None
    assert found.id == A


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "the response is not an object"),
        ("{}", "data is not an object"),
        ('{"data": []}', "data is not an object"),
        ('{"data": {}}', "data.id is not a UUID"),
    ],
)
def test_malformed_audience_names_the_place(text: str, said: str) -> None:
    with serving(Fault("body", text=text)) as (_, url), pytest.raises(ApiContractError) as caught:
        read(url)
    assert caught.value.summary == f"GET {ROUTE}/{A}: {said}, as the contract says"


def test_an_absent_audience_is_none() -> None:
    with serving() as (_, url):
        assert read(url, ABSENT) is None


def test_at_most_eight_audiences_are_read_at_once() -> None:
    held = live_audiences(20)
    slow = Fault("delay", seconds=2, route="one", times=None)
    _, host = simulated(slow, holds=held, generation=2)
    state = fetched(host, [one["id"] for one in held])
    assert len(state.audiences) == 20
    assert audiences.MAX_CONCURRENT == 8
    assert [one.seconds for one in host.arrivals[1:]] == [0] * 8 + [2] * 8 + [4] * 4


def test_the_first_read_that_fails_ends_the_others() -> None:
    held = live_audiences(20)
    slow = [Fault("delay", seconds=2, id=one["id"]) for one in held[1:]]
    _, host = simulated(Fault("status", status=403, id=A), *slow, holds=held, generation=2)
    with pytest.raises(ApiRejected) as caught:
        fetched(host, [one["id"] for one in held])
    assert (caught.value.status, caught.value.__cause__) == (403, None)
    # The list, eight at once, and at most the one whose turn it was next.
    assert len(host.arrivals) <= 1 + audiences.MAX_CONCURRENT + 1


def test_rules_name_every_type_that_is_required() -> None:
    kinds = {rule.kind for rule in schema.rules().values()}
    assert kinds <= {*audiences._TYPES, "set"}
    assert kinds <= set(audiences._KINDS)
