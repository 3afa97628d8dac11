"""Which pull requests merged the commits of a branch, and which of them this push brought."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import NotApproved
from reconciler.github import environment, pulls, reviews
from reconciler.github.rest import GitHub
from tests.doubles.github_peer import Fault, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doubles.github_peer import Repository

HEAD, MERGE, TEST_MERGE, OLDER, BEFORE = "a" * 40, "e" * 40, "c" * 40, "d" * 40, "f" * 40
COMMITS = (MERGE, OLDER, BEFORE)


@contextmanager
def hosted() -> Iterator[tuple[Repository, Peer, dict[str, str]]]:
    peer = Peer()
    repository = peer.repository("acme/audiences")
    token = peer.actions_token(repository, {"pull-requests": "read", "contents": "read"})
    with peer.running():
        yield repository, peer, {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_TOKEN": token, **peer.urls}


def merged(variables: dict[str, str], brought: tuple[str, ...] = ()) -> list[int]:
    with GitHub(environment.read(variables)) as github:
        return [pull.number for pull in pulls.merged(github, COMMITS, brought)]


def test_merges_come_newest_first() -> None:
    with hosted() as (repository, _, variables):
        for sha in (OLDER, MERGE):
            repository.merge(repository.seed_pull(), sha)

        assert merged(variables, (MERGE,)) == [2, 1]


@pytest.mark.parametrize("sha", [HEAD, TEST_MERGE, "9" * 40], ids=["head", "test-merge", "elsewhere"])
def test_other_commit_of_merged_pull_request_merges_nothing(sha: str) -> None:
    with hosted() as (repository, _, variables):
        repository.merge(repository.seed_pull(head_sha=MERGE, test_merge_sha=OLDER), sha)

        assert merged(variables) == []


def test_closed_pull_request_merges_nothing() -> None:
    with hosted() as (repository, _, variables):
        number = repository.seed_pull(test_merge_sha=MERGE)
        repository.change_issue(number, state="closed")

        assert merged(variables) == []


@pytest.mark.parametrize("lagging", [1, 2])
def test_list_that_lags_is_made_up_for(lagging: int) -> None:
    with hosted() as (repository, peer, variables):
        repository.merge(repository.seed_pull(), MERGE)
        peer.inject(Fault("empty_list", path="*/audiences/pulls", times=None))
        peer.inject(Fault("empty_list", path="*/commits/*", times=lagging - 1))

        assert merged(variables, (MERGE,)) == [1]


def event(folder: Path, payload: dict[str, Any], sha: str = MERGE) -> environment.Environment:
    path = folder / "event.json"
    path.write_text(json.dumps(payload), "utf-8")
    given = {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_SHA": sha, "GITHUB_EVENT_PATH": str(path)}
    return environment.read(given)


@pytest.mark.parametrize(
    ("payload", "sha", "expected"),
    [
        ({"before": BEFORE}, MERGE, [MERGE, OLDER]),
        ({"before": OLDER}, MERGE, [MERGE]),
        ({"before": "9" * 40}, MERGE, [MERGE]),
        ({}, OLDER, [OLDER]),
        ({"before": BEFORE}, "9" * 40, []),
        ({"pull_request": {"number": 7, "merged": True}, "before": BEFORE}, MERGE, [MERGE]),
    ],
)
def test_push_brings_what_came_after_before(
    tmp_path: Path, payload: dict[str, Any], sha: str, expected: list[str]
) -> None:
    assert [*reviews._brought(event(tmp_path, payload, sha), COMMITS)] == expected


@pytest.mark.parametrize("said", [{}, {"merged": None}, {"merged": False}, {"merged": 1}, {"merged": "true"}])
def test_event_without_a_merge_is_refused(tmp_path: Path, said: dict[str, Any]) -> None:
    with pytest.raises(NotApproved, match="this pull request is not merged"):
        reviews._brought(event(tmp_path, {"pull_request": {"number": 7, **said}}), COMMITS)
