from __future__ import annotations

from tests.doubles import fork_server


def pytest_sessionfinish() -> None:
    """End the fork server of this worker, so that what it measured is there when the tests are over."""
    fork_server.SHARED.close()
