"""The sandbox on a real socket, and a plain HTTP client for it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from reconciler.sandbox import API_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import ASGIApp

AUDIENCES = "/v1/intent/audiences"
TOPICS = "/v1/intent/topics"
JSON = {"X-API-Key": API_KEY, "content-type": "application/json"}
MARKETING = "6fb81599-f601-4afe-b3ff-e8a211cae27d"
WEBINAR = "47e560bc-ee12-4e22-bb3a-37d9ee3966a8"
SWITCHERS = "8f265c50-f8c7-4da0-8b27-d7e7c30603bd"
ABSENT = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def data(self) -> Any:
        assert self.status in {200, 201}, self.raw
        return self.body["data"]

    @property
    def error(self) -> tuple[int, str]:
        assert self.headers["content-type"] == "application/json"
        return self.status, self.body["error"]["code"]

    @property
    def message(self) -> str:
        message: str = self.body["error"]["message"]
        return message


@dataclass(frozen=True, slots=True)
class Api:
    port: int

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] = JSON,
    ) -> Response:
        """Send one request; bytes as they are, anything else as JSON."""
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, sent, dict(headers))
            response = connection.getresponse()
            return Response(
                response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
            )

    def get(self, path: str = "", headers: Mapping[str, str] = JSON) -> Response:
        return self.call("GET", AUDIENCES + path, headers=headers)

    def patch(self, audience_id: str, body: object) -> Response:
        return self.call("PATCH", f"{AUDIENCES}/{audience_id}", body)

    def post(self, path: str, body: object) -> Response:
        return self.call("POST", AUDIENCES + path, body)


@contextmanager
def served(app: ASGIApp) -> Iterator[Api]:
    """Serve the app in a thread until the block ends and every request is settled."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        api = Api(listener.getsockname()[1])
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield api
        finally:
            server.should_exit = True
            thread.join(timeout=20)
            assert not thread.is_alive()
