from __future__ import annotations

import signal

from tests.doubles import fork_server

_IGNORED_IN_THE_BACKGROUND = (signal.SIGINT, signal.SIGQUIT)


def pytest_configure() -> None:
    """Let what tests start have the default signals, also where the tests are a job in the background.

    What is ignored here stays ignored in every process that is started from here; what is caught does not.
    """
    for number in _IGNORED_IN_THE_BACKGROUND:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_sessionfinish() -> None:
    """End the fork server of this worker, so that what it measured is there when the tests are over."""
    fork_server.SHARED.close()
