"""A small API that costs little itself, so that what is measured is its clients: `python -m benchmarks.api`.

It lists, shows and patches audiences as the first generation of the contract does, with pages by a cursor
where a limit is asked for, and answers after a latency.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

from benchmarks import SPAN

_ROUTE = "/v1/intent/audiences"


class Organization:
    """The audiences by id, in the order of a file of one JSON document a line."""

    def __init__(self, live: Path, latency: float) -> None:
        with live.open(encoding="utf-8") as lines:
            self._texts = {json.loads(line)["id"]: line.rstrip("\n") for line in lines}
        self._ids = [*self._texts]
        self._latency = latency
        self._first: float | None = None
        self._last = 0.0

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, str]:
        path, _, query = target.partition("?")
        if path == _ROUTE:
            return 200, self._list({key: values[0] for key, values in parse_qs(query).items()})
        if path == SPAN:
            return 200, str(0.0 if self._first is None else self._last + self._latency - self._first)
        self._last = time.monotonic()
        self._first = self._last if self._first is None else self._first
        key = path.removeprefix(f"{_ROUTE}/")
        if key not in self._texts:
            return 404, '{"error": {"message": "no such audience"}}'
        if method == "PATCH":
            self._texts[key] = json.dumps(json.loads(self._texts[key]) | json.loads(body))
        return 200, f'{{"data": {self._texts[key]}}}'

    def _list(self, query: dict[str, str]) -> str:
        start, limit = int(query.get("cursor", 0)), int(query.get("limit", len(self._ids)))
        items = ",".join(self._texts[key] for key in self._ids[start : start + limit])
        cursor = f'"{start + limit}"' if start + limit < len(self._ids) else "null"
        return f'{{"data": [{items}], "meta": {{"nextCursor": {cursor}}}}}'


class _Connection(asyncio.Protocol):
    """One client's connection: requests one after the other, each whole before it is answered."""

    def __init__(self, organization: Organization, latency: float) -> None:
        self._organization = organization
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        length = _content_length(head)
        if not end or len(rest) < length:
            return
        self._received = rest[length:]
        method, target, _ = head.partition(b"\r\n")[0].decode("ascii").split(" ")
        status, text = self._organization.answer(method, target, rest[:length])
        body = text.encode()
        answer = (
            f"HTTP/1.1 {status} \r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        loop.call_later(self._latency, self._transport.write, answer.encode() + body)


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def _serve(live: Path, latency: float, port: int) -> None:
    organization = Organization(live, latency)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(organization, latency), "127.0.0.1", port
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("live", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(_serve(options.live, options.latency, options.port))
