from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.cli.organization import KEY, Organization, Project, desired, live
from tests.doubles.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Founding(Protocol):
    def __call__(
        self, audiences: list[dict[str, Any]], documents: dict[str, dict[str, Any]], **options: Any
    ) -> Organization: ...


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Founding]:
    """Give a function that makes an organization of its own."""
    with ExitStack() as stack:

        def founded(
            audiences: list[dict[str, Any]], documents: dict[str, dict[str, Any]], **options: Any
        ) -> Organization:
            peer = Peer(audiences, key=KEY, **options)
            organization = Organization(tmp_path, peer, stack.enter_context(peer.running()))
            organization.define(documents)
            return organization

        yield founded


@pytest.fixture
def organization(found: Founding) -> Organization:
    """Give an organization in which an apply would pause one, change one, start one and leave one."""
    return found(live(), desired())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give a project without an organization."""
    project = Project(tmp_path, {})
    project.define(desired())
    return project
