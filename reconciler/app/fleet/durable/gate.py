"""Whether a worker may write to an API just now, and the applies that stop when it may not any more."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.apply import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Gate:
    """Open while the worker's lease is held; closing it asks every apply behind it to stop.

    Used in one event loop, but for `set_open`, which any thread may call.
    """

    def __init__(self, is_held: Callable[[], bool]) -> None:
        self._is_held = is_held
        self._open = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stops: set[Stop] = set()
        self._is_open = False

    def set_open(self, *, is_open: bool) -> None:
        """Open or close; what is in flight when it closes is settled within seconds."""
        self._is_open = is_open
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._follow)

    def _follow(self) -> None:
        if self._is_open:
            self._open.set()
            return
        self._open.clear()
        for stop in self._stops:
            if not stop.requested.is_set():
                stop.request()

    async def wait(self) -> None:
        """Wait until it is open."""
        self._loop = asyncio.get_running_loop()
        self._follow()
        await self._open.wait()

    @contextmanager
    def stopping(self) -> Iterator[Stop]:
        """Give a stop that is asked for when it closes, as long as the context lasts."""
        stop = _LeasedStop(self._is_held)
        self._stops.add(stop)
        self._follow()
        try:
            yield stop
        finally:
            self._stops.discard(stop)

    @property
    def is_busy(self) -> bool:
        """Whether an apply is behind it."""
        return bool(self._stops)


class _LeasedStop(Stop):
    """A stop that an apply cannot miss: it asks right before each PATCH, after the last comparison.

    A machine that stood still there must not send what it has compared long ago.
    """

    def __init__(self, is_held: Callable[[], bool]) -> None:
        super().__init__()
        self.requested = _Request(is_held)


class _Request(asyncio.Event):
    """Is set once it is looked at while the lease is not held."""

    def __init__(self, is_held: Callable[[], bool]) -> None:
        super().__init__()
        self._is_held = is_held

    def is_set(self) -> bool:
        if not self._is_held():
            self.set()
        return super().is_set()
