from __future__ import annotations

import gc
import os
import signal

import pytest
from hypothesis import settings

from reconciler import tls
from tests import bytecode
from tests.doubles import fork_server

settings.register_profile("quick", max_examples=20)  # for a Python on which laws are tried once more
_IGNORED_IN_THE_BACKGROUND = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)


def pytest_configure() -> None:
    """Read the certificates here, and let what tests start have the default signals, in the background too.

    What is ignored here stays ignored in every process that is started from here; what is caught does not.
    """
    bytecode.keep()
    tls.context()
    for number in _IGNORED_IN_THE_BACKGROUND:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_xdist_auto_num_workers() -> int:
    """Run two workers for each processor: tests of processes and sockets wait for half of their time."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile before there are workers, where these would each collect every test."""
    config = session.config
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and config.getoption("tx", None):
        bytecode.prepare(os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    """Keep what was imported out of every garbage collection to come."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """End the fork server of this worker, so that what it measured is there when the tests are over."""
    fork_server.SHARED.close()
