from __future__ import annotations

import email.utils
import gzip
import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles.peer import KINDS, Fault, OtherOrigin, Peer, read_log, shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow  # what tests use is the same on every Python

ROOT = Path(__file__).parents[3]
SECONDS = 60  # more than any machine takes
LIST = "/v1/intent/audiences"
A = "6fb81599-f601-4afe-b3ff-e8a211cae27d"
B = "0d8b7a35-5a0e-4d57-9f0f-1f7c3a2b9c11"
C = "b2f7f0de-8a55-4b0f-9a53-7d1f0c9f4e22"
ABSENT = "00000000-0000-4000-8000-000000000000"
KEY = "sk_test"
CONFIG = {
    "topicIds": [117805, 117890],
    "minScore": 60,
    "filters": {"seniority": ["vp", "cxo"], "gender": "f"},
}
NEW = {"topicIds": [117805], "filters": {"seniority": ["vp"]}}


def audiences() -> list[dict[str, Any]]:
    names = {A: ("Directors", "active"), B: ("Vice presidents", "paused"), C: ("Grüße", "draft")}
    return [
        {"id": key, "name": name, "status": status, "config": deepcopy(CONFIG)}
        for key, (name, status) in names.items()
    ]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.document["data"]


def address(url: str) -> tuple[str, int]:
    return "127.0.0.1", int(url.rpartition(":")[2])


def call(url: str, method: str = "GET", target: str = LIST, body: Any = None, key: str = KEY) -> Reply:
    connection = http.client.HTTPConnection(*address(url), timeout=SECONDS)
    try:
        return ask(connection, method, target, body, key)
    finally:
        connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, target: str, body: Any = None, key: str = KEY
) -> Reply:
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, target, data, {"X-API-Key": key, "Content-Type": "application/json"})
    response = connection.getresponse()
    return Reply(response.status, response.headers, response.read())


def patch(url: str, audience_id: str = A, **fields: Any) -> Reply:
    return call(url, "PATCH", f"{LIST}/{audience_id}", fields)


def one(url: str, audience_id: str = A) -> Reply:
    return call(url, target=f"{LIST}/{audience_id}")


def raw_request(method: str = "GET", target: str = f"{LIST}/{A}", body: bytes = b"") -> bytes:
    lines = (f"{method} {target} HTTP/1.1", "Host: x", f"X-API-Key: {KEY}", "Content-Type: application/json")
    return ("\r\n".join((*lines, f"Content-Length: {len(body)}")) + "\r\n\r\n").encode() + body


def raw(url: str, request: bytes) -> tuple[bytes, str]:
    """Send bytes and read to the end: what came, and whether it ended with a FIN or a RST."""
    received = b""
    with socket.create_connection(address(url), timeout=SECONDS) as sock:
        sock.sendall(request)
        try:
            while data := sock.recv(65536):
                received += data
        except ConnectionResetError:
            return received, "RST"
    return received, "FIN"


def leave(url: str, request: bytes, *, reset: bool = False) -> None:
    """Send bytes, and be gone without reading the answer."""
    with socket.create_connection(address(url), timeout=SECONDS) as sock:
        sock.sendall(request)
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def faulty(*faults: Fault, **options: Any) -> Iterator[tuple[Peer, str]]:
    peer = Peer(audiences(), **options)
    peer.inject(*faults)
    with peer.running() as url:
        yield peer, url


def test_first_generation_lists_everything_whole() -> None:
    with faulty() as (_, url):
        document = call(url).document
    assert set(document) == {"data"}
    assert [item["id"] for item in document["data"]] == [A, B, C]
    assert document["data"][0] == {
        **audiences()[0],
        "topics": [{"id": 117805, "name": "Topic 117805"}, {"id": 117890, "name": "Topic 117890"}],
        "audienceSize": None,
        "lastRefreshedAt": None,
        "createdAt": "2026-01-05T08:00:00Z",
        "updatedAt": "2026-01-05T08:00:00Z",
    }


def test_second_generation_lists_no_config_but_reads_it() -> None:
    with faulty(generation=2) as (_, url):
        document, read = call(url).document, one(url).document
        paused = call(url, target=f"{LIST}?status=paused").data
    assert set(document["meta"]) == {"timestamp", "request_id"}
    assert not {"config", "topics"} & set(document["data"][0])
    assert document["data"][0]["accessType"] == "paid"
    assert read["data"]["config"] == CONFIG
    assert [item["id"] for item in paused] == [B]


def test_pages_are_followed_by_their_cursor() -> None:
    with faulty(generation=2, page_size=2) as (_, url):
        first = call(url, target=f"{LIST}?limit=100").document
        second = call(url, target=f"{LIST}?limit=100&cursor={first['meta']['nextCursor']}").document
        assert call(url, target=f"{LIST}?cursor={ABSENT}").status == 400
    assert [item["id"] for item in first["data"]] == [A, B]
    assert first["meta"]["hasMore"] is True
    assert [item["id"] for item in second["data"]] == [C]
    assert (second["meta"]["hasMore"], second["meta"]["nextCursor"]) == (False, None)


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_a_limit_is_1_to_100(limit: str) -> None:
    with faulty(generation=2) as (_, url):
        assert call(url, target=f"{LIST}?limit={limit}").status == 400
        assert len(call(url, target=f"{LIST}?limit=1").data) == 1


def test_patch_merges_the_top_level_and_replaces_config() -> None:
    with faulty() as (peer, url):
        reply = patch(url, config=NEW)
        assert peer.state[A]["config"] == NEW
    stored = peer.state[A]
    assert (stored["name"], stored["status"]) == ("Directors", "active")
    assert stored["updatedAt"] > "2026-01-05T08:00:00Z"
    assert reply.document == {"data": {name: stored[name] for name in reply.data}}
    assert set(reply.data) == set(audiences()[0]) | {"audienceSize", "lastRefreshedAt", "updatedAt"}


