"""What a task costs at least, as scripts of a few lines: `python -m benchmarks.floors NAME FOLDER`.

They check nothing, so nobody should use them: they say what the parts cost that no tool can do without.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def _texts(folder: str) -> Iterator[bytes]:
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 - the least that it takes
        with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123 - as above
            yield file.read()


def read(folder: str) -> None:
    """Read the files."""
    for _ in _texts(folder):
        pass


def events(folder: str) -> None:
    """Read them, and take libyaml's events."""
    import yaml

    for text in _texts(folder):
        for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
            pass


def load(folder: str) -> None:
    """Read them, and make values of them as PyYAML does."""
    import yaml

    for text in _texts(folder):
        yaml.load(text, Loader=yaml.CSafeLoader)


def script(folder: str) -> None:
    """Do what a script of thirty lines would: load all, list all, print what differs."""
    import requests
    import yaml

    url = f"{os.environ['LEADPIPE_BASE_URL']}/v1/intent/audiences"
    session = requests.Session()
    session.headers["X-API-Key"] = os.environ["LEADPIPE_API_KEY"]
    live: dict[str, Any] = {}
    query: dict[str, Any] = {"limit": 100}
    while "cursor" not in query or query["cursor"]:
        page = session.get(url, params=query, timeout=30).json()
        live |= {one["id"]: one for one in page["data"]}
        query["cursor"] = page["meta"]["nextCursor"]
    for path in sorted(Path(folder).glob("*.yaml")):
        wanted = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        found = live[wanted["id"]]
        for key in ("name", "status", "config"):
            if wanted[key] != found[key]:
                print(f"{path}: {key}: {found[key]} -> {wanted[key]}")


def exchange(folder: str, workers: str) -> None:
    """Read and write each audience over raw sockets, so many at once: what an apply waits for at least."""
    import asyncio

    asyncio.run(_exchange([text.split()[4].decode() for text in _texts(folder)], int(workers)))


async def _exchange(ids: list[str], workers: int) -> None:
    import asyncio
    from urllib.parse import urlsplit

    url = urlsplit(os.environ["LEADPIPE_BASE_URL"])

    async def work() -> None:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        while ids:
            path = f"/v1/intent/audiences/{ids.pop()}"
            for method, body in (("GET", ""), ("PATCH", '{"name": "x"}')):
                writer.write(
                    f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
                )
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.rpartition(b": ")[2]))
        writer.close()

    await asyncio.gather(*(work() for _ in range(workers)))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
