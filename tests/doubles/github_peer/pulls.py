"""The routes of pull requests and of the commits that they brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import paging
from .accounts import account
from .answers import Refusal, accepted
from .calls import missing

if TYPE_CHECKING:
    from tests.doubles.peer.wire import Response

    from .calls import Call


def get_pull(call: Call) -> Response:
    issue = call.issue()
    if issue.pull is None:
        missing()
    return accepted(call.documents.pull(call.repository, issue, issue.pull))


def list_pulls(call: Call) -> Response:
    """List pull requests, not whole, by when they were last touched."""
    call.take("state", "sort", "direction", "head")
    if "head" not in call.query and call.query != {**call.query, "sort": "updated", "direction": "desc"}:
        raise NotImplementedError("another order than the last touched first is not known here")
    state, owner = call.query.get("state", "open"), call.repository.full_name.partition("/")[0]
    found = [issue for issue in call.repository.issues() if issue.pull and state in {"all", issue.state}]
    if head := call.query.get("head"):
        found = [issue for issue in found if issue.pull and f"{owner}:{issue.pull.head_ref}" == head]
    found.sort(key=lambda issue: issue.updated_at, reverse=True)
    pulls, headers = paging.numbered(found, call.query, f"{call.url}/pulls")
    documents = [
        call.documents.pull(call.repository, issue, issue.pull, whole=False) for issue in pulls if issue.pull
    ]
    return accepted(documents, headers=headers)


def list_pulls_of_commit(call: Call) -> Response:
    """List the pull requests that contain a commit, not whole."""
    call.take()
    sha = call.parts["sha"]
    found = call.repository.pulls_of(sha)
    if found is None:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    pulls, headers = paging.numbered(found, call.query, f"{call.url}/commits/{sha}/pulls")
    documents = [
        call.documents.pull(call.repository, issue, issue.pull, whole=False) for issue in pulls if issue.pull
    ]
    return accepted(documents, headers=headers)


def list_reviews(call: Call) -> Response:
    call.take()
    issue = call.issue()
    if issue.pull is None:
        missing()
    reviews, headers = paging.numbered(
        call.repository.reviews(issue.number), call.query, f"{call.url}/pulls/{issue.number}/reviews"
    )
    return accepted([call.documents.review(call.repository, one) for one in reviews], headers=headers)


def get_permission(call: Call) -> Response:
    """Tell what somebody may do in the repository; "none" is a stranger in a private one."""
    call.take()
    return accepted(call.documents.permission(call.repository, account(call.parts["login"])))
