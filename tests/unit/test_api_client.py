from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any, cast

import pytest

from reconciler import __version__, tls
from reconciler.api.client import REFERENCES, Evaluation, ReadClient, WriteClient
from reconciler.api.connection import Connection, Timing
from reconciler.api.responses import Lost, Response
from reconciler.errors import ApiContractError, ApiError, ApiRejected, ApiUnreachable
from reconciler.sandbox import API_KEY
from reconciler.sandbox.app import create_app
from reconciler.secret import Secret
from tests.doubles.impostor import impostor
from tests.doubles.peer import Fault, OtherOrigin
from tests.unit.applying import CONFIG, KEY, ROUTE, A, B, C, calls, connection, ident, run, serving, simulated
from tests.unit.virtual_time import Arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.unit.applying import Host

RETRIED = (408, 429, 500, 502, 503, 504)
BODY = b'{"name": "New"}'
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def with_writer(host: Host, work: Callable[[WriteClient], Awaitable[Any]], **waits: float) -> Any:
    async def call() -> Any:
        async with WriteClient(connection(host, waits)) as writer:
            return await work(writer)

    return run(host, call())


def got(host: Host, one: str = A, **waits: float) -> Any:
    return with_writer(host, lambda writer: writer.get_one(one), **waits)


def patched(host: Host, one: str = A, **waits: float) -> Response | Lost:
    response: Response | Lost = with_writer(host, lambda writer: writer.patch(one, BODY), **waits)
    return response


