"""The routes of comments, on issues and on pull requests alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import paging
from .answers import MAX_BODY, Refusal, accepted, invalid
from .calls import missing, text

if TYPE_CHECKING:
    from tests.doubles.peer.wire import Response

    from .calls import Call
    from .repository import Comment, Issue


def list_comments(call: Call) -> Response:
    call.take()
    issue = call.issue()
    _demand_open_door(call, issue)
    comments, headers = paging.numbered(
        call.repository.comments(issue.number), call.query, f"{call.url}/issues/{issue.number}/comments"
    )
    return accepted(
        [call.documents.comment(call.repository, comment) for comment in comments], headers=headers
    )


def create_comment(call: Call) -> Response:
    author, issue = call.author(), call.issue()
    if author.is_installation:
        call.demand_write(*_writers(issue))
    body = _body(call)
    _demand_open_door(call, issue)
    _demand_unlocked(call, issue)
    comment = call.repository.add_comment(issue.number, body, author.account)
    document = call.documents.comment(call.repository, comment)
    return accepted(document, 201, headers={"Location": document["url"]})


def get_comment(call: Call) -> Response:
    return accepted(call.documents.comment(call.repository, _comment(call)))


def update_comment(call: Call) -> Response:
    comment = _changeable(call)
    changed = call.repository.change_comment(comment.id, _body(call), call.author().account)
    return accepted(call.documents.comment(call.repository, changed))


def delete_comment(call: Call) -> Response:
    call.repository.delete_comment(_changeable(call).id)
    return accepted(None, 204)


def _comment(call: Call) -> Comment:
    return call.repository.comment(int(call.parts["id"])) or missing()


def _changeable(call: Call) -> Comment:
    """Give a comment that the caller may change: its author's own, or anybody's with write access."""
    author, comment = call.author(), _comment(call)
    issue = call.repository.issue(comment.number) or missing()
    if author.is_installation or comment.author != author.account:
        call.demand_write(*_writers(issue))
    _demand_unlocked(call, issue)
    return comment


def _writers(issue: Issue) -> tuple[str, ...]:
    return ("issues", "pull-requests") if issue.pull else ("issues",)


def _demand_open_door(call: Call, issue: Issue) -> None:
    if not call.repository.has_issues and issue.pull is None:
        raise Refusal(410, "Issues are disabled for this repo")


def _demand_unlocked(call: Call, issue: Issue) -> None:
    # A workflow's token is no collaborator, whatever it may write.
    if issue.locked and (call.author().is_installation or not call.can_push()):
        raise Refusal(403, "Unable to create comment because issue is locked.")


def _body(call: Call) -> str:
    body = text(call.document(), "body", required=True) or ""
    if not body.strip():
        raise invalid("IssueComment", "data", "unprocessable", "Body cannot be blank")
    if len(body) > MAX_BODY:
        message = f"Body is too long (maximum is {MAX_BODY} characters)"
        raise invalid("IssueComment", "data", "unprocessable", message)
    return body
