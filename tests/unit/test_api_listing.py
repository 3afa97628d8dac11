from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from reconciler import schema
from reconciler.api import audiences, listing
from reconciler.api.client import MAX_BYTES, ReadClient
from reconciler.api.connection import Connection
from reconciler.errors import ApiContractError, ApiRejected, ApiUnreachable
from reconciler.secret import Secret
from tests.doubles.peer import Fault
from tests.unit.applying import KEY, ROUTE, TIMING, A, B, C, D, ident, live_audiences, serving
from tests.unit.test_api_audiences import fetched, targets
from tests.unit.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Query = dict[str, str]
TOO_LONG = "it is over 10 MiB in one piece, and the API does not send it in smaller ones"


@dataclass
class Api:
    """An API in this process that pages its list in a way of its own; `asked` are the queries that it got."""

    items: list[dict[str, Any]]
    most: int | None = None  # items of a page, whatever is asked for
    takes_limit: bool = True
    takes_offset: bool = True
    refuses: Mapping[str, int] = field(default_factory=dict)  # statuses by what a query holds
    marks: bool = False
    padding: int = 0  # bytes of each item
    seconds: float = 0
    asked: list[Query] = field(default_factory=list)

    def answer(self, query: Query) -> tuple[int, Any]:
        asked = {f"{key}={value}" for key, value in query.items()} | {*query, ""}
        for held, status in self.refuses.items():
            if held in asked:
                return status, {"message": "unknown query"}
        start = int(query.get("offset", 0)) if self.takes_offset else 0
        limits = [self.most, int(query["limit"]) if self.takes_limit and "limit" in query else None]
        end = start + min([limit for limit in limits if limit is not None], default=len(self.items))
        document: dict[str, Any] = {"data": self.items[start:end]}
        if self.marks:
            document["meta"] = {"hasMore": end < len(self.items)}
        return 200, document

    async def app(self, scope: Any, _receive: Any, send: Any) -> None:
        await asyncio.sleep(self.seconds)
        one = scope["path"].removeprefix(f"{ROUTE}/")
        if one != scope["path"]:
            found = [item for item in self.items if item["id"] == one]
            status, document = (200, {"data": found[0]}) if found else (404, {})
        else:
            query = dict(parse_qsl(scope["query_string"].decode()))
            self.asked.append(query)
            status, document = self.answer(query)
        body = json.dumps(document).encode() + b" " * self.padding * len(document.get("data", ""))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})


def read(api: Api, wanted: Collection[str] = ()) -> audiences.LiveState:
    async def fetch() -> audiences.LiveState:
        async with ReadClient(Connection("https://api.test", Secret(KEY), TIMING, api.app)) as reader:
            return await audiences.fetch(reader, wanted, schema.rules())

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(fetch())


def offsets(api: Api) -> list[int]:
    assert all(one.get("limit") == "100" for one in api.asked)
    return [int(one.get("offset", 0)) for one in api.asked]


@pytest.mark.parametrize(
    ("count", "how", "asked"),
    [
        (0, {}, [0]),
        (7, {}, [0]),
        (99, {}, [0]),
        (100, {}, [0, 100]),
        (250, {}, [0, 100, 200]),
        (300, {}, [0, 100, 200, 300]),
        (25, {}, [0, 25]),
        (60, {"most": 25}, [0, 25, 50]),
        (75, {"most": 25, "takes_limit": False}, [0, 25, 50, 75]),
        # Longer than was asked for: an API that takes no limit gives the whole list.
        (101, {"takes_limit": False, "takes_offset": False}, [0]),
        (250, {"takes_limit": False, "takes_offset": False}, [0]),
        # The end is marked, or that there is more.
        (100, {"marks": True}, [0]),
        (60, {"marks": True, "most": 20}, [0, 20, 40]),
    ],
)
def test_whole_list_is_read_without_doubt(count: int, how: Any, asked: list[int]) -> None:
    api = Api(live_audiences(count), **how)
    state = read(api)
    assert (offsets(api), len(state.others), state.doubt) == (asked, count, "")