def test_config_semantics_merge_keeps_what_was_dropped() -> None:
    with faulty(config_semantics="merge") as (peer, url):
        patch(url, config=NEW)
    kept = {"topicIds": [117805], "minScore": 60, "filters": {"seniority": ["vp"], "gender": "f"}}
    assert peer.state[A]["config"] == kept


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        {"metadata": {}},
        {"name": ""},
        {"status": "on"},
        {"audienceSize": True},
        {"config": []},
        {"config": {"minScore": 70}},
        {"config": {"topicIds": [True]}},
        {"config": {"topicIds": [1], "minScore": 0}},
        {"config": {"topicIds": [1], "filters": []}},
    ],
)
def test_body_outside_the_contract_is_not_stored(body: Any) -> None:
    with faulty() as (peer, url):
        assert call(url, "PATCH", f"{LIST}/{A}", body).status == 400
    assert peer.state[A]["config"] == CONFIG
    assert peer.log[0].stored is False


def test_patch_of_another_content_type_is_400() -> None:
    request = raw_request("PATCH", body=b'{"name": "x"}').replace(b"application/json", b"text/plain")
    with faulty(Fault("truncate")) as (_, url):
        assert raw(url, request)[0].startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("method", "target", "key", "status"),
    [
        ("GET", LIST, "sk_other", 401),
        ("PATCH", f"{LIST}/{A}", "", 401),
        ("GET", f"{LIST}/{ABSENT}", KEY, 404),
        ("PATCH", f"{LIST}/{ABSENT}", KEY, 404),
        ("GET", "/v1/intent/topics", KEY, 404),
        ("DELETE", f"{LIST}/{A}", KEY, 405),
        ("POST", LIST, KEY, 405),
        ("PATCH", LIST, KEY, 405),
    ],
)
def test_refused_request_is_logged_and_not_done(method: str, target: str, key: str, status: int) -> None:
    with faulty() as (peer, url):
        reply = call(url, method, target, {"name": "x"}, key)
        assert (reply.status, bool(reply.document["error"]["message"])) == (status, True)
    assert [(entry.method, entry.status, entry.stored) for entry in peer.log] == [(method, status, False)]
    assert peer.state[A]["name"] == "Directors"


VALIDATE = f"{LIST}/validate"
DOTTED = {"topicIds": [117805], "minScore": 60, "filters": {"role.seniority": {"values": ["vp"]}}}
NESTED = {
    "role": {"isCeo": True, "x": 1},
    "jobTitle": {"include": ["cfo"], "includeMode": "any"},
    "state": "Ohio",
}


def validate(url: str, config: Any) -> Reply:
    return call(url, "POST", VALIDATE, config)


def test_validation_says_what_would_be_stored() -> None:
    with faulty(generation=2) as (peer, url):
        reply = validate(url, DOTTED)
        assert (set(reply.document["meta"]), reply.status) == ({"timestamp", "request_id"}, 200)
    assert reply.data["configHash"].isalnum()
    assert reply.data == {
        "valid": True,
        "configHash": reply.data["configHash"],
        "normalizedConfig": {**DOTTED, "maxScore": None, "minTopicOverlap": None, "sourceUrl": None},
        "appliedFilters": ["role.seniority"],
        "strategy": "intent",
    }
    (entry,) = peer.log
    assert (entry.method, entry.target, entry.document) == ("POST", VALIDATE, DOTTED)
    assert (entry.id, entry.status, entry.stored) == (None, 200, False)
    assert [one["config"] for one in peer.state.values()] == [CONFIG] * 3


@pytest.mark.parametrize(
    ("method", "generation", "body", "status"),
    [("POST", 1, DOTTED, 404), ("GET", 2, None, 405), ("PATCH", 2, DOTTED, 405), ("POST", 2, [], 400)],
)
def test_what_is_no_validation_is_refused(method: str, generation: int, body: Any, status: int) -> None:
    with faulty(generation=generation) as (_, url):
        assert call(url, method, VALIDATE, body).status == status


def test_faults_meet_validation() -> None:
    faults = (
        Fault("value", method="POST", path="data.valid", value=False),
        Fault("drop", route="validate", nth=2),
    )
    with faulty(*faults, Fault("reordered", method="POST"), generation=2) as (peer, url):
        said = validate(url, {**DOTTED, "topicIds": [1, 2]}).data
        assert (said["valid"], said["normalizedConfig"]["topicIds"]) == (False, [2, 1])
        with pytest.raises(http.client.RemoteDisconnected):
            validate(url, DOTTED)
        assert (one(url).status, peer.unfired) == (200, ())


