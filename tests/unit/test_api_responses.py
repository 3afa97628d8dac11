from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.api.client import MAX_BYTES, ReadClient, WriteClient, rejected, route
from reconciler.api.responses import MAX_VALUES, Lost, Response, parse, read
from reconciler.errors import ApiContractError, ApiRejected
from reconciler.secret import Secret
from reconciler.strict_json import MAX_DEPTH
from tests.doubles.peer import Fault
from tests.unit.applying import KEY, ROUTE, A, connection, serving

if TYPE_CHECKING:
    from tests.doubles.peer import Peer

MIB = 1024 * 1024


def listing(url: str, key: str = KEY) -> Any:
    async def get() -> Any:
        async with ReadClient(connection(url, {}, key)) as reader:
            return (await reader.get_page(limit=None))[0]

    return asyncio.run(get())


def patched(url: str, key: str = KEY) -> Response | Lost:
    async def patch() -> Response | Lost:
        async with WriteClient(connection(url, {}, key)) as writer:
            return await writer.patch(A, b'{"name": "New"}')

    return asyncio.run(patch())


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "broken at line 1"),
        (b"<!doctype html>", "broken at line 1"),
        (b'{"data": [', "broken at line 1"),
        (b'{"data": 1} {}', "broken at line 1"),
        (b'{"a": 1, "a": 1}', "a repeated key"),
        (b'[{"b": {"a": 1, "\\u0061": 2}}]', "a repeated key"),
        (b'{"a": NaN}', "a number that JSON does not have"),
        (b'{"a": Infinity}', "a number that JSON does not have"),
        (b'{"a": -Infinity}', "a number that JSON does not have"),
        (b'{"a": 1e999}', "a number that only infinity can stand for"),
        (b'{"a": -1e999}', "a number that only infinity can stand for"),
        (b"[" + b"9" * 5000 + b"]", "a number that is too long"),
        (b'"\\ud83d"', "half a character"),
        (b'{"\\udc00": 1}', "half a character"),
        (b'"\xff"', "not UTF-8"),
        ('{"a": "é"}'.encode("utf-16"), "not UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "a byte order mark"),
        (b'"a\x00b"', "broken at line 1"),
        (nested(MAX_DEPTH + 1), "nested too deeply"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "nested too deeply"),
        (nested(100_000), "nested too deeply"),
        (b"\n[1,\n2,]", "broken at line 3"),
        (b"[" + b"1" * 1001 + b"]", "a number that is too long"),
        (b"[" + b"1," * MAX_VALUES + b"1]", "too many values"),
    ],
)
def test_what_is_not_strict_json_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(ApiContractError, match="the API's response is not JSON") as caught:
        parse(body)
    assert reason in caught.value.summary


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b' {"a": [1, 2.5, -1e300, true, null]}\n', {"a": [1, 2.5, -1e300, True, None]}),
        ('"\\ud83d\\ude00 é"'.encode(), "\U0001f600 é"),
        (b"[123456789012345678901234567890]", [123456789012345678901234567890]),
        (b'{"a": {"x": 1}, "b": {"x": 1}}', {"a": {"x": 1}, "b": {"x": 1}}),
    ],
)
def test_strict_json_is_read_as_it_is(body: bytes, document: Any) -> None:
    assert parse(body) == document


def test_as_deep_as_may_be_is_read() -> None:
    assert json.dumps(parse(nested(MAX_DEPTH))) == nested(MAX_DEPTH).decode()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        ("121", 121),
        ("0000000000121", 121),
        ("9" * 400, 1e9),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        ("0x10", None),
        ("5, 10", None),
        ("1_0", None),
        ("٣", None),
        ("²", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00", 0),
        ("Tue, 31 Feb 2040 00:00:00 GMT", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2040 00:00:00 +99999999999999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    headers = {} if value is None else {"retry-after": value}
    assert read(503, headers, b"", Secret(KEY)).retry_after == seconds


@pytest.mark.parametrize("zone", ["GMT", ""])
def test_retry_after_date_is_seconds_until_then(zone: str) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    retry_after = read(
        429, {"retry-after": moment.replace("GMT", zone).strip()}, b"", Secret(KEY)
    ).retry_after
    assert retry_after is not None
    assert 85 < retry_after <= 90


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("nested", "try 5 topics"),
        ("message", "try 5 topics"),
        ("error", "try 5 topics"),
        ("detail", "try 5 topics"),
        ("title", "try 5 topics"),
        ("text", ""),
        ("html", ""),
        ("empty", ""),
    ],
)
def test_the_servers_message_is_found_in_every_shape(shape: str, message: str) -> None:
    with (
        serving(Fault("status", status=400, message="try 5 topics", shape=shape)) as (_, url),
        pytest.raises(ApiRejected) as caught,
    ):
        listing(url)
    assert caught.value.message == message
    said = f": {message}" if message else ""
    assert caught.value.summary == f"GET {ROUTE} returned 400{said}"
    assert caught.value.detail == "Report this with the definition that caused it"


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": {"message": "m", "code": "SLOTS_FULL"}}, "m", "SLOTS_FULL"),
        ({"message": "m", "code": "SLOTS_FULL"}, "m", "SLOTS_FULL"),
        ({"error": "m"}, "m", None),
        ({"error": {"message": ["m"], "code": 7}}, "", None),
        ({"message": 5, "detail": "d"}, "d", None),
        (["m"], "", None),
        ("m", "", None),
        (None, "", None),
    ],
)
def test_any_error_body_gives_what_it_has(body: Any, message: str, code: str | None) -> None:
    response = read(403, {}, json.dumps(body).encode(), Secret(KEY))
    assert (response.message, response.error_code, response.document) == (message, code, None)


