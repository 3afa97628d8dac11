"""The two GraphQL queries that are known here: whose token it is, and when comments were edited by whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .answers import Refusal, accepted, refused
from .calls import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.doubles.peer.wire import Request, Response

    from .accounts import Account, Token
    from .documents import Documents
    from .repository import Repository

_VIEWER = re.compile(r"(query(\s+\w+)?)?\s*\{\s*viewer\s*\{\s*login\s*\}\s*\}", re.ASCII)
_EDITS = re.compile(
    r"query\(\$ids: \[ID!\]!\) \{ nodes\(ids: \$ids\) \{ \.\.\. on IssueComment "
    r"\{ id createdAt lastEditedAt editor \{ __typename login \} \} \} \}"
)


def respond(
    request: Request, token: Token | None, repositories: Mapping[str, Repository], documents: Documents
) -> Response:
    """Answer one of the queries, for both kinds of token."""
    if token is None:
        guide = "https://docs.github.com/graphql/guides/forming-calls-with-graphql"
        return refused(Refusal(401, "This endpoint requires you to be authenticated."), guide)
    asked = parsed(request.body)
    query = str(asked.get("query")).strip()
    if request.method == "POST" and _VIEWER.fullmatch(query):
        return accepted({"data": {"viewer": {"login": token.account.login}}})
    if request.method != "POST" or not _EDITS.fullmatch(query):
        raise NotImplementedError(f"{request.method} /graphql {query!r} is not known here")
    found = {node["id"]: node for one in repositories.values() for node in _comments(one, documents)}
    return accepted({"data": {"nodes": [found.get(one) for one in asked["variables"]["ids"]]}})


def _comments(repository: Repository, documents: Documents) -> list[dict[str, Any]]:
    return [
        {
            "id": documents.comment(repository, comment)["node_id"],
            "createdAt": comment.created_at,
            "lastEditedAt": comment.edited_at,
            "editor": _actor(comment.editor),
        }
        for issue in repository.issues()
        for comment in repository.comments(issue.number)
    ]


def _actor(who: Account | None) -> dict[str, str] | None:
    """Give an actor; a bot's login lacks here what it ends with elsewhere."""
    return (
        None
        if who is None
        else {"__typename": who.type, "login": who.slug if who.type == "Bot" else who.login}
    )
