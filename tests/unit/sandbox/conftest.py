from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox.app import create_app
from tests.unit.sandbox.calls import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.sandbox.calls import Api


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Serve the first generation, for tests that change nothing."""
    with served(create_app(tmp_path_factory.mktemp("first") / "api.sqlite")) as api:
        yield api


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Serve the second generation, for tests that change nothing."""
    with served(create_app(tmp_path_factory.mktemp("second") / "api.sqlite", generation=2)) as api:
        yield api


@pytest.fixture(params=["first", "second"])
def either(request: pytest.FixtureRequest) -> Api:
    """Serve each generation in turn, for tests that change nothing."""
    api: Api = request.getfixturevalue(request.param)
    return api


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "state" / "api.sqlite"


@pytest.fixture
def fresh(database: Path) -> Iterator[Api]:
    """Serve the first generation with its default settings, to be changed."""
    with served(create_app(database)) as api:
        yield api


@pytest.fixture
def fresh_second(database: Path) -> Iterator[Api]:
    """Serve the second generation with its default settings, to be changed."""
    with served(create_app(database, generation=2)) as api:
        yield api