@pytest.mark.parametrize(
    ("config", "stored"),
    [
        ({"minScore": 0}, {"minScore": 50}),
        ({"minScore": 49}, {"minScore": 50}),
        ({"minScore": None}, {"minScore": None}),
        ({"minScore": 99, "maxScore": 99}, {"minScore": 99, "maxScore": 99}),
        ({"topicIds": list(range(250)), "minTopicOverlap": 250}, {"minTopicOverlap": 250}),
        ({"minScore": 100}, None),
        ({"maxScore": 100}, None),
        ({"maxScore": 49}, None),
        ({"maxScore": None}, None),
        ({"minTopicOverlap": 0}, None),
        ({"topicIds": list(range(251))}, None),
    ],
    ids=str,
)
def test_strict_second_generation_clamps_and_refuses(
    config: dict[str, Any], stored: dict[str, Any] | None
) -> None:
    given = {"topicIds": [1], **config}
    with faulty(generation=2, is_strict=True) as (peer, url):
        said, written = validate(url, given).data, patch(url, config=given)
    assert (said["valid"], written.status) == ((True, 200) if stored is not None else (False, 400))
    if stored is None:
        assert peer.state[A]["config"] == CONFIG
    else:
        assert peer.state[A]["config"] == written.data["config"] == {**given, **stored}
        assert peer.state[A]["config"].items() <= said["normalizedConfig"].items()


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("store", NESTED),
        ("strip", {"role": {"isCeo": True}, "jobTitle": {"include": ["cfo"], "includeMode": "any"}}),
        ("refuse", None),
    ],
)
def test_unknown_filters_are_stored_stripped_or_refused(mode: str, kept: Any) -> None:
    given = {"topicIds": [1], "filters": NESTED}
    with faulty(generation=2, unknown_filters=mode) as (peer, url):
        said, written = validate(url, given).data, patch(url, config=given)
    assert (said["valid"], written.status) == ((True, 200) if kept else (False, 400))
    if kept:
        assert peer.state[A]["config"]["filters"] == said["normalizedConfig"]["filters"] == kept
    known = ["jobTitle.include", "role.isCeo"]
    applied = {"store": [*known, "role.x", "state"], "strip": known, "refuse": []}
    assert said["appliedFilters"] == applied[mode]


def test_slots_are_counted() -> None:
    with faulty(slots=1) as (peer, url):
        full = patch(url, B, status="active")
        assert patch(url, A, status="active").status == 200
        patch(url, A, status="paused")
        assert patch(url, B, status="active").status == 200
    assert (full.status, full.document["error"]["code"]) == (403, "SLOTS_FULL")
    assert (peer.state[A]["status"], peer.state[B]["status"]) == ("paused", "active")


def test_a_connection_is_kept_and_closed_as_asked() -> None:
    with faulty() as (peer, url):
        connection = http.client.HTTPConnection(*address(url), timeout=SECONDS)
        assert [ask(connection, "GET", LIST).status for _ in range(2)] == [200, 200]
        connection.close()
        closing = raw_request().replace(b"Host: x", b"Host: x\r\nConnection: close")
        assert raw(url, closing)[1] == "FIN"
    assert len(peer.log) == 3


@pytest.mark.parametrize(
    "options",
    [
        {"generation": 3},
        {"page_size": 0},
        {"config_semantics": "replaced"},
        {"is_strict": True},
        {"generation": 2, "unknown_filters": "kept"},
        {"audiences": audiences()[:1] * 2},
    ],
)
def test_a_peer_that_cannot_be_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"no generation|1 to 100|merged, not|two audiences|only generation 2|refuse, strip"
    ):
        Peer(**options)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "dorp"},
        {"kind": "drop", "method": "Patch"},
        {"kind": "drop", "route": "all"},
        {"kind": "drop", "when": "later"},
        {"kind": "drop", "times": 0},
        {"kind": "drop", "nth": 0},
        {"kind": "drop", "skip": -1},
        {"kind": "drop", "times": True},
        {"kind": "drop", "secs": 1},
        {"kind": "drop", "seconds": 1},
        {"kind": "drop", "method": "PATCH", "route": "list"},
        {"kind": "drop", "method": "PATCH", "route": "validate"},
        {"kind": "drop", "method": "POST", "route": "one"},
        {"kind": "delay"},
        {"kind": "delay", "seconds": -1},
        {"kind": "stale"},
        {"kind": "stale", "seconds": 1, "reads": 1},
        {"kind": "stale", "seconds": 1, "method": "GET"},
        {"kind": "lie", "when": "after"},
        {"kind": "status", "status": 500, "shape": "nest"},
        {"kind": "half_close", "part": "tail"},
        {"kind": "empty_list", "id": A},
        {"kind": "short_list"},
        {"kind": "echo", "method": "GET"},
        {"kind": "edit", "changes": {"name": "x"}, "route": "list"},
    ],
    ids=str,
)
def test_a_fault_that_would_never_happen_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault.from_json(wrong)


def test_fault_of_an_unknown_audience_is_refused() -> None:
    peer = Peer(audiences())
    with pytest.raises(ValueError, match=ABSENT):
        peer.inject(Fault("partial_list", ids=(A, ABSENT)))
    with pytest.raises(ValueError, match=ABSENT):
        peer.inject(Fault("edit", method="GET", target=ABSENT, changes={"name": "x"}))


def test_a_script_survives_json() -> None:
    script = [
        Fault("drop", method="PATCH", when="after", nth=2, times=None),
        Fault("partial_list", ids=(A, B)),
        Fault("stripped", keys=("role.isCeo",)),
        Fault("edit", id=A, changes={"name": "x"}),
        Fault("value", path="data", value=None),
    ]
    text = json.dumps([fault.to_json() for fault in script])
    assert [Fault.from_json(document) for document in json.loads(text)] == script


def test_every_kind_does_something() -> None:
    served = {"delay", "edit", "refuse", "lie", "stale", "merged_config", "filled_defaults", "reordered"}
    served |= {"normalised", "echo", "stripped", "clamped"}
    shaping = (shapes.DOCUMENT, shapes.INSTEAD, shapes.BYTES, shapes.WAY)
    assert served.union(*shaping) == set(KINDS)
    assert len(served) + sum(map(len, shaping)) == len(KINDS)


def test_fault_meets_the_requests_that_it_names() -> None:
    faults = (
        Fault("status", status=500, method="GET", route="one", id=A, nth=2, times=2),
        Fault("status", status=503, route="list", skip=1),
        Fault("status", status=502, id=B, nth=9),
    )
    with faulty(*faults) as (peer, url):
        assert [one(url).status for _ in range(4)] == [200, 500, 500, 200]
        assert [call(url).status for _ in range(3)] == [200, 503, 200]
        assert one(url, B).status == 200
        assert peer.unfired == faults[2:]


