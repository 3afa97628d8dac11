"""Which reviews on GitHub are a second person's approval of what was merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import ApiRejected
from reconciler.github import approvals, environment, rest
from reconciler.github.pulls import Pull
from reconciler.github.rest import GitHub
from tests.doubles.github_peer import Fault, Peer

if TYPE_CHECKING:
    from collections.abc import Sequence

PERMISSION = "/repos/acme/audiences/collaborators/ana/permission"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "LAG", (0.0, 0.0))


def is_approved(steps: Sequence[tuple[str, ...]], *faults: Fault) -> bool:
    """Merge a pull request of marta's after, or between, what people do: who, and which review."""
    peer = Peer()
    repository = peer.repository("acme/audiences")
    number = repository.seed_pull(author="marta")
    repository.permissions.update(zoe="read", eve="none", ada="admin")
    given: list[int] = []
    for who, *what in [*steps, ("MERGE",)]:
        issue = repository.issue(number)
        is_merged = issue is not None and issue.state == "closed"
        if who == "MERGE" and not is_merged:
            repository.merge(number, "e" * 40)
        elif who == "PUSH":
            repository.synchronize(number, "f" * 40)
        elif who == "DISMISS":
            repository.dismiss(given[-1])
        elif who != "MERGE":
            given.append(repository.review(number, who, *what))
    token = peer.actions_token(repository, {"pull-requests": "read"})
    with peer.running():
        peer.inject(*faults)
        variables = {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_TOKEN": token, **peer.urls}
        with GitHub(environment.read(variables)) as github:
            return approvals.is_approved(github, Pull.from_document(github.item(f"pulls/{number}")))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("ana",)], True),
        ([("ada",)], True),
        ([("ana",), ("ana", "COMMENTED")], True),
        ([("ana", "CHANGES_REQUESTED"), ("ana",)], True),
        ([("ana",), ("ada", "CHANGES_REQUESTED")], True),
        ([("ana",), ("MERGE",), ("ana", "CHANGES_REQUESTED")], True),
        ([], False),
        ([("ana", "COMMENTED")], False),
        ([("marta",)], False),
        ([("renovate[bot]",)], False),
        ([("zoe",), ("eve",)], False),
        ([("ana",), ("PUSH",)], False),
        ([("ana",), ("ana", "CHANGES_REQUESTED")], False),
        ([("ana",), ("DISMISS",)], False),
        ([("ana",), ("MERGE",), ("DISMISS",)], False),
        ([("MERGE",), ("ana",)], False),
    ],
    ids=str,
)
def test_approval_is_a_second_persons_before_merge(steps: list[tuple[str, ...]], *, expected: bool) -> None:
    assert is_approved(steps) == expected


def test_stranger_to_the_repository_approves_nothing() -> None:
    assert not is_approved([("ana",)], Fault("status", path=PERMISSION, status=404, times=None))


def test_permission_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ApiRejected):
        is_approved([("ana",)], Fault("status", path=PERMISSION, status=403, message="no", times=None))


def test_empty_list_of_reviews_is_asked_again() -> None:
    assert is_approved([("ana",)], Fault("empty_list", path="*/reviews", times=2))
