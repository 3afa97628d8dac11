"""The signals that ask to stop, from the process's first moment on.

Imports nothing heavy, and is imported before all else: what is caught here cannot end in a traceback.
"""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
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


def ignore() -> None:
    """Let no signal change what has been reported."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def _obeyed() -> list[signal.Signals]:
    """Return the signals that are not ignored: what nohup started stays alive."""
    return [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]


def _note(_: int, __: object) -> None:
    if _State.is_pending:
        os._exit(INTERRUPTED)
    _State.is_pending = True


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