def test_times_none_is_for_ever() -> None:
    with faulty(Fault("status", status=500, times=None)) as (_, url):
        assert {one(url).status for _ in range(5)} == {500}


@pytest.mark.parametrize(("kind", "ending"), [("drop", "FIN"), ("reset", "RST")])
@pytest.mark.parametrize("when", ["before", "after"])
def test_write_without_a_response_is_stored_or_not(kind: str, ending: str, when: str) -> None:
    with faulty(Fault(kind, method="PATCH", when=when)) as (peer, url):
        assert raw(url, raw_request("PATCH", body=b'{"name": "x"}')) == (b"", ending)
    stored = when == "after"
    assert peer.state[A]["name"] == ("x" if stored else "Directors")
    assert [(e.status, e.stored, e.faults) for e in peer.log] == [(None, stored, (kind,))]


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize("part", ["headers", "body"])
def test_half_an_answer(method: str, part: str) -> None:
    with faulty(Fault("half_close", part=part)) as (peer, url):
        received, ending = raw(url, raw_request(method, body=b"{}" if method == "PATCH" else b""))
        head, gap, body = received.partition(b"\r\n\r\n")
        assert (ending, peer.log[0].status, peer.log[0].stored) == ("FIN", 200, method == "PATCH")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert bool(gap) is (part == "body")
    assert body.startswith(b'{"data": {') is (part == "body")
    assert not body.endswith(b"}}")


@pytest.mark.parametrize("first", ["reset", "other"])
@pytest.mark.parametrize(("other", "cut"), [("half_close", False), ("drop", True)])
def test_reset_combines_with_another_cut(first: str, other: str, cut: bool) -> None:  # noqa: FBT001 - pytest fills it
    kinds = ("reset", other) if first == "reset" else (other, "reset")
    with faulty(*map(Fault, kinds)) as (peer, url):
        assert raw(url, raw_request())[1] == "RST"
        assert peer.log[0].status == (None if cut else 200)


def test_truncate_promises_more_than_it_sends() -> None:
    with faulty(Fault("truncate", size=7)) as (_, url):
        received, ending = raw(url, raw_request())
    head, _, body = received.partition(b"\r\n\r\n")
    assert ending == "FIN"
    assert json.loads(body)["data"]["id"] == A
    assert f"Content-Length: {len(body) + 7}\r\n".encode() in head


def test_drip_sends_bit_by_bit() -> None:
    with faulty(Fault("drip", size=100, seconds=0.02)) as (_, url):
        start = time.monotonic()
        reply = one(url)
        assert time.monotonic() - start >= 0.02 * (len(reply.body) // 100)
    assert reply.data["id"] == A


@pytest.mark.parametrize("when", ["before", "after"])
def test_delay_comes_before_or_after_the_store(when: str) -> None:
    with faulty(Fault("delay", method="PATCH", seconds=0.3, when=when)) as (peer, url):
        with ThreadPoolExecutor(1) as pool:
            start = time.monotonic()
            answer = pool.submit(patch, url, name="x")
            peer.wait(lambda entry: entry.method == "PATCH" and (entry.stored or when == "before"))
            assert peer.state[A]["name"] == ("x" if when == "after" else "Directors")
            assert answer.result().status == 200
        assert time.monotonic() - start >= 0.3
    assert peer.state[A]["name"] == "x"


@pytest.mark.parametrize("reset", [False, True])
def test_delayed_write_outlives_its_client(reset: bool) -> None:  # noqa: FBT001 - pytest fills it
    faults = Fault("delay", method="PATCH", seconds=0.2), Fault("drop", method="PATCH", when="after")
    with faulty(*faults) as (peer, url):
        leave(url, raw_request("PATCH", body=b'{"name": "x"}'), reset=reset)
        late = peer.wait(lambda entry: entry.stored)
    assert (late.status, late.faults, late.after) == (None, ("delay", "drop"), peer.state[A])
    assert peer.state[A]["name"] == "x"


def test_a_partial_request_is_no_request() -> None:
    with faulty() as (peer, url):
        leave(url, raw_request("PATCH", body=b'{"name": "x"}')[:-4])
        leave(url, b"GET /v1")
        assert call(url).status == 200
    assert [entry.method for entry in peer.log] == ["GET"]


def test_a_peer_that_stops_leaves_no_client_waiting() -> None:
    peer = Peer(audiences())
    peer.inject(Fault("delay", seconds=600))
    with peer.running() as url:
        sock = socket.create_connection(address(url), timeout=SECONDS)
        sock.sendall(raw_request("PATCH", body=b'{"name": "x"}'))
        peer.wait(lambda entry: entry.faults == ("delay",))
    with sock:
        assert sock.recv(1) == b""
    assert (peer.log[0].status, peer.log[0].stored) == (None, False)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("html", rb"<!doctype html>.*</html>\n"),
        ("body", rb"null"),
        ("empty_body", rb""),
        ("cut_json", rb'\{"data": \{"id": .*[^}]'),
        ("duplicate_keys", rb'\{"data": null, "data": \{"id": .*\}\}'),
        ("deep", rb'\{"data": \{"id": .*\}, "deep": \[{100000}\]{100000}\}'),
        ("nan", rb'\{"data": .*"audienceSize": NaN.*\}\}'),
        ("surrogate", rb'\{"data": .*"name": "Directors\\ud800".*\}\}'),
    ],
)
def test_bodies_that_strict_readers_refuse(kind: str, body: bytes) -> None:
    with faulty(Fault(kind, text="null" if kind == "body" else None)) as (peer, url):
        reply = one(url)
        assert (reply.status, peer.log[0].faults) == (200, (kind,))
    assert reply.headers["Content-Type"] == ("text/html" if kind == "html" else "application/json")
    assert re.fullmatch(body, reply.body, re.DOTALL)


