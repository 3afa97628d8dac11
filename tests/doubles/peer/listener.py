"""A listening socket on 127.0.0.1, with its own thread and event loop, that can refuse for a while."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable

_STEPS = 4  # of an event loop, in which a connection that was just accepted becomes one that can be closed
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Serves each connection in a task; what one raises, but for a lost client, is kept in `failures`."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._idle: set[asyncio.StreamWriter] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.failures: list[Exception] = []

    def start(self, port: int = 0) -> int:
        # Bound and never listening: it holds the port for us while connections are refused.
        self._reserved = _bound(port)
        self._port = int(self._reserved.getsockname()[1])
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(started)), daemon=True)
        self._thread.start()
        started.wait()
        return self._port

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._reserved.close()

    @property
    def listening(self) -> bool:
        return self._server is not None

    def set_listening(self, *, listening: bool) -> None:
        """Open or shut the door from another thread; done when it returns."""
        change = self._open() if listening else self._shut()
        asyncio.run_coroutine_threadsafe(change, self._loop).result()

    async def refuse(self, seconds: float) -> None:
        """Refuse connections from now on, for so many seconds."""
        await self._shut()
        self._spawn(self._reopen(seconds))

    def set_idle(self, writer: asyncio.StreamWriter, *, idle: bool) -> None:
        """Note that a connection waits for a request: it is closed when the door shuts."""
        (self._idle.add if idle else self._idle.discard)(writer)

    async def _run(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        await self._open()
        started.set()
        await self._stopping.wait()
        await self._shut()
        for _ in range(_STEPS):
            await asyncio.sleep(0)
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=_bound(self._port))

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._idle:
            writer.close()

    async def _reopen(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._open()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._spawn(self._connection(reader, writer))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # a client that leaves, in whatever way, is an everyday event here
        except Exception as error:  # noqa: BLE001 - raised again when the peer stops, in the test's own thread
            self.failures.append(error)
        writer.close()


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", port))
    return sock
