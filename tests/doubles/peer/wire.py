"""HTTP/1.1 on a stream: a request read, and an answer sent as well or as badly as it says."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

Headers = tuple[tuple[str, str], ...]

AUDIENCES = "/v1/intent/audiences"
VALIDATE = f"{AUDIENCES}/validate"
JSON_HEADERS: Headers = (("Content-Type", "application/json"),)
_PIECE = 64 * 1024


_ROUTES = {AUDIENCES: "list", VALIDATE: "validate", f"{AUDIENCES}/preview": "preview"}


def locate(target: str) -> tuple[str | None, str | None]:
    """Give the route (`list`, `one`, `validate`, `preview` or None) and the audience's id of a target."""
    path = urlsplit(target).path
    if path in _ROUTES:
        return _ROUTES[path], None
    start, _, last = path.rpartition("/")
    return ("one", last) if start == AUDIENCES and last else (None, None)


def header(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it was received."""

    method: str
    target: str
    headers: Headers
    body: bytes

    @property
    def route(self) -> str | None:
        return locate(self.target)[0]

    @property
    def id(self) -> str | None:
        return locate(self.target)[1]

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def header(self, name: str) -> str | None:
        return header(self.headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, and how its bytes go out: cut where, ended how, in which drops."""

    status: int = 200
    document: Any = None
    body: bytes | None = None
    headers: Headers = JSON_HEADERS
    chunked: bool = False
    promised: int = 0
    cut: Literal["", "nothing", "headers", "body"] = ""
    ending: Literal["keep", "close", "reset"] = "keep"
    drip: tuple[int, float] | None = None

    @property
    def payload(self) -> bytes:
        if self.body is not None:
            return self.body
        # Only a lone surrogate cannot be encoded, and its replacement is JSON's own escape for it.
        return json.dumps(self.document, ensure_ascii=False).encode("utf-8", "backslashreplace")


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request; None when the client has ended the connection between two requests."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    start, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _version = start.split(" ")
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    body = await reader.readexactly(int(header(headers, "Content-Length") or 0))
    return Request(method, target, headers, body)


async def send(writer: asyncio.StreamWriter, answer: Response) -> None:
    """Send the answer as it says, and end the connection unless it is kept."""
    size, seconds = answer.drip or (_PIECE, 0)
    data = _bytes(answer)
    for start in range(0, len(data), size):
        writer.write(data[start : start + size])
        await writer.drain()
        await asyncio.sleep(seconds)
    if answer.ending == "reset":
        _reset(writer)
    elif answer.ending == "close":
        writer.close()


def _bytes(answer: Response) -> bytes:
    head, body = _head(answer), answer.payload
    if answer.chunked:
        body = b"".join(_chunks(body))
    ends = {"": None, "nothing": 0, "headers": len(head) // 2, "body": len(head) + len(body) // 2}
    return (head + body)[: ends[answer.cut]]


def _head(answer: Response) -> bytes:
    reasons = {status.value: status.phrase for status in HTTPStatus}
    length = (
        ("Transfer-Encoding", "chunked")
        if answer.chunked
        else ("Content-Length", str(len(answer.payload) + answer.promised))
    )
    connection = ("Connection", "keep-alive" if answer.ending == "keep" else "close")
    lines = [f"HTTP/1.1 {answer.status} {reasons.get(answer.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in (*answer.headers, length, connection)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _reset(writer: asyncio.StreamWriter) -> None:
    # A linger time of zero turns the close into a RST.
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
