"""The server as a process: its port, its signals, and clients that are not ours."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import SettingsError
from reconciler.sandbox import API_KEY
from reconciler.sandbox.app import create_app
from reconciler.sandbox.server import serve
from tests.unit.sandbox.calls import AUDIENCES, MARKETING, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVE = """
import signal, sys
from pathlib import Path
from reconciler.sandbox.app import create_app
from reconciler.sandbox.server import serve
from reconciler.secret import Secret
serve(create_app(Path(sys.argv[1])), port=0, ready=lambda port: print(port, flush=True))
print("returned", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


@contextmanager
def _running(database: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", SERVE, str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def _ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_termination_signal_stops_server_quietly_and_restores_handlers(
    database: Path, number: signal.Signals
) -> None:
    with _running(database) as (process, origin):
        connection = socket.create_connection(("127.0.0.1", int(origin.rpartition(":")[2])))  # an idle client
        with connection:
            assert _ended(process, number) == (0, "returned True\n", "")


def test_it_says_nothing_while_it_serves(database: Path) -> None:
    with _running(database) as (process, origin):
        for path in (AUDIENCES, "/nothing", TOPICS):
            subprocess.run(
                [sys.executable, "-c", _URLLIB, "GET", origin + path], check=False, capture_output=True
            )

        assert _ended(process, signal.SIGTERM) == (0, "returned True\n", "")


_URLLIB = """
import sys, urllib.error, urllib.request
method, url, *body = sys.argv[1:]
headers = {"X-API-Key": "sk_sandbox", "Content-Type": "application/json"}
data = body[0].encode() if body else None
try:
    response = urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method))
except urllib.error.HTTPError as error:
    response = error
with response:
    print(response.read().decode())
"""


def _from_a_shell(method: str, url: str, *body: str) -> Any:
    """Call with curl, or with the standard library where there is none."""
    if shutil.which("curl"):
        headers = ["-H", f"X-API-Key: {API_KEY}", "-H", "Content-Type: application/json"]
        command = ["curl", "-sS", "-X", method, *headers, *(["-d", *body] if body else []), url]
    else:
        command = [sys.executable, "-c", _URLLIB, method, url, *body]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)


def test_a_shell_can_drive_it(database: Path) -> None:
    with _running(database) as (_, origin):
        config = json.dumps({"name": "From a shell", "config": {"topicIds": [117801]}})
        made = _from_a_shell("POST", origin + AUDIENCES, config)["data"]
        mine = f"{origin}{AUDIENCES}/{made['id']}"

        assert _from_a_shell("PATCH", mine, '{"name": "Renamed"}')["data"]["name"] == "Renamed"
        assert _from_a_shell("GET", mine)["data"]["name"] == "Renamed"
        assert _from_a_shell("DELETE", mine)["data"] == {"id": made["id"], "deleted": True}
        assert _from_a_shell("GET", mine)["error"]["code"] == "NOT_FOUND"


def _as_the_vendors_client(origin: str, method: str, path: str, body: object = None) -> Any:
    headers = {"accept": "application/json", "X-API-Key": API_KEY}
    data = None
    if body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body, separators=(",", ":")).encode()
    request = urllib.request.Request(origin + path, data, headers, method=method)  # noqa: S310 - our own origin
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - our own origin
        return json.load(response)


def test_the_calls_of_the_vendors_client_work(database: Path) -> None:
    with _running(database) as (_, origin):

        def call(method: str, path: str, body: object = None) -> Any:
            return _as_the_vendors_client(origin, method, path, body)["data"]

        config = {
            "topicIds": [117805],
            "minScore": 70,
            "filters": {"seniority": ["vp"], "hasBusinessEmail": True},
        }
        made = call("POST", AUDIENCES, {"name": "New", "config": config})
        mine = f"{AUDIENCES}/{made['id']}"

        assert call("PATCH", mine, {"status": "paused"})["status"] == "paused"
        assert call("GET", mine)["topics"] == [{"id": 117805, "name": "Marketing ROI"}]
        assert call("POST", f"{AUDIENCES}/preview", config)["totalCount"] == made["audienceSize"]
        assert "vp" in call("GET", f"{AUDIENCES}/filters")["seniority"]
        assert call("GET", f"{TOPICS}?type=b2b&q=roi")[0]["topicId"] == 117805
        assert call("GET", f"{TOPICS}/search?q=roi&limit=1")[0]["topicName"] == "Marketing ROI"
        assert call("DELETE", mine)["deleted"] is True
        assert len(call("GET", AUDIENCES)) == 17


def test_state_survives_a_killed_process(database: Path) -> None:
    with _running(database) as (process, origin):
        _as_the_vendors_client(origin, "PATCH", f"{AUDIENCES}/{MARKETING}", {"name": "Kept"})
        process.kill()
        process.wait(timeout=30)
    with _running(database) as (_, origin):
        assert _as_the_vendors_client(origin, "GET", f"{AUDIENCES}/{MARKETING}")["data"]["name"] == "Kept"


def test_port_in_use_is_refused_with_a_remedy(database: Path) -> None:
    app = create_app(database)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as caught:
            serve(app, port=port, ready=lambda _port: pytest.fail("it is not ready"))

    assert caught.value.summary == f"Port {port} on 127.0.0.1 is in use"
    assert caught.value.detail == "Choose another one, or 0 for any that is free"


@pytest.mark.parametrize(
    ("host", "port", "summary"),
    [
        ("127.0.0.1", 65_536, "65536 is not a port"),
        ("127.0.0.1", -1, "-1 is not a port"),
        ("192.0.2.1", 0, "Port 0 on 192.0.2.1 cannot be used: "),
    ],
)
def test_a_port_that_cannot_be_had_is_refused(database: Path, host: str, port: int, summary: str) -> None:
    with pytest.raises(SettingsError, match=f"^{summary}"):
        serve(create_app(database), port=port, host=host, ready=lambda _port: pytest.fail("it is not ready"))