@pytest.fixture
def longest_jitter(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Let chance fall out at its longest, and give the ranges that it was asked for."""
    asked: list[tuple[float, float]] = []

    def uniform(_: random.Random, low: float, high: float) -> float:
        asked.append((low, high))
        return high

    monkeypatch.setattr(random.Random, "uniform", uniform)
    return asked


def test_read_carries_key_in_one_header() -> None:
    with serving() as (peer, url):
        got(url)
    (entry,) = peer.log
    assert (entry.method, entry.target, entry.body) == ("GET", f"{ROUTE}/{A}", b"")
    assert [name for name, value in entry.headers if KEY in value] == ["X-API-Key"]
    assert entry.header("Accept") == "application/json"
    assert entry.header("Accept-Encoding") == "identity"
    assert entry.header("User-Agent") == f"audience-reconciler/{__version__}"
    assert entry.header("Content-Type") is None
    assert entry.header("Authorization") is None


def test_write_is_one_patch_with_given_bytes() -> None:
    with serving() as (peer, url):
        response = patched(url)
    (entry,) = peer.log
    assert (entry.method, entry.target, entry.body) == ("PATCH", f"{ROUTE}/{A}", BODY)
    assert entry.header("Content-Type") == "application/json"
    assert [name for name, value in entry.headers if KEY in value] == ["X-API-Key"]
    assert isinstance(response, Response)
    assert response.is_success
    assert isinstance(response.document, dict)


def test_read_client_has_no_write_method() -> None:
    verbs = {name for name in dir(ReadClient) if not name.startswith("_")}
    reads = {"get_one", "get_page", "get_reference", "search_topics", "evaluate"}
    assert verbs == {*reads, "back_off", "is_paused", "wait_while_paused"}
    assert {name for name in dir(WriteClient) if not name.startswith("_")} - verbs == {"patch"}


def test_routes_beside_the_audiences_are_asked_by_get() -> None:
    async def ask(writer: WriteClient) -> None:
        for what in REFERENCES:
            await writer.get_reference(what)
        await writer.search_topics("crm & sales", 50)

    with serving(Fault("body", text="{}", times=None)) as (peer, url):
        with_writer(url, ask)
    assert {entry.method for entry in peer.log} == {"GET"}
    assert [entry.target for entry in peer.log] == [
        *REFERENCES.values(), "/v1/intent/topics/search?q=crm%20%26%20sales&limit=50"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["validate", "preview"])
def test_config_is_evaluated_by_one_post(name: Evaluation) -> None:
    with serving(Fault("body", text='{"data": {}}'), generation=2) as (peer, url):
        response = with_writer(url, lambda writer: writer.evaluate(name, cast("Any", CONFIG)))
    (entry,) = peer.log
    assert (entry.method, entry.target) == ("POST", f"{ROUTE}/{name}")
    assert entry.body == json.dumps(CONFIG, sort_keys=True).encode()
    assert entry.header("Content-Type") == "application/json"
    assert response.document == {"data": {}}


@pytest.mark.parametrize("name", ["", "../../../v1/keys", "x?y=1", f"{A}/..", f"{A}\n"])
def test_only_a_uuid_meets_a_path(name: str) -> None:
    with serving() as (peer, url):
        for call in (got, patched):
            with pytest.raises(ValueError, match="UUID"):
                call(url, name)
    assert peer.log == ()


def test_a_cursor_is_quoted() -> None:
    with serving(Fault("body", text='{"data": []}')) as (peer, url):
        with_writer(url, lambda writer: writer.get_page(limit=100, cursor="a/b?c&limit=9#é %2e"))
    assert peer.log[0].target == f"{ROUTE}?cursor=a%2Fb%3Fc%26limit%3D9%23%C3%A9%20%252e&limit=100"


def test_absent_audience_is_none_absent_list_an_error() -> None:
    with serving(Fault("status", status=404, route="list")) as (peer, url):
        assert got(url, ident(99)) is None
        with pytest.raises(ApiRejected) as caught:
            with_writer(url, lambda writer: writer.get_page(limit=None))
    assert caught.value.status == 404
    assert len(peer.log) == 2


@pytest.mark.parametrize("status", RETRIED)
def test_read_is_tried_five_times_on_retryable_status(status: int) -> None:
    with (
        serving(Fault("status", status=status, times=None)) as (peer, url),
        pytest.raises(ApiRejected) as caught,
    ):
        got(url)
    assert caught.value.status == status
    assert calls(peer) == ["GET"] * 5


@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 410, 418, 422, 451, 501, 505, 520, 599, 999])
def test_read_is_not_retried_on_other_status(status: int) -> None:
    with (
        serving(Fault("status", status=status, times=None)) as (peer, url),
        pytest.raises(ApiRejected) as caught,
    ):
        got(url)
    assert caught.value.status == status
    assert calls(peer) == ["GET"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop"),
        Fault("reset"),
        Fault("half_close", part="headers"),
        Fault("half_close", part="body"),
        Fault("truncate"),
        Fault("html"),
        Fault("empty_body"),
        Fault("cut_json"),
        Fault("duplicate_keys"),
        Fault("nan"),
        Fault("surrogate"),
        Fault("deep"),
        *(Fault("status", status=status) for status in RETRIED),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status or fault.part}",
)
def test_failed_read_is_retried(fault: Fault) -> None:
    with serving(fault) as (peer, url):
        assert got(url)["data"]["id"] == A
    assert calls(peer) == ["GET", "GET"]


@pytest.mark.parametrize("kind", ["html", "empty_body", "cut_json", "duplicate_keys", "nan"])
def test_unreadable_read_is_contract_error(kind: str) -> None:
    with (
        serving(Fault(kind, times=None)) as (peer, url),
        pytest.raises(ApiContractError, match=f"GET {ROUTE}/{A}: the API's response is not JSON"),
    ):
        got(url)
    assert calls(peer) == ["GET"] * 5


def test_refused_connection_is_retried(longest_jitter: list[tuple[float, float]]) -> None:
    with serving(Fault("refuse", seconds=0.1)) as (peer, url):

        async def twice(writer: WriteClient) -> Any:
            await writer.get_one(A)
            return await writer.get_one(A)

        assert with_writer(url, twice, first_backoff=0.5, max_backoff=0.5)["data"]["id"] == A
    assert calls(peer) == ["GET", "GET"]
    assert longest_jitter


def test_refused_connection_is_unreachable() -> None:
    with serving() as (peer, url), peer.refusing():
        with pytest.raises(ApiUnreachable) as caught:
            got(url)
        response = patched(url)
    assert caught.value.summary.startswith(f"{url} cannot be reached: ")
    assert isinstance(response, Lost)
    assert not response.is_sent
    assert peer.log == ()


@pytest.mark.parametrize(
    ("max_backoff", "ceilings"), [(1, [0.05, 0.1, 0.2, 0.4]), (0.15, [0.05, 0.1, 0.15, 0.15])]
)
def test_backoff_doubles_up_to_its_maximum(
    max_backoff: float, ceilings: list[float], longest_jitter: list[tuple[float, float]]
) -> None:
    _, host = simulated(Fault("status", status=500, times=None))
    with pytest.raises(ApiRejected):
        got(host, first_backoff=0.05, max_backoff=max_backoff)
    assert longest_jitter == [(0, ceiling) for ceiling in ceilings]
    assert host.gaps() == ceilings


def test_backoff_past_the_budget_ends_the_read(longest_jitter: list[tuple[float, float]]) -> None:
    _, host = simulated(Fault("status", status=500, times=None))
    with pytest.raises(ApiRejected) as caught:
        got(host, first_backoff=0.15, max_backoff=1, budget=0.4)
    assert caught.value.status == 500
    # 0.15 s, and then 0.3 s would be too long.
    assert longest_jitter == [(0, 0.15), (0, 0.3)]
    assert host.gaps() == [0.15]


@pytest.mark.parametrize(
    "fault", [Fault("delay", seconds=50), Fault("drip", size=1, seconds=0.1)], ids=["delay", "drip"]
)
def test_budget_bounds_a_single_attempt(fault: Fault) -> None:
    _, host = simulated(fault)
    with pytest.raises(ApiUnreachable, match=r"no complete response within 0\.4 seconds"):
        got(host, request=30, budget=0.4)
    assert len(host.arrivals) == 1


def test_last_attempt_has_the_rest_of_the_budget(longest_jitter: list[tuple[float, float]]) -> None:
    _, host = simulated(Fault("status", status=500), Fault("delay", seconds=50, nth=2))
    with pytest.raises(ApiUnreachable, match=r"no complete response within 0\.3 seconds"):
        got(host, request=30, first_backoff=0.2, max_backoff=1, budget=0.5)
    assert longest_jitter == [(0, 0.2), (0, 0.4)]
    assert len(host.arrivals) == 2


def test_dripping_bytes_do_not_outlast_the_deadline() -> None:
    # Each byte comes well within any timeout for one read; all of them would take half a minute.
    with serving(Fault("drip", size=1, seconds=0.1, times=None)) as (_, url):
        response = patched(url, request=0.4)
    assert response == Lost("no complete response within 0.4 seconds", is_sent=True)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop", method="PATCH"),
        Fault("drop", method="PATCH", when="after"),
        Fault("reset", method="PATCH"),
        Fault("half_close", method="PATCH", part="headers"),
        Fault("half_close", method="PATCH", part="body"),
        Fault("truncate", method="PATCH"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.when}-{fault.part}",
)
def test_write_with_lost_response_is_sent_once(fault: Fault) -> None:
    with serving(fault) as (peer, url):
        response = patched(url)
    assert isinstance(response, Lost)
    assert response.is_sent
    assert response.reason
    assert calls(peer) == ["PATCH"]


@pytest.mark.parametrize("status", [400, 403, *RETRIED])
def test_refused_write_is_sent_once(status: int) -> None:
    with serving(Fault("status", status=status, code="SLOTS_FULL", times=None)) as (peer, url):
        response = patched(url)
    assert isinstance(response, Response)
    assert (response.status, response.error_code, response.is_success) == (status, "SLOTS_FULL", False)
    assert calls(peer) == ["PATCH"]


@pytest.mark.parametrize("status", [429, 503, 500])
def test_retry_after_in_seconds_is_waited_for(status: int) -> None:
    _, host = simulated(Fault("status", status=status, retry_after="0000000000007"))
    got(host)
    assert host.gaps() == [7]


def test_retry_after_as_date_is_waited_for() -> None:
    _, host = simulated(Fault("status", status=500, retry_date=100.0))
    got(host, budget=200)
    # The date is one of the wall clock, which goes on.
    assert 10 < host.gaps()[0] <= 101


@pytest.mark.parametrize(
    "value", ["soon", "-5", "1.5", "٣", "1e3", "Mon, 01 Jan 2040 00:00:00 +99999999999999999999", ""]
)
def test_malformed_retry_after_is_ignored(value: str, longest_jitter: list[tuple[float, float]]) -> None:
    _, host = simulated(Fault("status", status=429, retry_after=value))
    got(host)
    assert host.gaps() == [ceiling for _, ceiling in longest_jitter] == [0.01]


@pytest.mark.parametrize("asked", [{"retry_after": "121"}, {"retry_after": "9" * 50}, {"retry_date": 400.0}])
def test_too_long_retry_after_ends_it_at_once(asked: dict[str, Any]) -> None:
    _, host = simulated(Fault("status", status=429, times=None, **asked))

    async def work(writer: WriteClient) -> str:
        with pytest.raises(ApiRejected, match=r"Try again in \d+ seconds"):
            await writer.get_one(A)
        return writer.stop_reason

    assert with_writer(host, work).startswith("the API asks to wait ")
    assert (host.elapsed, len(host.arrivals)) == (0, 1)


def test_retry_after_of_two_minutes_is_waited_for() -> None:
    _, host = simulated(Fault("status", status=429, retry_after="120"))

    async def work(writer: WriteClient) -> str:
        await writer.patch(A, BODY)
        assert writer.is_paused
        await writer.get_one(A)
        return writer.stop_reason

    assert with_writer(host, work) == ""
    assert host.gaps() == [120]


def test_wait_past_one_deadline_pauses_the_others() -> None:
    _, host = simulated(Fault("status", status=429, id=A, retry_after="1"))

    async def work(writer: WriteClient) -> None:
        with pytest.raises(ApiRejected):
            await writer.get_one(A)
        assert asyncio.get_running_loop().time() == 0
        await writer.get_one(B)

    with_writer(host, work, budget=0.9)
    assert host.arrivals == [Arrival(0, "GET", A), Arrival(1, "GET", B)]


def test_all_workers_share_one_pause(longest_jitter: list[tuple[float, float]]) -> None:
    limited = Fault("status", status=429, id=A, retry_after="1")
    _, host = simulated(limited, Fault("status", status=503, id=B))

    async def work(writer: WriteClient) -> None:
        # B is in a wait of its own when A has to wait longer, and C comes later.
        waiting = asyncio.ensure_future(writer.get_one(B))
        await asyncio.sleep(0.2)
        await writer.patch(A, BODY)
        await asyncio.gather(waiting, writer.get_one(C))

    with_writer(host, work, first_backoff=0.5, max_backoff=0.5)
    assert longest_jitter == [(0, 0.5)]
    assert host.arrivals[:2] == [Arrival(0, "GET", B), Arrival(0.2, "PATCH", A)]
    assert {(one.id, one.seconds) for one in host.arrivals[2:]} == {(B, 1.2), (C, 1.2)}


def test_rate_limit_without_time_pauses_every_worker(longest_jitter: list[tuple[float, float]]) -> None:
    _, host = simulated(Fault("status", status=429, id=A))

    async def work(writer: WriteClient) -> None:
        first = asyncio.ensure_future(writer.get_one(A))
        await asyncio.sleep(0.1)
        assert writer.is_paused
        await asyncio.gather(first, writer.get_one(B))

    with_writer(host, work, first_backoff=0.4, max_backoff=0.4)
    assert longest_jitter == [(0, 0.4)]
    assert [one.seconds for one in host.arrivals] == [0, 0.4, 0.4]


def test_growing_pause_is_waited_for_whole() -> None:
    limits = [Fault("status", status=429, id=one, retry_after=wait) for one, wait in ((A, "1"), (B, "2"))]
    _, host = simulated(*limits)

    async def work(writer: WriteClient) -> None:
        await writer.patch(A, BODY)
        waiting = asyncio.ensure_future(writer.get_one(C))
        await asyncio.sleep(0.5)
        await writer.patch(B, BODY)
        await waiting

    with_writer(host, work)
    assert host.arrivals == [Arrival(0, "PATCH", A), Arrival(0.5, "PATCH", B), Arrival(2.5, "GET", C)]


def test_later_response_shortens_no_pause() -> None:
    _, host = simulated(Fault("status", status=429, id=A, retry_after="7"))

    async def work(writer: WriteClient) -> None:
        await writer.patch(A, BODY)
        await writer.patch(B, BODY)
        await writer.get_one(C)

    with_writer(host, work)
    assert host.arrivals == [Arrival(0, "PATCH", A), Arrival(0, "PATCH", B), Arrival(7, "GET", C)]


def test_pause_past_a_reads_deadline_ends_it(longest_jitter: list[tuple[float, float]]) -> None:
    limited = Fault("status", status=429, id=B, method="PATCH", retry_after="1")
    _, host = simulated(Fault("status", status=503, id=A), limited)

    async def work(writer: WriteClient) -> None:
        reading = asyncio.ensure_future(writer.get_one(A))
        await asyncio.sleep(0.1)
        await writer.patch(B, BODY)
        with pytest.raises(ApiRejected):
            await reading

    with_writer(host, work, first_backoff=0.3, max_backoff=0.3, budget=0.8)
    assert longest_jitter == [(0, 0.3)]
    assert host.arrivals == [Arrival(0, "GET", A), Arrival(0.1, "PATCH", B)]


@pytest.mark.parametrize(
    ("status", "location"),
    [
        *((status, "{other}/v1/intent/audiences") for status in (300, 301, 302, 303, 304, 307, 308, 399)),
        *((302, location) for location in ("//", "http://h:x/", "http://999.1.1.1/", "http://xn--a/")),
    ],
)
def test_a_redirect_is_never_followed(status: int, location: str) -> None:
    with OtherOrigin() as other, serving() as (peer, url):
        tempting = location.format(other=other.url)
        peer.inject(Fault("status", status=status, times=None, location=tempting))
        with pytest.raises(ApiRejected) as caught:
            got(url)
        response = patched(url)
        assert other.received == ()
    assert caught.value.status == status
    assert caught.value.detail == "Redirects are never followed. Check LEADPIPE_BASE_URL"
    assert isinstance(response, Response)
    assert response.status == status
    assert calls(peer) == ["GET", "PATCH"]


def test_redirect_to_same_origin_is_not_followed() -> None:
    with serving(Fault("status", status=307, method="PATCH", location=f"{ROUTE}/{B}")) as (peer, url):
        patched(url)
    assert [(entry.method, entry.id) for entry in peer.log] == [("PATCH", A)]


def test_a_proxy_from_the_environment_receives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with OtherOrigin() as other, serving() as (peer, url):
        for name in PROXIES:
            monkeypatch.setenv(name, other.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert got(url)["data"]["id"] == A
        assert isinstance(patched(url), Response)
        assert other.received == ()
    assert calls(peer) == ["GET", "PATCH"]


def test_unsigned_certificate_gets_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with impostor(tmp_path) as (url, certificate, received):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with pytest.raises(ApiUnreachable, match="certificate verify failed"):
            got(url, attempts=1)
    assert received == []


def test_no_secret_of_a_connection_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    tls.context.cache_clear()
    with impostor(tmp_path) as (url, certificate, received):
        tls.context().load_verify_locations(certificate)
        with pytest.raises(ApiUnreachable):
            got(url, attempts=1)
    tls.context.cache_clear()

    assert len(received) == 1
    assert not log.exists()


def test_the_sandbox_is_spoken_to_in_this_process(tmp_path: Path) -> None:
    place = Connection("sandbox", Secret(API_KEY), Timing(), create_app(tmp_path / "sandbox.sqlite3"))

    async def work() -> tuple[Any, Any, Any]:
        async with WriteClient(place) as writer:
            page: Any
            page, _ = await writer.get_page(limit=None)
            first = page["data"][0]["id"]
            response = await writer.patch(first, b'{"name": "Renamed"}')
            assert isinstance(response, Response)
            assert response.status == 200
            return writer.origin, await writer.get_one(first), await writer.get_one(ident(9))

    origin, one, none = asyncio.run(work())
    assert origin == "sandbox"
    assert one["data"]["name"] == "Renamed"
    assert none is None


def test_the_sandbox_refuses_another_key(tmp_path: Path) -> None:
    place = Connection("sandbox", Secret("sk_other"), Timing(), create_app(tmp_path / "sandbox.sqlite3"))

    async def work() -> None:
        async with ReadClient(place) as reader:
            await reader.get_page(limit=None)

    with pytest.raises(ApiRejected) as caught:
        asyncio.run(work())
    assert caught.value.status == 401
    assert isinstance(caught.value, ApiError)
