"""Many organizations behind one origin, told apart by their keys, as the vendor's API does it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .contract import failure
from .listener import Listener
from .wire import Response, read_request, send

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Mapping

    from .server import Peer


class Fleet:
    """Peers by key, on one socket; what comes with another key is counted, and refused."""

    def __init__(self, peers: Mapping[str, Peer]) -> None:
        self._peers = peers
        self._listener = Listener(self._converse)
        self.strangers = 0

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve in a thread of its own, and give the base URL; raises at the end what went wrong inside."""
        port = self._listener.start()
        for peer in self._peers.values():
            peer._listener = self._listener
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            self._listener.stop()
        if self._listener.failures:
            raise self._listener.failures[0]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = Response()
        while answer.ending == "keep":
            self._listener.set_idle(writer, idle=True)
            try:
                request = await read_request(reader)
            finally:
                self._listener.set_idle(writer, idle=False)
            if request is None:
                return
            peer = self._peers.get(request.header("X-API-Key") or "")
            if peer is None:
                self.strangers += 1
                answer = failure(401, "invalid API key")
                await send(writer, answer)
            else:
                answer = await peer._exchange(request, writer)
