"""Which connection a request takes, and what becomes of it, on real sockets."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import ssl
import struct
import subprocess
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from reconciler import tls
from reconciler.api import transport
from reconciler.api.transport import Transport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
UNASKED = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"


BOTH = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
OLD = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
LIE = httpx.RemoteProtocolError
SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"


@dataclass
class Asked:
    """What a server received: the requests of each connection, and their bodies."""

    counts: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def peer(
    *answers: bytes,
    reset: bool = False,
    end: int | None = None,
    host: str = "127.0.0.1",
    contexts: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
) -> AsyncIterator[tuple[httpx.AsyncClient, Asked]]:
    """Give a client of a server with these answers, the last again, and what it received.

    It ends a connection with the request of number `end`, from 1, of all. `contexts` are its own and the
    client's.
    """
    asked = Asked()
    left = list(answers)
    is_over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.counts.append(0)
        number = len(asked.counts) - 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            asked.counts[number] += 1
            length = re.search(rb"Content-Length: (\d{1,4})\r", head)
            asked.bodies.append(await reader.readexactly(int(length[1])) if length else b"")
            writer.write(left.pop(0) if len(left) > 1 else left[0])
            if reset:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            if reset or end == sum(asked.counts):
                return

    tasks: list[asyncio.Task[None]] = []

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except asyncio.LimitOverrunError:
            await is_over.wait()  # it reads no more of so large a request
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(guarded(reader, writer)))

    ours, theirs = contexts or (None, None)
    server = await asyncio.start_server(accept, host, 0, ssl=ours)
    shown = f"[{host}]" if ":" in host else host
    origin = f"http{'s' if contexts else ''}://{shown}:{server.sockets[0].getsockname()[1]}"
    async with server:
        async with httpx.AsyncClient(base_url=origin, transport=Transport(origin, theirs)) as client:
            yield client, asked
        is_over.set()
        await asyncio.gather(*tasks)


async def get(client: httpx.AsyncClient) -> str:
    return (await client.get("/")).text


def test_idle_connection_is_used_again() -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            assert [await get(client) for _ in range(3)] == ["ok"] * 3
            assert asked.counts == [3]
            assert [*await asyncio.gather(get(client), get(client))] == ["ok"] * 2
            assert asked.counts == [4, 1]

    asyncio.run(scenario())


async def _nothing() -> None:
    pass


async def _seen() -> None:
    await asyncio.sleep(0.05)


async def _unseen() -> None:
    time.sleep(0.05)  # noqa: ASYNC251 - the event loop must not see what arrives meanwhile


@pytest.mark.parametrize("meanwhile", [_seen, _unseen])
@pytest.mark.parametrize("first", [CLOSING, OK + UNASKED, BOTH, OLD, NO_CONTENT + b"ok"])
def test_spent_connection_is_not_used_again(first: bytes, meanwhile: Callable[[], Awaitable[None]]) -> None:
    async def scenario() -> None:
        async with peer(first, OK) as (client, asked):
            assert await get(client) in {"ok", ""}
            await meanwhile()
            response = await client.get("/")
            assert (response.status_code, response.text, asked.counts) == (200, "ok", [1, 1])

    asyncio.run(scenario())


def test_connection_that_the_server_closed_is_not_reused() -> None:
    async def scenario() -> None:
        async with peer(OK, end=1) as (client, asked):
            for _ in range(2):
                assert await get(client) == "ok"
                await _unseen()
            assert asked.counts == [1, 1]

    asyncio.run(scenario())


def test_connection_that_rested_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            await get(client)
            monkeypatch.setattr(transport, "KEEP_ALIVE", 0.0)
            await get(client)
            assert asked.counts == [1, 1]

    asyncio.run(scenario())


def test_body_that_nobody_read_ends_its_connection() -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            async with client.stream("GET", "/") as response:
                assert response.status_code == 200
                await response.aclose()
            assert await get(client) == "ok"
            assert asked.counts == [1, 1]

    asyncio.run(scenario())


def test_response_closed_twice_gives_its_connection_once() -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            responses = [await client.send(client.build_request("GET", "/"), stream=True) for _ in range(2)]
            for response in responses:
                assert await response.aread() == b"ok"
                await cast("httpx.AsyncByteStream", response.stream).aclose()
            assert [*await asyncio.gather(get(client), get(client))] == ["ok"] * 2
            assert asked.counts == [2, 2]

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
        (b"", LIE, "Server disconnected without sending a response."),
        (b"nonsense\r\n\r\n", LIE, "illegal"),
        (SHORT, LIE, "received 2 bytes"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            LIE,
            "conflicting Content-Length",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", LIE, "bad Content-Length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok", LIE, "Transfer-Encoding"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", LIE, "incomplete chunked read"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nok", LIE, "illegal chunk header"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + OK, LIE, "SWITCH_UPGRADE"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * (2 * transport.MAX_HEAD), LIE, "too long"),
    ],
)
def test_broken_response_is_an_error(answer: bytes, kind: type[Exception], words: str) -> None:
    async def scenario() -> None:
        async with peer(answer, end=1) as (client, _):
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
            assert asked.counts == [0]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1:1", "All connection attempts failed"),
        ("nowhere.invalid:1", "Name|nodename|resolution"),
        ("a..b:1", "label empty"),
    ],
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


@pytest.mark.parametrize("answer", [b"", OK[:9], SHORT])
@pytest.mark.parametrize("is_reset", [False, True])
def test_request_on_ended_connection_is_not_repeated(answer: bytes, *, is_reset: bool) -> None:
    async def scenario() -> None:
        async with peer(*[answer] if is_reset else [OK, answer], reset=is_reset, end=2) as (client, asked):
            if not is_reset:
                await get(client)
            with pytest.raises((httpx.ReadError, LIE)):
                await client.patch("/", content=b"once")
            await _seen()
            assert [one for one in asked.bodies if one] == [b"once"]
            assert len(asked.counts) == 1

    asyncio.run(scenario())


def test_connections_that_end_at_any_moment_repeat_nothing() -> None:
    async def scenario() -> None:
        rng = random.Random(1)
        received: list[bytes] = []
        serving: set[asyncio.Task[None] | None] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            serving.add(asyncio.current_task())
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while rng.random() < 0.8:
                    await reader.readuntil(b"\r\n\r\n")
                    received.append(await reader.readexactly(4))
                    writer.write(OK)
                await asyncio.sleep(rng.random() / 2000)
            writer.transport.abort()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        done, lost = set(), set()

        async def work(client: httpx.AsyncClient, first: int) -> None:
            for number in range(first, first + 25):
                body = b"%04d" % number
                try:
                    await client.patch("/", content=body)
                    done.add(body)
                except httpx.TransportError:
                    lost.add(body)
                await asyncio.sleep(rng.random() / 2000)

        async with server, httpx.AsyncClient(base_url=origin, transport=Transport(origin, None)) as client:
            await asyncio.gather(*(work(client, first) for first in range(0, 200, 25)))
        await asyncio.gather(*filter(None, serving))
        assert len(received) == len({*received})
        assert done <= {*received} <= done | lost
        assert done
        assert lost

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [b"", SHORT])
def test_request_that_was_given_up_ends_its_connection(answer: bytes) -> None:
    async def scenario() -> None:
        async with peer(answer, OK) as (client, asked):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await get(client)
            assert await get(client) == "ok"
            assert asked.counts == [1, 1]

    asyncio.run(scenario())


def test_early_response_ends_its_connection() -> None:
    async def scenario() -> None:
        async with peer(OK) as (client, asked):
            assert (await client.patch("/", content=b"x" * 20_000_000)).text == "ok"
            assert await get(client) == "ok"
            assert asked.counts[1:] == [1]

    asyncio.run(scenario())


def test_ipv6_is_spoken_to() -> None:
    async def scenario() -> None:
        async with peer(OK, host="::1") as (client, _):
            assert await get(client) == "ok"

    asyncio.run(scenario())


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a server's context, certified for a name, and the context of a client that trusts it."""
    files = [str(folder / "key.pem"), str(folder / "certificate.pem")]
    subject = ["-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    command = ["openssl", "req", "-x509", *curve, *subject, "-keyout", files[0], "-out", files[1]]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files[1], files[0])
    client = tls.context.__wrapped__()
    client.load_verify_locations(files[1])
    return server, client


def test_encrypted_connection_is_used_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with peer(OK, contexts=certified(tmp_path, "IP:127.0.0.1")) as (client, asked):
            assert [await get(client) for _ in range(3)] == ["ok"] * 3
            assert asked.counts == [3]

    asyncio.run(scenario())


def test_certificate_of_another_name_gets_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with peer(OK, contexts=certified(tmp_path, "DNS:elsewhere.test")) as (client, asked):
            with pytest.raises(httpx.ConnectError, match=r"certificate is not valid for '127.0.0.1'"):
                await get(client)
            assert not asked.bodies

    asyncio.run(scenario())


def test_handshake_without_end_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECTING", 0.05)

    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent_transport = Transport(f"https://127.0.0.1:{silent.getsockname()[1]}", tls.context())
            with pytest.raises(httpx.ConnectTimeout, match=r"no connection within 0\.05 seconds"):
                await silent_transport.handle_async_request(httpx.Request("GET", "https://127.0.0.1/"))

    asyncio.run(scenario())
