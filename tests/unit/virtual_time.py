"""The peer in the client's own event loop, in a time that moves only when nothing else can happen.

A wait takes no time and can be compared exactly, and a slow machine changes nothing. There is no socket: what
belongs to one (cut and reset connections) is tested with `Peer.running`.
"""

from __future__ import annotations

import asyncio
import itertools
import selectors
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping

    from tests.doubles.peer import Peer
    from tests.doubles.peer.entries import Entry

    Message = MutableMapping[str, Any]

MAX_SECONDS = 100_000  # seconds of this time, after which a test that still waits is broken


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer once there is nothing else to do."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Selector(self.advance))

    def time(self) -> float:
        return self._now

    def advance(self, seconds: float | None) -> None:
        if seconds is None or self._now > MAX_SECONDS:
            raise RuntimeError(f"nothing will ever happen: {asyncio.all_tasks(self)}")
        self._now += seconds


class _Selector(selectors.SelectSelector):
    def __init__(self, advance: Callable[[float | None], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout != 0:
            self._advance(timeout)
        return ready


@dataclass(frozen=True)
class Arrival:
    """A request, and when it came, in seconds since its loop began."""

    seconds: float
    method: str
    id: str | None


class Simulation:
    """A peer that is served without a socket, by an ASGI application.

    `elapsed` is how many seconds the last loop ran, for who runs one to note.
    """

    def __init__(self, peer: Peer) -> None:
        self.elapsed = 0.0
        self._peer = peer
        self._door = _Door()
        self._times: list[float] = []
        self._tasks: set[asyncio.Task[None]] = set()
        peer._listener = cast("Any", self._door)

    def __str__(self) -> str:
        return "https://simulated.test"

    @property
    def arrivals(self) -> list[Arrival]:
        requests = [entry for entry in self._peer.log if entry.method != "EDIT"]
        return [
            Arrival(round(seconds, 6), entry.method, entry.id)
            for seconds, entry in zip(self._times, requests, strict=True)
        ]

    def gaps(self, audience_id: str | None = None) -> list[float]:
        """Give the seconds between one request (for an audience) and the next."""
        times = [one.seconds for one in self.arrivals if audience_id in {None, one.id}]
        return [round(after - before, 6) for before, after in itertools.pairwise(times)]

    async def seen(self, when: Callable[[Entry], bool]) -> None:
        """Wait until the peer has noted such a request, to a hundredth of a second."""
        while not any(when(entry) for entry in self._peer.log):  # noqa: ASYNC110 - the peer has no event of this loop
            await asyncio.sleep(0.01)

    async def app(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Serve one request: as on a socket, the peer ends its work though the client has left."""
        if self._door.is_shut:
            raise httpx.ConnectError("the simulated connection is refused")
        reader, writer = asyncio.StreamReader(), _Kept()
        reader.feed_data(_spelled(scope, (await receive())["body"]))
        self._times.append(asyncio.get_running_loop().time())
        serving = asyncio.ensure_future(self._peer._converse(reader, cast("Any", writer)))
        self._tasks.add(serving)
        await asyncio.shield(serving)
        for message in _messages(bytes(writer.content)):
            await send(message)


def _spelled(scope: Mapping[str, Any], body: bytes) -> bytes:
    """Write a request as it would be on the wire."""
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    lines = [f"{scope['method']} {(scope['raw_path'] + query).decode()} HTTP/1.1"]
    given = [(name.decode(), value.decode()) for name, value in scope["headers"]]
    lines += [f"{name}: {value}" for name, value in given if name.lower() != "connection"]
    return "\r\n".join([*lines, "Connection: close", "\r\n"]).encode() + body


def _messages(content: bytes) -> Iterator[Message]:
    if not content:
        raise httpx.ReadError("the simulated connection broke")
    head, _, body = content.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = [tuple(line.split(b": ", 1)) for line in lines]
    yield {"type": "http.response.start", "status": int(first.split(b" ")[1]), "headers": headers}
    yield {"type": "http.response.body", "body": body}


class _Kept:
    """A writer that keeps what the peer would send."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes) -> None:
        self.content += data

    async def drain(self) -> None: ...

    def close(self) -> None: ...


class _Door:
    """What the peer needs of its listener, without one."""

    def __init__(self) -> None:
        self._opens_at = 0.0
        self.listening = True

    @property
    def is_shut(self) -> bool:
        return asyncio.get_running_loop().time() < self._opens_at

    def set_idle(self, writer: object, *, idle: bool) -> None: ...

    async def refuse(self, seconds: float) -> None:
        self._opens_at = asyncio.get_running_loop().time() + seconds
