"""Signals while asyncio works: the first cancels, and nothing that does not end can hold a process."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from reconciler import interrupts

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

STUCK = """
import asyncio, os, signal, threading
from reconciler import interrupts
interrupts.MAX_CANCELLING, interrupts.IMPATIENCE = {allowed}, 0.05

async def work():
    signal.raise_signal(signal.SIGTERM)
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    while True:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            pass

interrupts.run(work())
"""


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (*interrupts.STOPPING, signal.SIGALRM)}
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


async def struck(number: signal.Signals) -> None:
    signal.raise_signal(number)
    await asyncio.sleep(30)


async def struck_elsewhere() -> None:
    """Have another thread take the signal, which wakes nobody who waits in this one."""

    def strike() -> None:
        time.sleep(0.2)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    threading.Thread(target=strike).start()
    await asyncio.sleep(30)


async def failing() -> None:
    try:
        await struck(signal.SIGTERM)
    except asyncio.CancelledError:
        raise RuntimeError("a library's own") from None


async def finishing() -> None:
    signal.raise_signal(signal.SIGTERM)


async def impatient() -> None:
    signal.raise_signal(signal.SIGINT)
    await struck(signal.SIGTERM)


@pytest.mark.parametrize(
    "work",
    [*map(struck, interrupts.STOPPING), struck_elsewhere(), failing(), finishing(), impatient()],
    ids=["SIGINT", "SIGTERM", "SIGHUP", "elsewhere", "failing", "finishing", "impatient"],
)
def test_first_signal_cancels_whatever_comes_of_it(work: Coroutine[None, None, None]) -> None:
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupts.run(work)
    assert time.monotonic() - began < interrupts.MAX_CANCELLING
    signal.raise_signal(signal.SIGTERM)  # right behind, it waits for the report of the first one


@pytest.mark.parametrize(
    ("moment", "seconds"), [("enter", 30), ("exit", 0)], ids=["before the work", "after the work"]
)
def test_signal_around_the_work_is_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, moment: str, seconds: float
) -> None:
    original = asyncio.Runner

    @contextmanager
    def runner() -> Iterator[asyncio.Runner]:
        if moment == "enter":
            signal.raise_signal(signal.SIGTERM)
        with original() as inner:
            yield inner
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(asyncio, "Runner", runner)
    with pytest.raises(KeyboardInterrupt):
        interrupts.run(asyncio.sleep(seconds))


def test_work_without_a_signal_gives_its_result() -> None:
    before = [signal.getsignal(number) for number in interrupts.STOPPING]
    assert interrupts.run(asyncio.sleep(0, "done")) == "done"
    assert [signal.getsignal(number) for number in interrupts.STOPPING] == before


def test_signal_during_a_stuck_report_interrupts_soon() -> None:
    interrupts.postpone()
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        time.sleep(10 * interrupts.IMPATIENCE)


@pytest.mark.parametrize("allowed", [0.1, 30], ids=["too long", "second signal"])
def test_work_that_does_not_end_is_ended(allowed: float) -> None:
    done = subprocess.run([sys.executable, "-c", STUCK.format(allowed=allowed)], timeout=10, check=False)
    assert done.returncode == interrupts.INTERRUPTED