@pytest.mark.parametrize("kind", ["duplicate_keys", "nan"])
def test_lax_readers_see_a_good_audience(kind: str) -> None:
    with faulty(Fault(kind)) as (_, url):
        assert one(url).data["config"] == CONFIG


def test_names_travel_as_utf_8() -> None:
    with faulty() as (_, url):
        assert "Grüße".encode() in one(url, C).body


def test_gzip_bomb_ignores_what_was_accepted() -> None:
    with faulty(Fault("gzip_bomb")) as (_, url):
        reply = one(url)
    assert reply.headers["Content-Encoding"] == "gzip"
    assert len(reply.body) < 100_000
    unpacked = gzip.decompress(reply.body)
    assert len(unpacked) > 32 * 1024 * 1024
    assert json.loads(unpacked)["data"]["id"] == A


def test_huge_body_streams_without_a_length() -> None:
    with faulty(Fault("huge")) as (_, url):
        reply = call(url)
    assert reply.headers["Content-Length"] is None
    assert len(reply.body) > 11 * 1024 * 1024
    assert reply.data[0]["id"] == A


def test_client_that_leaves_a_huge_body_is_harmless() -> None:
    with faulty(Fault("huge", size=50_000_000)) as (peer, url):
        leave(url, raw_request(), reset=True)
        assert call(url).status == 200
        assert len(peer.log) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_write_with_a_status_is_stored_or_not(when: str) -> None:
    with faulty(Fault("status", status=503, when=when)) as (peer, url):
        assert patch(url, name="x").status == 503
    assert peer.state[A]["name"] == ("x" if when == "after" else "Directors")
    assert peer.log[0].status == 503


@pytest.mark.parametrize(
    ("shape", "code", "body"),
    [
        ("nested", None, b'{"error": {"message": "no"}}'),
        ("nested", "SLOTS_FULL", b'{"error": {"message": "no", "code": "SLOTS_FULL"}}'),
        ("message", None, b'{"message": "no"}'),
        ("error", None, b'{"error": "no"}'),
        ("detail", None, b'{"detail": "no"}'),
        ("title", None, b'{"title": "no"}'),
        ("text", None, b"no"),
        ("html", None, b"<html><body><p>no</p></body></html>"),
        ("empty", None, b""),
    ],
)
def test_errors_in_every_shape(shape: str, code: str | None, body: bytes) -> None:
    with faulty(Fault("status", status=403, shape=shape, code=code, message="no")) as (_, url):
        reply = one(url)
    assert (reply.status, reply.body) == (403, body)


def test_an_error_may_echo_the_key() -> None:
    with faulty(Fault("status", status=401, message="bad key", echo_key=True)) as (_, url):
        assert one(url).document["error"]["message"] == f"bad key: {KEY}"


@pytest.mark.parametrize("retry_after", [None, "0", "3", "86400", "soon", "-1", "٣"])
def test_retry_after_goes_out_as_it_is(retry_after: str | None) -> None:
    with faulty(Fault("status", status=429, retry_after=retry_after)) as (_, url):
        received, _ = raw(url, raw_request().replace(b"Host: x", b"Host: x\r\nConnection: close"))
    sent = [line for line in received.split(b"\r\n") if line.startswith(b"Retry-After: ")]
    assert sent == ([] if retry_after is None else [b"Retry-After: " + retry_after.encode()])


def test_retry_after_date_is_never_too_soon() -> None:
    earliest = time.time() + 5
    with faulty(Fault("status", status=429, retry_date=5)) as (_, url):
        date = email.utils.parsedate_to_datetime(one(url).headers["Retry-After"])
    assert earliest <= date.timestamp() < earliest + 5


@pytest.mark.parametrize("status", [204, 301, 302, 303, 304, 307, 308])
def test_redirects_name_their_location(status: int) -> None:
    with faulty(Fault("status", status=status, location="http://127.0.0.1:9/x")) as (peer, url):
        reply = patch(url, name="x")
        assert (reply.status, reply.headers["Location"]) == (status, "http://127.0.0.1:9/x")
    assert peer.state[A]["name"] == "Directors"


def test_a_lying_200_stores_nothing() -> None:
    with faulty(Fault("lie")) as (peer, url):
        assert (patch(url, name="x").data["name"], one(url).data["name"]) == ("x", "Directors")
    assert [entry.stored for entry in peer.log] == [False, False]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_200_with_the_old_audience(when: str) -> None:
    with faulty(Fault("old_body", when=when)) as (peer, url):
        assert patch(url, name="x").data["name"] == "Directors"
    assert peer.log[0].stored is (when == "after")


def test_short_bodies_have_only_the_id() -> None:
    with faulty(Fault("short_body", times=2)) as (peer, url):
        assert patch(url, name="x").document == {"data": {"id": A}}
        assert call(url).data == [{"id": A}, {"id": B}, {"id": C}]
    assert peer.state[A]["name"] == "x"


def test_lists_that_leave_out() -> None:
    with faulty(Fault("empty_list"), Fault("partial_list", ids=(A, C), nth=2)) as (_, url):
        assert call(url).data == []
        assert [item["id"] for item in call(url).data] == [B]
        assert one(url).status == 200


def test_unknown_fields_are_everywhere() -> None:
    with faulty(Fault("unknown_fields", times=2), generation=2) as (peer, url):
        read, listed = one(url).document, call(url).document
    assert {"x_envelope"} <= set(read) & set(listed)
    assert (read["data"]["x_field"], read["data"]["config"]["x_config"]) == (["new"], {"new": True})
    assert (listed["data"][2]["x_field"], "config" in listed["data"][2]) == (["new"], False)
    assert peer.state[A]["config"] == CONFIG