@pytest.mark.parametrize(
    ("count", "how", "asked", "doubt"),
    [
        (
            100,
            {"takes_offset": False},
            [0, 100],
            "it has exactly 100 audiences, and the API sends the same page again",
        ),
        (
            25,
            {"takes_limit": False, "takes_offset": False},
            [0, 25],
            "it has exactly 25 audiences, and the API sends the same page again",
        ),
        (
            150,
            {"refuses": {"offset": 400}},
            [0, 100],
            "it has exactly 100 audiences, and the API refuses to send more",
        ),
        (
            150,
            {"refuses": {"offset": 404}},
            [0, 100],
            "it has exactly 100 audiences, and the API refuses to send more",
        ),
        (
            60,
            {"marks": True, "most": 20, "takes_offset": False},
            [0, 20],
            "the API says that there is more, and the API sends the same page again",
        ),
    ],
)
def test_list_that_may_be_short_says_so(count: int, how: Any, asked: list[int], doubt: str) -> None:
    api = Api(live_audiences(count), **how)
    state = read(api, [ident(count)])
    assert (offsets(api), state.doubt) == (asked, doubt)
    assert list(state.audiences) == [ident(count)]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_failure_of_later_page_is_an_error(status: int) -> None:
    with pytest.raises(ApiRejected) as caught:
        read(Api(live_audiences(150), refuses={"offset": status}))
    assert caught.value.status == status


def test_refused_limit_is_made_smaller_and_left_out() -> None:
    smaller = Api(live_audiences(30), refuses={"limit=100": 422})
    assert len(read(smaller).others) == 30
    assert smaller.asked == [{"limit": "100"}, {"limit": "25"}, {"limit": "25", "offset": "25"}]
    without = Api(live_audiences(30), refuses={"limit": 400})
    assert len(read(without).others) == 30
    assert without.asked == [{"limit": "100"}, {"limit": "25"}, {}]
    with pytest.raises(ApiRejected, match="unknown query"):
        read(Api([], refuses={"": 400}))


