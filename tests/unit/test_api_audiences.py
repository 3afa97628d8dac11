from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler import schema
from reconciler.api import audiences, documents
from reconciler.api.client import MAX_BYTES, ReadClient
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
LIST = "?limit=100"
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


def read(host: Host, one: str = A, needed: Collection[str] | None = None) -> Audience | None:
    async def fetch() -> Audience | None:
        async with ReadClient(connection(host, {})) as reader:
            return await audiences.fetch_one(reader, one, schema.rules(), needed)

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
    assert targets(peer) == [LIST]
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
        updated_at="2026-01-05T08:00:00Z",
    )
    assert state.others == (ListedAudience(C, "Grüße", "active"),)
    assert state.active == 2


def test_the_second_generation_is_read_audience_by_audience() -> None:
    held = [audience(1, "active", config=SECOND), audience(2, "active"), audience(3)]
    with serving(holds=held, generation=2) as (peer, url):
        state = fetched(url, [A, C])
    assert targets(peer)[0] == LIST
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
def test_odd_field_in_the_list_hinders_nobody_else(path: str, value: Any, due: str) -> None:
    with serving(Fault("value", path=f"data.{path}", value=value, route="list")) as (_, url):
        state = fetched(url, [B])
    field = path.partition(".")[0]
    assert state.audiences[B].unreadable == {
        field: f"GET {ROUTE}: data[1].{path} is not {due}, as the contract says"
    }
    assert {"name", "status", "config"} - {field} == state.audiences[B].fields.keys()
    assert [other.id for other in state.others] == [A, C, D]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Fault("value", path="data.config.minScore", value="x", id=B), "data.config.minScore is not a whole"),
        (Fault("body", text='{"data": []}', id=B), "data is not an object, as the contract says"),
        (Fault("value", path="data.id", value=A, id=B), "data.id is not the id that was asked for"),
    ],
)
def test_odd_audience_read_by_id_hinders_nobody_else(fault: Fault, problem: str) -> None:
    with serving(fault, generation=2) as (_, url):
        state = fetched(url, [A, B])
    assert state.audiences[A].unreadable == {}
    assert state.audiences[B].unreadable["config"].startswith(f"GET {ROUTE}/{B}: {problem}")
    assert "config" not in state.audiences[B].fields


def test_too_long_response_is_that_audience_alone() -> None:
    with serving(Fault("huge", size=MAX_BYTES + 1, id=B), generation=2) as (_, url):
        state = fetched(url, [A, B])
    assert state.audiences[A].unreadable == {}
    assert state.audiences[B].unreadable["name"] == "the API's response is over 10 MiB"


@pytest.mark.parametrize(("needed", "is_read"), [(["name"], True), (["name", "config"], False)])
def test_odd_field_matters_only_where_needed(needed: list[str], *, is_read: bool) -> None:
    with serving(Fault("value", path="data.config.minScore", value="x")) as (_, url):
        if is_read:
            assert set(fields(read(url, A, needed))) == {"name", "status"}
            return
        with pytest.raises(ApiContractError, match="minScore is not a whole number"):
            read(url, A, needed)


NESTED = {
    "role": {"isDecisionMaker": True, "xNew": 1},
    "company": {"industries": ["software development", "banking"], "industriesMode": "any"},
    "state": "",
}


@pytest.mark.parametrize("generation", [1, 2])
def test_nested_filters_are_read_as_dotted(generation: int) -> None:
    held = [audience(1, config={"topicIds": [1], "filters": NESTED})]
    with serving(holds=held, generation=generation) as (_, url):
        found = fetched(url, [A]).audiences[A], read(url)
    for one in found:
        assert fields(one)["config"]["filters"] == {
            "role.isDecisionMaker": True,
            "role": {"xNew": 1},
            "company.industries": {"values": ["banking", "software development"], "mode": "any"},
        }


@pytest.mark.parametrize("filters", [{"jobTitle": {"include": ["x"], "new": 1}}, {"jobTitle": "CFO"}])
def test_job_title_is_text_or_group(filters: Any) -> None:
    with serving(holds=[audience(1, config={"topicIds": [1], "filters": filters})]) as (_, url):
        found = fields(read(url))["config"]["filters"]
    assert found["jobTitle"] in ("CFO", {"new": 1})


def test_both_forms_of_one_filter_are_unreadable() -> None:
    both = {"role": {"isDecisionMaker": True}, "role.isDecisionMaker": False}
    with serving(holds=[audience(1, config={"topicIds": [1], "filters": both}), audience(2)]) as (_, url):
        state = fetched(url, [A, B])
    assert state.audiences[B].unreadable == {}
    assert state.audiences[A].unreadable == {
        "config": f"GET {ROUTE}: data[0].config.filters: role.isDecisionMaker is there in two forms at once"
    }


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
    assert targets(peer) == [LIST, f"/{A}"]
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
    assert kinds <= {*documents._TYPES, "set"}
    assert kinds <= set(documents._KINDS)
