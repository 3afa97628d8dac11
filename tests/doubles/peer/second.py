"""Another origin: a listener that records whatever reaches it, and answers as if all were well."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from .listener import Listener

_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"
)
_BODY = b'{"data": []}'
_QUIET = 0.2


class OtherOrigin:
    """
    Records each connection's bytes: a redirect's target or a proxy that nobody is to talk to.

    It answers a tempting 200, so that a client which does go there finds that it "succeeds".
    """

    def __init__(self) -> None:
        self._listener = Listener(self._record)
        self._lock = threading.Lock()
        self._received: list[bytearray] = []
        self.url = ""

    def __enter__(self) -> Self:
        self.url = f"http://127.0.0.1:{self._listener.start()}"
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.stop()

    @property
    def received(self) -> tuple[bytes, ...]:
        """What came, one item for each connection (empty when it sent nothing)."""
        with self._lock:
            return tuple(bytes(data) for data in self._received)

    async def _record(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        record = bytearray()
        with self._lock:
            self._received.append(record)
        # Whatever its protocol, a client that has said its say goes quiet, and then waits for an answer.
        while data := await _next(reader):
            with self._lock:
                record += data
        writer.write(_ANSWER + _BODY)
        await writer.drain()


async def _next(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(65536), _QUIET)
    except TimeoutError:
        return b""