@pytest.mark.parametrize(
    ("path", "value"), [("data.config.minScore", "70"), ("data.id", "no-uuid"), ("data", {}), ("meta", None)]
)
def test_values_of_a_wrong_type(path: str, value: Any) -> None:
    with faulty(Fault("value", path=path, value=value)) as (peer, url):
        places = call(url).document
        assert peer.state[A]["config"] == CONFIG
    for name in path.split("."):
        places = [place[name] for place in places] if isinstance(places, list) else places[name]
    assert places == ([value] * 3 if "." in path else value)


def test_unknown_path_of_a_fault_is_raised() -> None:
    with pytest.raises(KeyError, match="confg"), faulty(Fault("value", path="data.confg.x")) as (_, url):
        assert raw(url, raw_request()) == (b"", "FIN")


def test_stale_reads_end_by_time_or_number() -> None:
    faults = Fault("stale", id=A, reads=2), Fault("stale", id=B, seconds=0.3)
    with faulty(*faults) as (peer, url):
        assert patch(url, A, name="x").data["name"] == "x"
        assert [one(url).data["name"], call(url).data[0]["name"]] == ["Directors", "Directors"]
        assert one(url).data["name"] == "x"
        patch(url, B, name="y")
        written = time.monotonic()
        while one(url, B).data["name"] != "y":
            assert time.monotonic() - written < SECONDS
        assert time.monotonic() - written >= 0.25
    assert [entry.faults for entry in peer.log[:4]] == [("stale",), ("stale",), ("stale",), ()]


def test_a_healed_peer_is_well() -> None:
    with faulty(Fault("stale", seconds=600), Fault("status", status=503, times=None, skip=1), slots=1) as (
        peer,
        url,
    ):
        patch(url, name="x")
        peer.heal()
        assert one(url).data["name"] == "x"
        assert patch(url, B, status="active").status == 200


def test_a_later_write_ends_staleness() -> None:
    with faulty(Fault("stale", seconds=600)) as (peer, url):
        patch(url, name="x")
        peer.edit(A, {"name": "y"})
        assert one(url).data["name"] == "y"


def test_one_merged_config() -> None:
    with faulty(Fault("merged_config")) as (peer, url):
        patch(url, config={"topicIds": [1]})
        assert peer.state[A]["config"] == {**CONFIG, "topicIds": [1]}
        patch(url, config={"topicIds": [1]})
        assert peer.state[A]["config"] == {"topicIds": [1]}


def test_stored_defaults_are_filled_and_sets_reordered() -> None:
    filled = {"minScore": 70, "maxScore": 100, "minTopicOverlap": 1, "topicIds": [2, 1]}
    with faulty(Fault("filled_defaults", times=2), Fault("reordered", times=2)) as (peer, url):
        assert patch(url, config={"topicIds": [1, 2]}).data["config"] == filled
        assert peer.state[A]["config"] == filled
        assert one(url, B).data["config"]["filters"]["seniority"] == ["cxo", "vp"]
    assert peer.state[B]["config"] == CONFIG


LOUD = {"topicIds": [1, 2], "minScore": 40, "filters": {"seniority": ["VP", "Cxo"], "gender": "F"}}
QUIET = {"topicIds": [2, 1], "minScore": 40, "filters": {"seniority": ["cxo", "vp"], "gender": "f"}}


@pytest.mark.parametrize(
    ("faults", "stored"),
    [
        ((Fault("normalised"),), QUIET),
        ((Fault("stripped"),), {**LOUD, "filters": {"gender": "F"}}),
        ((Fault("stripped", keys=("gender", "state")),), {**LOUD, "filters": {"seniority": ["VP", "Cxo"]}}),
        ((Fault("clamped"),), {**LOUD, "minScore": 50}),
        ((Fault("clamped", least=30),), LOUD),
        ((Fault("clamped"), Fault("normalised")), {**QUIET, "minScore": 50}),
    ],
)
def test_something_else_is_stored_than_asked(faults: tuple[Fault, ...], stored: dict[str, Any]) -> None:
    with faulty(*faults) as (peer, url):
        shown = patch(url, config=LOUD).data["config"]
        assert (shown, one(url).data["config"]) == (stored, stored)
        assert peer.log[0].after == peer.state[A]
        assert peer.state[A]["name"] == "Directors"


def test_an_echo_shows_what_was_asked() -> None:
    with faulty(Fault("echo"), Fault("stripped")) as (peer, url):
        shown = patch(url, name="Mine", config=LOUD).data
        assert (shown["name"], shown["config"]) == ("Mine", LOUD)
        stored = {**QUIET, "filters": {"gender": "f"}}
        assert (peer.state[A]["name"], one(url).data["config"]) == ("mine", stored)


@pytest.mark.parametrize("kind", ["normalised", "stripped", "clamped", "echo"])
def test_fields_that_were_not_sent_stay_stored(kind: str) -> None:
    with faulty(Fault(kind)) as (peer, url):
        assert patch(url, status="draft").status == 200
        patch(url, config={"topicIds": [1]})
        assert (peer.log[0].after or {})["config"] == CONFIG
        assert peer.state[A]["config"] == {"topicIds": [1]}


def test_stored_behind_an_error_while_reads_lag() -> None:
    with faulty(Fault("status", status=503, when="after", method="PATCH"), Fault("stale", reads=2)) as (
        peer,
        url,
    ):
        assert patch(url, name="x").status == 503
        assert [one(url).data["name"] for _ in range(3)] == ["Directors", "Directors", "x"]
        assert (peer.log[0].stored, peer.log[0].faults) == (True, ("status", "stale"))


