"""Serving an ASGI application on a port, until a signal ends it."""

from __future__ import annotations

import signal
import socket
from contextlib import contextmanager
from errno import EADDRINUSE
from typing import TYPE_CHECKING

import uvicorn

from reconciler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

GRACE_SECONDS = 5
MAX_PORT = 65_535


def serve(
    app: ASGIApp,
    *,
    port: int,
    host: str = "127.0.0.1",
    ready: Callable[[int], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then return; to be called in the main thread.

    `ready` is called with the actual port, which differs for port 0, once connections are accepted.
    Raises `SettingsError` when the port cannot be had.
    """
    with _bound(host, port) as listener:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        server = _Server(config, lambda: ready(listener.getsockname()[1]))
        with _ended_by_signals(server):
            server.run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port <= MAX_PORT:
        raise SettingsError(f"{port} is not a port", f"Choose one from 0 to {MAX_PORT}")
    try:
        return socket.create_server((host, port))
    except OSError as error:
        reason = "is in use" if error.errno == EADDRINUSE else f"cannot be used: {error.strerror}"
        raise SettingsError(
            f"Port {port} on {host} {reason}", "Choose another one, or 0 for any that is free"
        ) from error


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    # uvicorn raises a signal again once it has shut down, and by default that would kill the process.
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, server.handle_exit) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
