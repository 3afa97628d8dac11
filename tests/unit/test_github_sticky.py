"""Which comment or issue is ours, and what is written over it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ApiRejected
from reconciler.github import environment, rest, sticky
from reconciler.github.rest import FULL_RETRY, GitHub, RetryPolicy
from tests.doubles.github_peer import ACTIONS, Fault, Peer, account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.github_peer import Repository

OURS = sticky.marked("plan", {"digest": "d"}, "Ours.")


@pytest.fixture
def quick() -> RetryPolicy:
    return RetryPolicy(first_wait=0.01)


@contextmanager
def hosted(retry_policy: RetryPolicy = FULL_RETRY) -> Iterator[tuple[GitHub, Repository, Peer]]:
    peer = Peer()
    repository = peer.repository("acme/audiences")
    repository.seed_pull()
    token = peer.actions_token(repository, {"pull-requests": "write", "issues": "write"})
    with peer.running():
        given = {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_TOKEN": token, **peer.urls}
        with GitHub(environment.read(given), retry_policy) as github:
            yield github, repository, peer


def test_comment_is_ours_by_marker_and_author() -> None:
    with hosted() as (github, repository, _):
        repository.add_comment(1, OURS, account("mallory"))
        repository.add_comment(1, OURS, account("dependabot[bot]"))
        repository.add_comment(1, sticky.marked("drift", {}, "Another kind."), ACTIONS)
        repository.add_comment(1, sticky.marked("plan-0badcafe", {}, "Another project."), ACTIONS)
        for body in (f" {OURS}", f"> {OURS}", f"Quoted:\n{OURS}", OURS.replace("-->\n", "--> "), "Ours."):
            repository.add_comment(1, body, ACTIONS)
        repository.seed_comments(1, 200, body=OURS)
        assert sticky.find_comments(github, 1, "plan") == [[]]

        own = repository.add_comment(1, OURS.replace("\n", "\r\n"), ACTIONS)
        other = repository.add_comment(1, OURS, ACTIONS)

        plans, drift = sticky.find_comments(github, 1, "plan", "drift")
        assert [(one.number, one.state) for one in plans] == [
            (one.id, {"digest": "d"}) for one in (own, other)
        ]
        assert len(drift) == 1


def test_deleted_author_is_not_us() -> None:
    items: list[dict[str, Any]] = [
        {"id": 1, "user": None, "body": OURS},
        {"id": 2, "user": {"login": "x"}, "body": None},
    ]

    assert list(sticky._ours(items, "plan", "x", "id")) == []


@pytest.mark.parametrize("state", ["{", "{]}", '{"a": 01}', "{" * 100_000 + "}"])
def test_broken_state_is_empty(state: str) -> None:
    text = f"<!-- reconciler:plan {{{state}}} -->\n"

    items = [{"id": 1, "user": {"login": "x"}, "body": text}]
    assert [*sticky._ours(items, "plan", "x", "id")] == [sticky.Sticky(1, {})]


def test_issue_is_ours_and_not_a_pull_request() -> None:
    with hosted() as (github, repository, _):
        body = sticky.marked("drift", {}, "Drift.")
        repository.change_issue(1, body=body, author=ACTIONS)
        repository.seed_issue("Drift", body, author="mallory")
        closed = repository.add_issue("Drift", body, author=ACTIONS)
        repository.change_issue(closed.number, state="closed")
        for _ in range(120):
            repository.seed_issue("Another thing")
        assert sticky.find_issue(github, "drift") is None

        own = repository.add_issue("Drift", body, author=ACTIONS)
        found = sticky.find_issue(github, "drift")
        assert found is not None
        assert found.number == own.number


def test_a_comment_is_written_over_or_anew() -> None:
    with hosted() as (github, repository, _):
        sticky.write_comment(github, 1, None, OURS)
        ((found,),) = sticky.find_comments(github, 1, "plan")
        sticky.write_comment(github, 1, found, "Over.")
        assert [one.body for one in repository.comments(1)] == ["Over."]

        repository.delete_comment(found.number)
        sticky.write_comment(github, 1, found, "Anew.")
        assert [one.body for one in repository.comments(1)] == ["Anew."]


def test_lost_response_leaves_one_comment_of_a_run(quick: RetryPolicy) -> None:
    with hosted(quick) as (github, repository, peer):
        repository.add_comment(1, OURS, account("mallory"))
        repository.add_comment(1, sticky.marked("plan", {"digest": "older"}, "Ours."), ACTIONS)
        for when in ("before", "after"):
            peer.inject(Fault("status", method="POST", path="*/comments", status=502, when=when))
        sticky.create_comment(github, 1, OURS)
        assert [(one.body, one.author) for one in repository.comments(1)][2:] == [(OURS, ACTIONS)]


def test_lost_response_leaves_one_issue(quick: RetryPolicy) -> None:
    with hosted(quick) as (github, repository, peer):
        peer.inject(Fault("drop", method="POST", path="*/issues", when="after"))
        sticky.create_issue(github, "drift", "Drift", sticky.marked("drift", {}, "Drift."))
        assert len(repository.issues()) == 2


@pytest.mark.parametrize(("is_expected", "count"), [(True, 1), (False, 0)])
def test_empty_list_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, *, is_expected: bool, count: int
) -> None:
    monkeypatch.setattr(rest, "LAG", (0.0, 0.0))
    with hosted() as (github, repository, peer):
        repository.add_comment(1, OURS, ACTIONS)
        peer.inject(Fault("empty_list", path="*/comments"))
        (found,) = sticky.find_comments(github, 1, "plan", is_expected=is_expected)
        assert len(found) == count


def test_comments_are_deleted_though_one_is_gone() -> None:
    with hosted() as (github, repository, peer):
        ours = [repository.add_comment(1, OURS, ACTIONS) for _ in range(2)]
        (found,) = sticky.find_comments(github, 1, "plan")
        repository.delete_comment(ours[0].id)
        sticky.delete_comments(github, found)
        assert repository.comments(1) == ()

        repository.add_comment(1, OURS, ACTIONS)
        peer.inject(Fault("status", method="DELETE", status=403))
        with pytest.raises(ApiRejected):
            sticky.delete_comments(github, *sticky.find_comments(github, 1, "plan"))


def test_comment_refused_an_update_is_not_duplicated() -> None:
    with hosted() as (github, repository, peer):
        own = repository.add_comment(1, OURS, ACTIONS)
        peer.inject(Fault("status", method="PATCH", status=403))

        with pytest.raises(ApiRejected):
            sticky.write_comment(github, 1, sticky.Sticky(own.id, {}), "Over.")
        assert [one.body for one in repository.comments(1)] == [OURS]


def test_each_project_has_texts_of_its_own() -> None:
    assert {
        sticky.kind("plan", paths) for paths in (["audiences.d"], ["audiences.d/"], ["./audiences.d"])
    } == {"plan"}
    assert sticky.kind("drift", ["audiences.d"]) == "drift"

    kinds = {sticky.kind("plan", paths) for paths in (["a"], ["b"], ["a", "b"], ["a/b"], ["--> \n"])}
    assert len(kinds) == 5
    assert sticky.kind("plan", ["b", "a"]) == sticky.kind("plan", ["a/", "b"])
    for kind in kinds:
        body = sticky.marked(kind, {}, "")
        found = [{"id": 1, "user": {"login": "x"}, "body": body}]
        assert [*sticky._ours(found, kind, "x", "id")] == [sticky.Sticky(1, {})]
