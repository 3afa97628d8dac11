"""Connections to one origin, over asyncio and h11: what httpx sends its requests through.

httpx's own pool looks through all its connections, and for the event loop that it runs in, at every step of
every request, which takes more of the processor than all else. One origin and some workers need less: the
connections that are idle, of which the one that was used last is used next.
"""

from __future__ import annotations

import asyncio
import ipaddress
import select
import socket
import ssl
import time
from typing import TYPE_CHECKING, cast

import h11
import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Seconds; each less than common servers take, so that it is seldom they who end a connection under a request.
KEEP_ALIVE = 1.5  # Gunicorn waits 2 seconds for another request, Node, Apache and uvicorn 5
CONNECTING = 10.0  # with the handshake; nothing was sent by then
_STAGGER = 0.25  # until the next address is tried too (RFC 8305, 5)
MAX_HEAD = 100 * 1024  # bytes of a response's headers
MAX_BUFFER = 256 * 1024  # bytes that are received before anybody reads them


class Transport(httpx.AsyncBaseTransport):
    """Sends each request once, over an idle connection or a new one; raises httpx's errors.

    A connection is used again only where its last request left as a whole, the response to it came to a plain
    end, and neither a byte nor an end came after it. Where the server ends it all the same while a request is
    on its way, that is an error: nothing is sent a second time here. Only a request for which there was no
    connection, so that it surely never left, raises ConnectError or ConnectTimeout.
    """

    def __init__(self, origin: str, context: ssl.SSLContext | None) -> None:
        """Take the context of an https origin, None for one in plain text."""
        url = httpx.URL(origin)
        self._host, self._port = url.host, url.port or (443 if context else 80)
        self._context = context
        # Of several addresses, one that does not respond must not take all the time. asyncio forgets a socket
        # when such a race is given up just as it is won: where there is one address, there is no race.
        self._delay = None if _is_address(self._host) else _STAGGER
        self._idle: list[_Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = b"".join([part async for part in cast("httpx.AsyncByteStream", request.stream)])
        connection = self._take_idle() or await self._connect()
        try:
            head = await connection.exchange(request, body)
        except BaseException:
            connection.abort()
            raise
        return httpx.Response(
            head.status_code, headers=[*head.headers.raw_items()], stream=_Body(connection, self._idle)
        )

    async def aclose(self) -> None:
        """Close what is idle; nothing else is left once every response was read or given up."""
        while self._idle:
            self._idle.pop().abort()
        await asyncio.sleep(0)  # in which asyncio closes the sockets

    def _take_idle(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable():
                return connection
            connection.abort()
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECTING):
                _, connection = await loop.create_connection(
                    _Connection, self._host, self._port, ssl=self._context, happy_eyeballs_delay=self._delay
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no connection within {CONNECTING:.3g} seconds") from error
        except (ValueError, socket.gaierror, ssl.SSLError) as error:  # a name that is none is a ValueError
            raise httpx.ConnectError(str(error)) from error
        except OSError as error:
            raise httpx.ConnectError("All connection attempts failed") from error
        return connection


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other, each after the end of the response before."""

    def __init__(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._received = bytearray()
        self._is_over = False
        self._is_broken = False
        self._has_two_lengths = False
        self._arrival: asyncio.Future[None] | None = None
        self._idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > MAX_BUFFER:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over, self._is_broken = True, exc is not None
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def is_usable(self) -> bool:
        """Return whether an idle connection is fresh, and nothing came that nobody asked for."""
        if self._is_over or self._received or time.monotonic() - self._idle_since > KEEP_ALIVE:
            return False
        waiting = select.poll()  # for what the event loop has not seen yet
        waiting.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not waiting.poll(0)

    def abort(self) -> None:
        self._transport.abort()

    async def exchange(self, request: httpx.Request, body: bytes) -> h11.Response:
        """Send a request in one piece, and return the head of its response."""
        try:
            parts = [
                self._h11.send(
                    h11.Request(
                        method=request.method, target=request.url.raw_path, headers=request.headers.raw
                    )
                ),
                self._h11.send(h11.Data(data=body)) if body else b"",
                self._h11.send(h11.EndOfMessage()),
            ]
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        # A server may respond and close before it has read all: so the response counts, not what was written.
        self._transport.write(b"".join(part for part in parts if part))
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                # With two lengths, what one end takes for the next response may be a part of this one to the
                # other (RFC 9112, 6.3).
                self._has_two_lengths = {b"content-length", b"transfer-encoding"} <= {*dict(event.headers)}
                return event

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the parts of the response's body."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    async def _event(self) -> object:
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from error
            if event is not h11.NEED_DATA:
                return event
            data = await self._read()
            if not data and self._h11.their_state is h11.SEND_RESPONSE:
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
            self._h11.receive_data(data)

    async def _read(self) -> bytes:
        """Return what has come, nothing where no more will; raises ReadError where the connection broke."""
        while not self._received and not self._is_over:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        if not self._received and self._is_broken:
            raise httpx.ReadError("")
        data = bytes(self._received)
        self._received.clear()
        if not self._is_over:
            self._transport.resume_reading()
        return data

    def is_reusable(self) -> bool:
        """Prepare for another request; False where the last one did not come to a plain end, or more came."""
        is_done = self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        is_sent = not self._transport.get_write_buffer_size()  # a response may come early
        if not is_done or not is_sent or self._has_two_lengths or self._h11.trailing_data[0]:
            return False
        self._h11.start_next_cycle()
        self._idle_since = time.monotonic()
        return True


class _Body(httpx.AsyncByteStream):
    """The body of one response; closed, its connection is idle or gone."""

    def __init__(self, connection: _Connection, idle: list[_Connection]) -> None:
        self._connection = connection
        self._idle = idle
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._connection.body():
            yield part

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._connection.is_reusable():
            self._idle.append(self._connection)
        else:
            self._connection.abort()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