@pytest.mark.parametrize(("has_offset", "second"), [(False, [A, B]), (True, [C])])
def test_a_short_list_says_nothing_of_more(has_offset: bool, second: list[str]) -> None:  # noqa: FBT001 - pytest fills it
    with faulty(Fault("short_list", size=2, offset=has_offset, times=2), generation=2, page_size=100) as (
        _,
        url,
    ):
        pages = [call(url, target=f"{LIST}?limit=100&offset={offset}").document for offset in (0, 2)]
    assert [[item["id"] for item in page["data"]] for page in pages] == [[A, B], second]
    assert not {"hasMore", "nextCursor"} & set(pages[0]["meta"])


@pytest.mark.parametrize("target", [None, B])
def test_a_twin_has_the_id_and_another_name(target: str | None) -> None:
    with faulty(Fault("twin", target=target)) as (_, url):
        *items, twin = call(url).data
    assert [item["id"] for item in items] == [A, B, C]
    assert (twin["id"], twin["name"]) == (target or A, f"{items[1 if target else 0]['name']}, the other")


@pytest.mark.parametrize("generation", [1, 2])
def test_pages_without_end(generation: int) -> None:
    with faulty(Fault("endless", times=None), generation=generation) as (_, url):
        cursors = [""]
        for _ in range(3):
            page = call(url, target=f"{LIST}?cursor={cursors[-1]}").document
            assert (len(page["data"]), page["meta"]["hasMore"]) == (3, True)
            cursors.append(page["meta"]["nextCursor"])
    assert len(set(cursors)) == 4


@pytest.mark.parametrize("target", [LIST, f"{LIST}/{B}"])
def test_one_item_of_a_wrong_type(target: str) -> None:
    with faulty(Fault("value", path="data.config.minScore", value="70", target=B)) as (_, url):
        data = call(url, target=target).data
    items = {item["id"]: item["config"]["minScore"] for item in (data if isinstance(data, list) else [data])}
    assert items.pop(B) == "70"
    assert set(items.values()) <= {60}


def test_an_audience_without_config_stays_so() -> None:
    peer = Peer([{"id": A, "name": "x", "status": "draft"}])
    peer.inject(Fault("filled_defaults"), Fault("reordered"))
    with peer.running() as url:
        assert "config" not in one(url).data


def test_an_edit_in_the_gap_after_a_read() -> None:
    with faulty(Fault("edit", method="GET", id=A, changes={"name": "theirs"})) as (peer, url):
        assert one(url).data["name"] == "Directors"
        assert one(url).data["name"] == "theirs"
    assert [(e.number, e.method, e.id) for e in peer.log] == [(1, "GET", A), (2, "EDIT", A), (3, "GET", A)]
    edit = peer.log[1]
    assert (edit.document, edit.stored, edit.after) == ({"name": "theirs"}, True, peer.state[A])


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_edit_just_around_a_write(when: str) -> None:
    fault = Fault("edit", method="PATCH", when=when, changes={"name": "theirs", "status": "draft"})
    with faulty(fault) as (peer, url):
        assert patch(url, name="ours").data["name"] == "ours"
    write, edit = peer.log
    assert peer.state[A]["status"] == "draft"
    assert peer.state[A]["name"] == ("ours" if when == "before" else "theirs")
    first, second = (edit, write) if when == "before" else (write, edit)
    assert first.after == second.before
    assert second.after == peer.state[A]


def test_an_edit_of_another_audience_and_a_deletion() -> None:
    with faulty(Fault("edit", route="list", target=B, changes={"name": "theirs"})) as (peer, url):
        assert call(url).data[1]["name"] == "Vice presidents"
        assert call(url).data[1]["name"] == "theirs"
        gone = peer.edit(B, None)
        assert one(url, B).status == 404
        with pytest.raises(KeyError, match=B):
            peer.edit(B, {"name": "x"})
    assert (gone.after, set(peer.state)) == (None, {A, C})


def test_connections_are_refused_for_a_while() -> None:
    with faulty(Fault("refuse", seconds=0.3)) as (_, url):
        waiting, busy = (http.client.HTTPConnection(*address(url), timeout=SECONDS) for _ in range(2))
        waiting.connect()
        assert ask(busy, "GET", LIST).headers["Connection"] == "close"
        assert waiting.sock.recv(1) == b""
        waiting.close()
        busy.close()
        with pytest.raises(ConnectionRefusedError):
            call(url)
        assert reached(url)


