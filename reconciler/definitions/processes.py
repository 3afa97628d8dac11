"""An id, or none, for each of many files: found by two processes where that is quicker."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from itertools import repeat, takewhile
from typing import TYPE_CHECKING, NoReturn, TypeVar

from reconciler import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from mmap import mmap

    Entry = TypeVar("Entry")

MIN_FILES = 5000  # at which two processes save a fifth of a second; see docs/performance.md
_SIZE = 36  # bytes of an id
_NONE = b" " * _SIZE


def ids(entries: Sequence[Entry], find: Callable[[Entry], str]) -> Iterable[str]:
    """Return the id that `find` returns for each entry, in their order.

    It is "" where `find` returns that, where a process ended before it could say more, and for every entry
    where one process alone is as quick: then nobody has looked.
    """
    try:
        if len(entries) >= MIN_FILES and _has_two_processors():
            return _found_by_two(entries, find)
    except OSError:  # no memory, or no process more
        pass
    return repeat("", len(entries))


def _has_two_processors() -> bool:
    """Return whether a second process can be forked, and would run beside this one.

    Not beside threads, since a fork keeps the locks that they hold; and libraries of macOS start some.
    """
    return (
        sys.platform == "linux"
        and len(os.sched_getaffinity(0)) > 1
        and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - a count
    )


def _found_by_two(entries: Sequence[Entry], find: Callable[[Entry], str]) -> Iterator[str]:
    """Find ids from the first entry on, and in a child from the last one back, until these two meet.

    The table that they share has zeros for what is not found yet, so that a killed child only costs time.
    """
    from mmap import mmap

    table = mmap(-1, len(entries) * _SIZE)
    starts, parent = range(0, len(table), _SIZE), os.getpid()
    find(entries[0])  # what that imports and compiles, the child has too

    def fill(starts: Iterable[int], is_wanted: Callable[[], bool]) -> None:
        for start in takewhile(lambda start: not table[start] and is_wanted(), starts):
            table[start : start + _SIZE] = find(entries[start // _SIZE]).encode() or _NONE

    _beside(
        partial(fill, reversed(starts), lambda: os.getppid() == parent),
        partial(fill, starts, lambda: True),
    )
    return _read(table)


def _read(table: mmap) -> Iterator[str]:
    for start in range(0, len(table), _SIZE):
        found = table[start : start + _SIZE]
        yield "" if b"\0" in found else found.decode().strip()


def _beside(theirs: Callable[[], None], ours: Callable[[], None]) -> None:
    """Work in a child and in this process, until both have ended; no child is left, whatever is raised."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, interrupts.STOPPING)
    try:
        child = os.fork()
        if not child:
            _end_after(theirs, before)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            ours()
            os.waitid(
                os.P_PID, child, os.WEXITED | os.WNOWAIT
            )  # until it is waited for, its number is its own
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, interrupts.STOPPING)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_after(work: Callable[[], None], mask: Iterable[int]) -> NoReturn:
    """Work, and end without a word whatever happens: all that is to be said, the parent says."""
    try:
        interrupts.end_silently()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        work()
    finally:
        os._exit(0)
