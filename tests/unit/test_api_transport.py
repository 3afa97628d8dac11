"""Which connection a request takes, and what becomes of it, on real sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.api import transport
from reconciler.api.transport import Transport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
UNASKED = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"


@asynccontextmanager
async def peer(
    *answers: bytes, reset: bool = False, end: bool = False
) -> AsyncIterator[tuple[httpx.AsyncClient, list[int]]]:
    """Give a client of a server with these answers, the last again, and the requests of each connection."""
    asked: list[int] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(0)
        number = len(asked) - 1
        while await reader.readuntil(b"\r\n\r\n"):
            asked[number] += 1
            writer.write(left.pop(0) if len(left) > 1 else left[0])
            if reset:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            if reset or end:
                writer.close()
                return

    tasks: list[asyncio.Task[None]] = []

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(guarded(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        async with httpx.AsyncClient(base_url=origin, transport=Transport(origin, None)) as client:
            yield client, asked
        await asyncio.gather(*tasks)


async def get(client: httpx.AsyncClient) -> str:
    return (await client.get("/")).text


def test_idle_connection_is_used_again() -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            assert [await get(client) for _ in range(3)] == ["ok"] * 3
            assert asked == [3]
            assert [*await asyncio.gather(get(client), get(client))] == ["ok"] * 2
            assert asked == [4, 1]

    asyncio.run(scenario())


async def _nothing() -> None:
    pass


async def _seen() -> None:
    await asyncio.sleep(0.05)


async def _unseen() -> None:
    time.sleep(0.05)  # noqa: ASYNC251 - the event loop must not see what arrives meanwhile


@pytest.mark.parametrize("meanwhile", [_seen, _unseen])
@pytest.mark.parametrize("first", [CLOSING, OK + UNASKED])
def test_spent_connection_is_not_used_again(first: bytes, meanwhile: Callable[[], Awaitable[None]]) -> None:
    async def scenario() -> None:
        async with peer(first, OK) as (client, asked):
            assert await get(client) == "ok"
            await meanwhile()
            response = await client.get("/")
            assert (response.status_code, response.text, asked) == (200, "ok", [1, 1])

    asyncio.run(scenario())


def test_connection_that_the_server_closed_is_not_used_again() -> None:
    async def scenario() -> None:
        async with peer(OK, end=True) as (client, asked):
            for _ in range(2):
                assert await get(client) == "ok"
                await _unseen()
            assert asked == [1, 1]

    asyncio.run(scenario())


def test_connection_that_rested_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            await get(client)
            monkeypatch.setattr(transport, "KEEP_ALIVE", 0.0)
            await get(client)
            assert asked == [1, 1]

    asyncio.run(scenario())


def test_body_that_nobody_read_ends_its_connection() -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            async with client.stream("GET", "/") as response:
                assert response.status_code == 200
                await response.aclose()
            assert await get(client) == "ok"
            assert asked == [1, 1]

    asyncio.run(scenario())


def test_large_body_and_early_hints_are_read() -> None:
    size = 4 * transport.MAX_BUFFER
    head = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size

    async def scenario() -> None:
        async with peer(head + b"x" * size) as (client, _), client.stream("GET", "/") as response:
            await _seen()
            assert sum([len(part) async for part in response.aiter_raw()]) == size

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"", httpx.RemoteProtocolError, "Server disconnected without sending a response."),
        (b"nonsense\r\n\r\n", httpx.RemoteProtocolError, "illegal"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", httpx.RemoteProtocolError, "received 2 bytes"),
    ],
)
def test_broken_response_is_an_error(answer: bytes, kind: type[Exception], words: str) -> None:
    async def scenario() -> None:
        async with peer(answer, end=True) as (client, _):
            with pytest.raises(kind, match=words):
                await get(client)

    asyncio.run(scenario())


def test_reset_is_a_read_error() -> None:
    async def scenario() -> None:
        async with peer(b"", reset=True) as (client, _):
            with pytest.raises(httpx.ReadError):
                await get(client)

    asyncio.run(scenario())


def test_request_that_is_none_is_not_sent() -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            with pytest.raises(httpx.LocalProtocolError):
                await client.get("/", headers=[(b"a b", b"c")])
            await _seen()
            assert asked == [0]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("host", "words"),
    [("127.0.0.1:1", "All connection attempts failed"), ("nowhere.invalid:1", "Name|nodename|resolution")],
)
def test_no_connection_is_told_apart(host: str, words: str) -> None:
    async def scenario() -> None:
        origin = f"http://{host}"
        async with httpx.AsyncClient(base_url=origin, transport=Transport(origin, None)) as client:
            with pytest.raises(httpx.ConnectError, match=words):
                await get(client)

    asyncio.run(scenario())


def test_plain_text_and_encryption_have_their_ports() -> None:
    assert Transport("http://localhost", None)._port == 80