def reached(url: str) -> bool:
    """Try until the door is open again."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return call(url).status == 200
        except ConnectionRefusedError:
            assert time.monotonic() < deadline


def test_connections_are_refused_inside_a_block() -> None:
    with faulty(Fault("refuse", seconds=0.05)) as (peer, url):
        with peer.refusing(), peer.refusing(), pytest.raises(ConnectionRefusedError):
            call(url)
        assert [call(url).status, reached(url)] == [200, True]


def test_an_entry_has_all_of_its_request() -> None:
    body = '{"name": "Größe \U0001f600"}'.encode()
    before = time.monotonic()
    with faulty() as (peer, url):
        call(url, "PATCH", f"{LIST}/{A}?x=1", body)
    (entry,) = peer.patches()
    assert (entry.number, entry.method, entry.target) == (1, "PATCH", f"{LIST}/{A}?x=1")
    assert (entry.body, entry.document, entry.id) == (body, {"name": "Größe \U0001f600"}, A)
    assert (entry.header("x-api-key"), entry.header("Authorization")) == (KEY, None)
    assert before <= entry.time_monotonic <= time.monotonic()
    assert entry.before is not None
    assert (entry.before["name"], entry.after) == ("Directors", peer.state[A])


def test_what_is_given_out_is_a_copy() -> None:
    peer = Peer(given := audiences())
    peer.state[A]["config"].clear()
    given[0]["config"].clear()
    assert peer.state[A]["config"] == CONFIG


def test_waiting_for_what_does_not_come_times_out() -> None:
    with faulty() as (peer, url):
        call(url)
        with pytest.raises(TimeoutError, match="no such entry"):
            peer.wait(lambda entry: entry.stored, timeout=0.05)


def test_log_and_state_are_exact_under_concurrency() -> None:
    with faulty(Fault("drop", method="PATCH", when="after", nth=5, times=10)) as (peer, url):
        barrier = threading.Barrier(8)

        def write(worker: int) -> int:
            barrier.wait()
            return sum(
                raw(url, raw_request("PATCH", body=json.dumps({"name": f"{worker}.{turn}"}).encode()))[0]
                == b""
                for turn in range(10)
            )

        # The peer closes no kept connection by itself, so that every answer but the dropped ones says close.
        peer.inject(Fault("truncate", method="PATCH", times=None))
        with ThreadPoolExecutor(8) as pool:
            dropped = sum(pool.map(write, range(8)))
    log = peer.patches()
    assert dropped == 10
    assert [entry.number for entry in log] == list(range(1, 81))
    assert [entry.number for entry in log if "drop" in entry.faults] == list(range(5, 15))
    assert len({entry.document["name"] for entry in log}) == 80
    assert all(
        entry.stored and entry.after and entry.after["name"] == entry.document["name"] for entry in log
    )
    # The stores form one chain: each but the first begins where exactly one other ended.
    begins = sorted(entry.before["updatedAt"] for entry in log if entry.before)
    ends = sorted(entry.after["updatedAt"] for entry in log if entry.after)
    assert begins == ["2026-01-05T08:00:00Z", *ends[:-1]]
    assert peer.state[A]["updatedAt"] == ends[-1]


@contextmanager
def process(folder: Path, script: list[Fault], *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    (folder / "script.json").write_text(json.dumps([fault.to_json() for fault in script]))
    files = [f"--{name}={folder / name}.json" for name in ("state", "script", "log")]
    command = [sys.executable, "-m", "tests.doubles.peer", *files, *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        word, port = running.stdout.readline().split()
        assert word == "ready"
        try:
            yield running, f"http://127.0.0.1:{port}"
        finally:
            running.kill()


def test_killed_peer_has_logged_and_stored_everything(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps(audiences()))
    script = [Fault("drop", id=A, method="PATCH", when="after"), Fault("delay", id=C, seconds=600)]
    with process(tmp_path, script) as (running, url):
        assert raw(url, raw_request("PATCH", body=b'{"name": "\xc3\xbc"}')) == (b"", "FIN")
        assert patch(url, B, name="y").status == 200
        with socket.create_connection(address(url), timeout=SECONDS) as sock:
            sock.sendall(raw_request("PATCH", f"{LIST}/{C}", b'{"name": "z"}'))
            deadline = time.monotonic() + SECONDS
            while len(read_log(tmp_path / "log.json")) < 3:
                assert time.monotonic() < deadline
            os.kill(running.pid, signal.SIGKILL)
            assert running.wait(SECONDS) == -signal.SIGKILL
    log = read_log(tmp_path / "log.json")
    assert [(e.number, e.id, e.status, e.stored) for e in log] == [
        (1, A, None, True),
        (2, B, 200, True),
        (3, C, None, False),
    ]
    assert log[0].document == {"name": "ü"}
    stored = {audience["id"]: audience for audience in json.loads((tmp_path / "state.json").read_text())}
    assert [stored[key]["name"] for key in (A, B, C)] == ["ü", "y", "Grüße"]
    assert (stored[A], stored[B]) == (log[0].after, log[1].after)


def test_restarted_peer_goes_on_and_obeys_sigterm(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps(audiences()))
    options = ["--key=sk_2", "--generation=2", "--slots=1", "--page-size=1", "--config-semantics=merge"]
    options += ["--strict", "--unknown-filters=strip"]
    for turn in (1, 2):
        with process(tmp_path, [], *options) as (running, url):
            assert len(call(url, key="sk_2").data) == 1
            assert call(url, "PATCH", f"{LIST}/{A}", {"config": {"topicIds": [turn]}}, "sk_2").status == 200
            running.terminate()
            assert running.wait(SECONDS) == 0
    log = read_log(tmp_path / "log.json")
    assert [entry.number for entry in log] == [1, 2, 3, 4]
    assert (log[3].before, log[3].document["config"]) == (log[1].after, {"topicIds": [2]})
    assert json.loads((tmp_path / "state.json").read_text())[0]["config"] == {**CONFIG, "topicIds": [2]}


def test_peer_with_an_unknown_fault_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('[{"kind": "dorp"}]')
    command = [sys.executable, "-m", "tests.doubles.peer", "--script", str(tmp_path / "script.json")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "dorp" in ended.stderr


def test_a_process_without_files_serves(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.doubles.peer"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert call(f":{running.stdout.readline().split()[1]}").data == []
        running.terminate()
        assert running.wait(SECONDS) == 0
    assert list(tmp_path.iterdir()) == []


def test_another_origin_records_all_that_reaches_it() -> None:
    with OtherOrigin() as other:
        untouched = other.received
        reply = call(other.url, target="/lured")
        leave(other.url, b"")
        assert (reply.status, reply.data) == (200, [])
        assert raw(other.url, b"CONNECT api:443 HTTP/1.1\r\n\r\n")[0].startswith(b"HTTP/1.1 200")
        first, silent, tunnel = other.received
    assert untouched == ()
    assert first.startswith(b"GET /lured HTTP/1.1\r\n")
    assert b"X-API-Key: sk_test" in first
    assert (silent, tunnel) == (b"", b"CONNECT api:443 HTTP/1.1\r\n\r\n")


def test_two_peers_share_nothing() -> None:
    with faulty() as (first, url), faulty() as (second, other):
        assert url != other
        patch(url, name="x")
    assert (first.state[A]["name"], second.state[A]["name"]) == ("x", "Directors")
    assert (len(first.log), len(second.log)) == (1, 0)
