"""The routes of issues; in a list, pull requests are issues too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import paging
from .answers import MAX_BODY, Refusal, accepted, invalid, unusable
from .calls import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.doubles.peer.wire import Response

    from .calls import Call
    from .repository import Issue

_MAX_TITLE = 256
_STATES = ("open", "closed", "all")
_REASONS = {"closed": ("completed", "not_planned", "duplicate"), "open": ("reopened",)}


def list_issues(call: Call) -> Response:
    call.take("state", "labels", "creator", "sort", "direction", "after", "before")
    issues, headers = paging.cursored(_listed(call), call.query, f"{call.url}/issues")
    return accepted([call.documents.issue(call.repository, issue) for issue in issues], headers=headers)


def _listed(call: Call) -> list[Issue]:
    state, sort = call.query.get("state", "open"), call.query.get("sort", "created")
    if state not in _STATES or sort not in {"created", "updated"}:
        raise invalid("Issue", "state" if state not in _STATES else "sort", "invalid")
    wanted = {name.strip().lower() for name in call.query.get("labels", "").split(",") if name.strip()}
    creator = call.query.get("creator", "").lower()
    found = [
        issue
        for issue in call.repository.issues()
        if state in {"all", issue.state}
        and wanted <= {name.lower() for name in issue.labels}
        and creator in {"", issue.author.login.lower()}
        and (call.repository.has_issues or issue.pull)
    ]
    if sort == "updated":
        found.sort(key=lambda issue: issue.updated_at, reverse=True)
    return found[::-1] if call.query.get("direction") == "asc" else found


def create_issue(call: Call) -> Response:
    author = call.author()
    if author.is_installation:
        call.demand_write()
    if not call.repository.has_issues:
        raise Refusal(410, "Issues has been disabled in this repository.")
    document = call.document()
    title = _title(text(document, "title", required=True) or "")
    body = _body(text(document, "body"))
    # Whoever may not push labels nothing, and is not told so.
    labels = _labels(document) if call.can_push() else ()
    issue = call.repository.add_issue(title, body, author=author.account, labels=labels)
    shown = call.documents.issue(call.repository, issue)
    return accepted(shown, 201, headers={"Location": shown["url"]})


def get_issue(call: Call) -> Response:
    return accepted(call.documents.issue(call.repository, _present(call)))


def update_issue(call: Call) -> Response:
    author, issue = call.author(), _present(call)
    if author.is_installation or issue.author != author.account:
        call.demand_write(*(("issues", "pull-requests") if issue.pull else ("issues",)))
    changes = _changes(call, issue, call.document())
    return accepted(
        call.documents.issue(call.repository, call.repository.change_issue(issue.number, **changes))
    )


def _present(call: Call) -> Issue:
    issue = call.issue()
    if not call.repository.has_issues and issue.pull is None:
        raise Refusal(410, "Issues are disabled for this repo")
    return issue


def _changes(call: Call, issue: Issue, document: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if (title := text(document, "title")) is not None:
        changes["title"] = _title(title)
    if "body" in document:
        changes["body"] = _body(text(document, "body"))
    if "labels" in document and call.can_push():
        changes["labels"] = call.repository.named_labels(_labels(document))
    return changes | _state(call, issue, document)


def _state(call: Call, issue: Issue, document: Mapping[str, Any]) -> dict[str, Any]:
    state, reason = text(document, "state"), text(document, "state_reason")
    if state is None:
        return {}
    if state not in _REASONS or (reason is not None and reason not in _REASONS[state]):
        raise invalid("Issue", "state" if state not in _REASONS else "state_reason", "invalid")
    if state == issue.state:
        return {"state_reason": reason} if reason else {}
    closed = state == "closed"
    return {
        "state": state,
        "state_reason": reason or _REASONS[state][0],
        "closed_at": call.repository.now() if closed else None,
    }


def _title(title: str) -> str:
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(title) > _MAX_TITLE:
        raise invalid("Issue", "title", "custom", f"title is too long (maximum is {_MAX_TITLE} characters)")
    return title


def _body(body: str | None) -> str | None:
    if body is not None and len(body) > MAX_BODY:
        raise invalid("Issue", "body", "custom", f"body is too long (maximum is {MAX_BODY} characters)")
    return body


def _labels(document: Mapping[str, Any]) -> tuple[str, ...]:
    given = document.get("labels") or []
    names: list[Any] = [item.get("name") if isinstance(item, dict) else item for item in given]
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise unusable("For 'properties/labels', a label is a name or an object with a name.")
    return tuple(names)
