"""The signals that stop an apply: the first one gently, the second one at once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from reconciler.interrupts import STOPPING, interrupt_later

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

    from reconciler.apply import Stop


def install_handlers(stop: Stop, loop: asyncio.AbstractEventLoop) -> None:
    """Turn signals into requests to stop, in the main thread, for as long as the process lives.

    Once the loop is closed the outcomes are known, and a first signal must not take the report with it, nor
    a second one that comes right behind: the report takes milliseconds. Where it is stuck, the second one
    raises KeyboardInterrupt soon after.
    """

    def request_stop(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.request)
        elif stop.requested.is_set():
            interrupt_later(number, frame)
        else:
            stop.requested.set()

    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays what it is
            signal.signal(number, request_stop)
