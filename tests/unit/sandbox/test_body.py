"""Bodies that are no JSON, no sensible size, or of the wrong type."""

from __future__ import annotations

import http.client
import json
import logging
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import API_KEY
from reconciler.sandbox.app import create_app
from tests.unit.sandbox.calls import AUDIENCES, JSON, MARKETING, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sandbox.calls import Api

PATH = f"{AUDIENCES}/{MARKETING}"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"name": "x"',
        b"{'name': 'x'}",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"audienceSize": NaN}',
        b'{"audienceSize": -Infinity}',
        b'{"config": {"topicIds": [1], "filters": {"unheard.of": {"min": 1e999}}}}',
        b'{"audienceSize": ' + b"9" * 5000 + b"}",
        b'{"config": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda raw: raw[:40],
)
def test_malformed_json_is_refused(either: Api, raw: bytes) -> None:
    response = either.call("PATCH", PATH, raw)

    assert response.error == (400, "VALIDATION_ERROR")
    assert response.message == "The body is not valid JSON."


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]
)
def test_another_content_type_is_refused(either: Api, content_type: str) -> None:
    response = either.call("PATCH", PATH, b'{"name": "x"}', {**JSON, "content-type": content_type})

    assert response.error == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_content_type_allows_charset_and_capitals(fresh: Api) -> None:
    headers = {**JSON, "content-type": "Application/JSON; charset=utf-8"}

    assert fresh.call("PATCH", PATH, b'{"name": "x"}', headers).data["name"] == "x"


def test_body_of_one_mebibyte_is_the_largest_accepted(either: Api) -> None:
    most = json.dumps({"nam": "x" * ((1 << 20) - 11)}).encode()
    assert len(most) == 1 << 20

    assert either.call("PATCH", PATH, most).message.startswith("nam is not a field")
    assert either.call("PATCH", PATH, most + b" ").error == (413, "PAYLOAD_TOO_LARGE")


def test_oversized_body_is_read_completely_before_answer(either: Api) -> None:
    chunk = b" " * (1 << 20)
    with closing(http.client.HTTPConnection("127.0.0.1", either.port, timeout=20)) as connection:
        connection.request("PATCH", PATH, iter([chunk] * 9), JSON, encode_chunked=True)
        response = connection.getresponse()

        assert response.status == 413
        assert json.load(response)["error"]["code"] == "PAYLOAD_TOO_LARGE"


def test_client_disconnect_mid_request_is_no_server_error(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"PATCH {PATH} HTTP/1.1\r\nhost: x\r\nx-api-key: {API_KEY}\r\ncontent-length: 99\r\n\r\n"
    with caplog.at_level(logging.WARNING), served(create_app(database)) as api:
        with socket.create_connection(("127.0.0.1", api.port), timeout=20) as connection:
            connection.sendall(head.encode() + b'{"name": "half')
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""  # the server has seen the end

        assert api.get(f"/{MARKETING}").data["name"] == "Marketing directors at software companies"

    assert caplog.records == []
