"""Which pull request a push or an event merged: only one that is merged, and by that very commit."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import NotApproved
from reconciler.github import environment, pulls
from reconciler.github.rest import GitHub
from tests.doubles.github_peer import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doubles.github_peer import Repository

HEAD, MERGE, TEST_MERGE = "a" * 40, "e" * 40, "c" * 40


@contextmanager
def hosted() -> Iterator[tuple[Repository, dict[str, str]]]:
    peer = Peer()
    repository = peer.repository("acme/audiences")
    token = peer.actions_token(repository, {"pull-requests": "read", "contents": "read"})
    with peer.running():
        yield repository, {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_TOKEN": token, **peer.urls}


def merged_by(variables: dict[str, str], **more: str) -> int | None:
    step = environment.read(variables | more)
    with GitHub(step) as github:
        return pulls.merged(github, step)


def test_merge_commit_belongs_to_its_pull_request() -> None:
    with hosted() as (repository, variables):
        other = repository.seed_pull(test_merge_sha=TEST_MERGE)
        number = repository.seed_pull()
        repository.push(MERGE, other)
        repository.merge(number, MERGE)

        assert merged_by(variables, GITHUB_SHA=MERGE) == number


@pytest.mark.parametrize("sha", [HEAD, TEST_MERGE], ids=["head", "test-merge"])
def test_commit_of_unmerged_pull_request_merges_nothing(sha: str) -> None:
    with hosted() as (repository, variables):
        number = repository.seed_pull(head_sha=HEAD, test_merge_sha=TEST_MERGE)
        repository.push(sha, number)

        assert merged_by(variables, GITHUB_SHA=sha) is None


def test_other_commit_of_merged_pull_request_merges_nothing() -> None:
    with hosted() as (repository, variables):
        number = repository.seed_pull(head_sha=HEAD)
        repository.merge(number, MERGE)

        assert merged_by(variables, GITHUB_SHA=HEAD) is None


def test_event_names_the_merged_pull_request(tmp_path: Path) -> None:
    assert merged_by_event(tmp_path, {"merged": True}) == 7


@pytest.mark.parametrize("said", [{}, {"merged": None}, {"merged": False}, {"merged": 1}, {"merged": "true"}])
def test_event_without_a_merge_is_refused(tmp_path: Path, said: dict[str, Any]) -> None:
    with pytest.raises(NotApproved, match="this pull request is not merged"):
        merged_by_event(tmp_path, said)


def merged_by_event(folder: Path, said: dict[str, Any]) -> int | None:
    """Ask with an event about a pull request, whose commit another one merged."""
    path = folder / "event.json"
    path.write_text(json.dumps({"pull_request": {"number": 7, **said}}), "utf-8")
    with hosted() as (repository, variables):
        repository.merge(repository.seed_pull(), MERGE)
        return merged_by(variables, GITHUB_SHA=MERGE, GITHUB_EVENT_PATH=str(path))
