"""When our comments were last edited, and by whom: REST says neither."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.github.rest import GitHub
    from reconciler.github.sticky import Sticky

_QUERY = (
    "query($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment "
    "{ id createdAt lastEditedAt editor { __typename login } } } }"
)
_BOT = "[bot]"  # behind a bot's login in REST and for the viewer, and not behind an actor's


def read(github: GitHub, comments: Sequence[Sticky]) -> list[Sticky]:
    """Return the comments with the time of their last edit, and whether it was somebody else's.

    One that was only hidden is updated for REST, and not edited. Raises ApiError.
    """
    if not comments:
        return []
    data = github.query(_QUERY, {"ids": [one.node for one in comments]})
    try:
        found: dict[str, Mapping[str, Any]] = {node["id"]: node for node in data["nodes"]}
        return [_edited(one, found[one.node], github.login()) for one in comments]
    except (KeyError, TypeError) as error:
        raise ApiError("GitHub does not say who edited a comment", "Run this job again") from error


def _edited(one: Sticky, node: Mapping[str, Any], login: str) -> Sticky:
    if node["lastEditedAt"] is None:
        return replace(one, edited_at=str(node["createdAt"]))
    editor = node["editor"]  # None where the account is gone
    name = f"{editor['login']}{_BOT if editor['__typename'] == 'Bot' else ''}" if editor else ""
    return replace(one, edited_at=str(node["lastEditedAt"]), is_foreign=name != login)