def test_a_long_message_is_cut() -> None:
    body = json.dumps({"message": "x" * 5000}).encode()
    assert read(400, {}, body, Secret(KEY)).message == "x" * 300


def test_message_is_redacted_before_it_is_cut() -> None:
    body = json.dumps({"message": "x" * 296 + KEY}).encode()
    assert read(400, {}, body, Secret(KEY)).message == "x" * 296 + "***"


def test_error_that_repeats_the_key_is_redacted() -> None:
    with (
        serving(Fault("status", status=401, message="no such key", echo_key=True)) as (_, url),
        pytest.raises(ApiRejected) as caught,
    ):
        listing(url)
    assert caught.value.message == "no such key: ***"
    assert KEY not in str(caught.value)
    assert caught.value.detail == "Check LEADPIPE_API_KEY: it is wrong, or was revoked"


@pytest.mark.parametrize("key", [KEY, 'sk_"quoted"\\key'])
def test_response_that_repeats_the_key_is_refused(key: str) -> None:
    faults = [
        Fault("value", method=method, path="data.name", value=f"<{key}>") for method in ("GET", "PATCH")
    ]
    with serving(*faults, key=key) as (_, url):
        with pytest.raises(ApiContractError, match="the API's response repeats the key") as caught:
            listing(url, key)
        response = patched(url, key)
    assert key not in str(caught.value)
    # It was sent, so what it did is for the caller to find out.
    assert response == Lost("the API's response repeats the key", is_sent=True)


def test_malformed_header_error_is_redacted() -> None:
    broken = Fault("status", status=400, location=f"/\r\n{KEY} no colon", method="PATCH")
    with serving(broken) as (_, url):
        response = patched(url)
    assert isinstance(response, Lost)
    assert "***" in response.reason
    assert KEY not in response.reason


@pytest.mark.parametrize(
    "kind", ["html", "cut_json", "empty_body", "duplicate_keys", "nan", "surrogate", "deep"]
)
def test_write_with_unreadable_response_says_so(kind: str) -> None:
    with serving(Fault(kind, method="PATCH", when="after")) as (peer, url):
        response = patched(url)
    assert isinstance(response, Response)
    assert (response.status, response.document) == (200, None)
    assert response.unreadable.startswith("the API's response is not JSON (")
    assert peer.state[A]["name"] == "New"


def test_a_gzip_bomb_is_not_unpacked() -> None:
    with serving(Fault("gzip_bomb"), Fault("gzip_bomb", method="PATCH")) as (peer, url):
        with pytest.raises(ApiContractError, match="compressed, which was not asked for"):
            listing(url)
        response = patched(url)
    assert isinstance(response, Lost)
    assert response.is_sent
    assert [entry.header("Accept-Encoding") for entry in peer.log] == ["identity", "identity"]


def spaces(peer: Peer, size: int) -> int:
    """Give how many spaces in front of the list make a response of this size."""
    whole = json.dumps({"data": [*peer.state.values()]}, ensure_ascii=False)
    topics = json.dumps([{"id": one, "name": f"Topic {one}"} for one in (117805, 117890)])
    return size - len(whole) - len(f', "topics": {topics}') * len(peer.state)


def test_ten_mebibytes_are_read() -> None:
    with serving() as (peer, url):
        peer.inject(Fault("huge", size=spaces(peer, MAX_BYTES)))
        assert len(listing(url)["data"]) == 4


def test_a_byte_more_is_not() -> None:
    with serving() as (peer, url):
        peer.inject(Fault("huge", size=spaces(peer, MAX_BYTES) + 1))
        with pytest.raises(ApiContractError, match="over 10 MiB"):
            listing(url)
    assert MAX_BYTES == 10 * MIB


@pytest.mark.parametrize("way", [Fault("gzip_bomb", size=1), Fault("huge"), Fault("truncate")])
def test_refusal_counts_whatever_its_body_is(way: Fault) -> None:
    with (
        serving(Fault("status", status=401), way) as (peer, url),
        pytest.raises(ApiRejected) as caught,
    ):
        listing(url)
    assert (caught.value.status, caught.value.message) == (401, "")
    assert len(peer.log) == 1


@pytest.mark.parametrize(
    ("response", "hint"),
    [
        (Response(302), "Redirects are never followed. Check LEADPIPE_BASE_URL"),
        (Response(403), "Check with the vendor that the organization is active and that this key may do so"),
        (Response(404), "Check LEADPIPE_BASE_URL"),
        (Response(429, retry_after=300.4), "Try again in 300 seconds"),
        (Response(429), "Try again later; if it stays so, ask the vendor"),
        (Response(418), ""),
    ],
)
def test_a_refusal_says_what_to_do(response: Response, hint: str) -> None:
    error = rejected(response, "GET", route(A))
    assert (error.method, error.path, error.status) == ("GET", f"{ROUTE}/{A}", response.status)
    assert error.detail == hint