def test_too_long_list_is_read_in_smaller_pages() -> None:
    api = Api(live_audiences(60), padding=MAX_BYTES // 30)
    state = read(api, [ident(60)])
    assert (len(state.others), state.doubt) == (59, "")
    assert [(one["limit"], one.get("offset")) for one in api.asked] == [
        ("100", None), ("25", None), ("25", "25"), ("25", "50")
    ]  # fmt: skip


def test_later_page_too_long_is_made_smaller() -> None:
    api = Api(live_audiences(110), padding=1)
    api.items[100]["x"] = "x" * (MAX_BYTES * 3 // 4)
    api.items[104]["x"] = "x" * (MAX_BYTES * 3 // 4)
    api.items[105]["x"] = "x" * (MAX_BYTES // 4)
    state = read(api)
    assert (len(state.others), state.doubt) == (100, TOO_LONG)
    api.items[104]["x"] = ""
    assert (len((state := read(api)).others), state.doubt) == (110, "")


def test_too_long_unpaged_list_leaves_defined_audiences() -> None:
    api = Api(live_audiences(60), padding=MAX_BYTES // 30, takes_limit=False)
    state = read(api, [A, B])
    assert [list(state.audiences), state.others, state.active] == [[A, B], (), 0]
    assert state.doubt == TOO_LONG
    assert [one["limit"] for one in api.asked] == ["100", "25", "5"]


def test_list_over_its_bytes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listing.MAX_BYTES == 64 * 1024**2
    monkeypatch.setattr(listing, "MAX_BYTES", 1024**2)
    api = Api(live_audiences(1000), padding=4000)
    with pytest.raises(ApiContractError) as caught:
        read(api)
    assert caught.value.summary == f"GET {ROUTE}: the list is over 1 MiB"
    assert "Ask the vendor how many audiences" in caught.value.detail
    assert len(api.asked) == 3


def test_list_over_its_audiences_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listing.MAX_AUDIENCES == 100_000
    monkeypatch.setattr(listing, "MAX_AUDIENCES", 150)
    assert len(read(Api(live_audiences(150))).others) == 150
    with pytest.raises(ApiContractError, match="the list has over 150 audiences"):
        read(Api(live_audiences(151)))


def test_list_over_its_time_is_an_error() -> None:
    assert listing.MAX_SECONDS == 300
    api = Api(live_audiences(3000), seconds=20)
    with pytest.raises(ApiUnreachable) as caught:
        read(api)
    assert caught.value.summary == f"GET {ROUTE}: the list could not be read to its end within 300 seconds"
    assert len(api.asked) == 14  # the fifteenth would have come at the last moment


def test_endless_list_ends_after_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listing.MAX_PAGES == 1000
    monkeypatch.setattr(listing, "MAX_PAGES", 3)
    api = Api(live_audiences(400))
    with pytest.raises(ApiContractError, match="the list never ends"):
        read(api)
    assert offsets(api) == [0, 100, 200]


@pytest.mark.parametrize("spelled", [str, str.upper])
def test_item_that_comes_twice_alike_is_one(spelled: Any) -> None:
    held = live_audiences(3)
    again = {**held[1], "id": spelled(B), "audienceSize": 7, "updatedAt": "2026-11-27T00:00:00Z"}
    again["config"] = {**again["config"], "topicIds": again["config"]["topicIds"][::-1]}
    assert [one.id for one in read(Api([*held, again])).others] == [A, B, C]


@pytest.mark.parametrize("change", [{"name": "Other"}, {"status": "active"}, {"config": {"topicIds": [1]}}])
@pytest.mark.parametrize("wanted", [[], [B]])
def test_one_id_with_two_contents_is_error(change: Any, wanted: list[str]) -> None:
    held = live_audiences(3)
    with pytest.raises(ApiContractError) as caught:
        read(Api([*held, {**held[1], **change}]), wanted)
    assert caught.value.summary == f"GET {ROUTE}: data[3]: audience {B} came before with other content"
    assert caught.value.detail == "Try again; if it stays so, report this to the vendor"


@pytest.mark.parametrize("generation", [1, 2])
def test_a_cursor_is_followed_to_the_end(generation: int) -> None:
    with serving(holds=live_audiences(5), generation=generation, page_size=2) as (peer, url):
        state = fetched(url, [ident(5)])
    pages = [target for target in targets(peer) if not target.startswith("/")]
    assert pages == ["?limit=100", f"?cursor={B}&limit=100", f"?cursor={D}&limit=100"]
    assert list(state.audiences) == [ident(5)]
    assert [other.id for other in state.others] == [A, B, C, D]
    assert state.doubt == ""


@pytest.mark.parametrize("size", [1, listing.MAX_CURSOR])
def test_shortest_and_longest_cursor_are_followed(size: int) -> None:
    cursor = "x" * size
    first = Fault("body", text=json.dumps({"data": [{"id": A}], "meta": {"nextCursor": cursor}}))
    last = Fault("body", text=json.dumps({"data": [{"id": B}]}), nth=2)
    with serving(first, last) as (peer, url):
        state = fetched(url, [])
    assert targets(peer) == ["?limit=100", f"?cursor={cursor}&limit=100"]
    assert [other.id for other in state.others] == [A, B]


def test_more_without_a_way_there_is_doubt() -> None:
    first = Fault("body", text=json.dumps({"data": [{"id": A}], "meta": {"nextCursor": "x"}}))
    last = Fault("body", text=json.dumps({"data": [{"id": B}], "meta": {"hasMore": True}}), nth=2)
    empty = Fault("body", text=json.dumps({"data": [], "meta": {"hasMore": True}}))
    for faults in ([first, last], [empty]):
        with serving(*faults) as (_, url):
            assert fetched(url, []).doubt == "the API says that there is more, and not where"


def test_repeated_cursor_ends_the_list() -> None:
    with serving(Fault("value", path="meta.nextCursor", value=A, times=None), page_size=1) as (peer, url):
        peer.inject(Fault("value", path="meta.hasMore", value=True, times=None))
        with pytest.raises(ApiContractError, match=f"GET {ROUTE}: the list never ends"):
            fetched(url, [A])
    assert [entry.method for entry in peer.log] == ["GET", "GET"]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("meta.nextCursor", 7, "meta.nextCursor is not text of 1 to 1000 characters"),
        ("meta.nextCursor", "", "meta.nextCursor is not text of 1 to 1000 characters"),
        ("meta.nextCursor", "x" * 1001, "meta.nextCursor is not text of 1 to 1000 characters"),
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
