"""The signals that ask to stop, from the process's first moment on.

Imports nothing heavy, and is imported before all else: what is caught here cannot end in a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
import time

TYPE_CHECKING = False  # typing itself takes milliseconds, in which a signal could come
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

INTERRUPTED = 130
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MAX_CANCELLING = 5.0  # seconds that work has to end once it is cancelled
IMPATIENCE = 0.5  # seconds in which what a first signal stops, or a report, comes to its end
_RETRY_AFTER = 0.01  # seconds


class _State:
    """Whether signals are held back, and whether one came meanwhile."""

    is_holding = False
    is_pending = False


def hold() -> None:
    """Note the first signal, for `release`, and end at once at the second.

    Until everything is imported nobody could report an interrupt, as JSON where that was asked for.
    """
    _State.is_holding = True
    for number in _obeyed():
        signal.signal(number, _note)


def release() -> None:
    """Let signals interrupt from now on; raises KeyboardInterrupt for one that came before."""
    if _State.is_holding:
        _State.is_holding = False
        for number in _obeyed():
            # asyncio takes an interrupt over, and cancels what it runs, only where this is its handler.
            is_sigint = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_sigint else interrupt)
    if _State.is_pending:
        _State.is_pending = False
        raise KeyboardInterrupt


def is_pending() -> bool:
    """Return whether a signal came that nothing was interrupted by."""
    return _State.is_pending


def postpone() -> None:
    """Give the report of an interrupt its time: a further signal interrupts half a second after it came."""
    for number in _obeyed():
        signal.signal(number, interrupt_later)


def interrupt_later(_: int, __: object) -> None:
    """Raise KeyboardInterrupt where what takes milliseconds is still not over after half a second."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, IMPATIENCE)


def ignore() -> None:
    """Let no signal change what has been reported."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def end_silently() -> None:
    """Let signals end this process as if it had no handlers: a child, of which nobody shall hear."""
    for number in _obeyed():
        signal.signal(number, signal.SIG_DFL)


def _obeyed() -> list[signal.Signals]:
    """Return the signals that are not ignored: what nohup started stays alive."""
    return [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]


def _note(_: int, __: object) -> None:
    if _State.is_pending:
        _end()
    _State.is_pending = True


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run asyncio's work to its end; a signal cancels it, and raises KeyboardInterrupt once it has ended.

    For what writes nothing. An exception that fell into the middle of the event loop, as Python itself would
    raise one at a second Ctrl-C, can leave a library's tasks waiting for ever. So a second signal only counts
    where the first one has had its time, and then ends the process, as does work that does not end.
    """
    import asyncio

    cancelling = _Cancelling()
    before = {number: signal.signal(number, cancelling.handle) for number in _obeyed()}
    try:
        with asyncio.Runner() as runner:
            return runner.run(cancelling.watch(work))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if cancelling.since is not None:  # whatever came of it
            postpone()
            raise KeyboardInterrupt
        for number, handler in before.items():
            signal.signal(number, handler)


class Alarm:
    """Wakes an event loop at every signal, as a context, in the main thread.

    A handler runs only when its thread does. A loop that has just begun to wait, or that waits while another
    thread took the signal, would learn of it with the next answer from the network.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop

    def __enter__(self) -> None:
        import socket

        self._heard, self._rung = socket.socketpair()
        self._heard.settimeout(0)
        self._rung.settimeout(0)
        self._loop.add_reader(self._heard, self._heard.recv, 4096)
        self._before = signal.set_wakeup_fd(self._rung.fileno(), warn_on_full_buffer=False)

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._before)
        self._loop.remove_reader(self._heard)
        self._heard.close()
        self._rung.close()


class _Cancelling:
    """The cancellation of some work; `since` when it was asked for, by a clock that only goes on."""

    def __init__(self) -> None:
        self.since: float | None = None
        self._cancel: Callable[[], object] | None = None

    async def watch(self, work: Coroutine[Any, Any, T]) -> T:
        import asyncio

        task, loop = asyncio.create_task(work), asyncio.get_running_loop()
        self._cancel = lambda: None if loop.is_closed() else loop.call_soon_threadsafe(task.cancel)
        if self.since is not None:
            task.cancel()
        with Alarm(loop):
            return await task

    def handle(self, _: int, __: object) -> None:
        now = time.monotonic()
        if self.since is not None and now - self.since > IMPATIENCE:
            _end()
        if self.since is None:
            self.since = now
            signal.signal(signal.SIGALRM, _end)
            signal.setitimer(signal.ITIMER_REAL, MAX_CANCELLING)
            if self._cancel is not None:
                self._cancel()


def _end(*_: object) -> None:
    os._exit(INTERRUPTED)


def interrupt(_: int, frame: object) -> None:
    """Do what Ctrl-C does: while asyncio runs, cancel what runs there; else raise wherever this falls."""
    sys.unraisablehook = _interrupt_again  # what is cut off half-made may complain as it goes
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, frame)  # type: ignore[arg-type]


def show_dropped(dropped: sys.UnraisableHookArgs) -> None:
    """Deliver an interrupt again that Python dropped, and show anything else as Python does."""
    if isinstance(dropped.exc_value, KeyboardInterrupt):
        _interrupt_again(dropped)
    else:
        sys.__unraisablehook__(dropped)


def _interrupt_again(dropped: sys.UnraisableHookArgs) -> None:
    """Deliver an interrupt again that came where Python drops exceptions, such as in a weak reference's end.

    A stop that is lost would let an apply go on that somebody wanted stopped.
    """
    if isinstance(dropped.exc_value, KeyboardInterrupt):
        # Not at once: that would still be inside the same place.
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, _RETRY_AFTER)
