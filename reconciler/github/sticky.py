"""The one comment or issue that is ours, found by a hidden marker and by who wrote it, never by one alone."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from reconciler.errors import ApiRejected
from reconciler.github.rest import NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.github.rest import GitHub

_MARKER = re.compile(r"\A<!-- reconciler:([a-z0-9-]+) (\{[^<>]*\}) -->\r?\n")


@dataclass(frozen=True, slots=True)
class Sticky:
    """One of our own texts on GitHub, and the state that its marker holds.

    `edited_at` is when its text was last written, and `is_foreign` whether somebody else did so, once `edits`
    has read that; `node` is its name in GraphQL.
    """

    number: int
    state: Mapping[str, Any]
    node: str = ""
    edited_at: str = ""
    is_foreign: bool = False


def kind(what: Literal["plan", "result", "drift"], paths: Sequence[str]) -> str:
    """Name a kind of text; a repository that holds two projects has one of each for either of them."""
    folders = sorted(PurePath(path).as_posix() for path in paths)
    if folders == ["audiences.d"]:
        return what
    return f"{what}-{hashlib.sha256(json.dumps(folders).encode()).hexdigest()[:8]}"


def marked(kind: str, state: Mapping[str, Any], body: str) -> str:
    """Return a body behind its hidden marker; `state` must hold no text from outside."""
    encoded = json.dumps(state, sort_keys=True, separators=(",", ":"))
    return f"<!-- reconciler:{kind} {encoded} -->\n{body}"


def find_comments(
    github: GitHub, pull_request: int, *kinds: str, is_expected: bool = False
) -> list[list[Sticky]]:
    """Return our comments on a pull request, for each kind those of it, the oldest first; raises ApiError.

    Where one `is_expected`, an empty list is asked for again: GitHub's lists lag behind.
    """
    path = f"issues/{pull_request}/comments"
    items = github.expected(path) if is_expected else list(github.pages(path))
    login = github.login()
    return [list(_ours(items, kind, login, "id")) for kind in kinds]


def find_issue(github: GitHub, kind: str) -> Sticky | None:
    """Return our open issue, None where there is none; raises ApiError."""
    return next(_ours(github.pages("issues?state=open"), kind, github.login(), "number"), None)


def _ours(items: Iterable[Mapping[str, Any]], kind: str, login: str, key: str) -> Iterator[Sticky]:
    for item in items:
        found = _MARKER.match(item.get("body") or "")
        if "pull_request" not in item and _author(item) == login and found is not None and found[1] == kind:
            yield Sticky(int(item[key]), _parse_state(found[2]), str(item.get("node_id") or ""))


def _parse_state(text: str) -> Mapping[str, Any]:
    """Return a marker's state, empty where somebody broke it."""
    try:
        state: Mapping[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return state


def write_comment(github: GitHub, pull_request: int, found: Sticky | None, body: str) -> str:
    """Write our comment: over the one that was found, unless somebody removed it, else as a new one.

    Returns its address; raises ApiError.
    """
    if found is not None:
        try:
            return github.update(f"issues/comments/{found.number}", {"body": body})
        except ApiRejected as error:
            if error.status != NOT_FOUND:
                raise
    return create_comment(github, pull_request, body)


def create_comment(github: GitHub, pull_request: int, body: str) -> str:
    """Add a comment of ours, and no second one where a response is lost; return its address.

    Of one run no two comments on a pull request have the same marker. Raises ApiError.
    """
    marker, path = body.partition("\n")[0], f"issues/{pull_request}/comments"

    def is_there() -> bool:
        login = github.login()
        items = github.pages(path)
        return any(_author(item) == login and _marker(item) == marker for item in items)

    return github.create(path, {"body": body}, is_there)


def create_issue(github: GitHub, kind: str, title: str, body: str) -> str:
    """Open an issue of ours, and no second one of its kind where a response is lost; return its address.

    Raises ApiError.
    """
    return github.create(
        "issues", {"title": title, "body": body}, lambda: find_issue(github, kind) is not None
    )


def _author(item: Mapping[str, Any]) -> object:
    return (item.get("user") or {}).get("login")


def _marker(item: Mapping[str, Any]) -> str:
    return str(item.get("body") or "").partition("\n")[0].rstrip("\r")


def delete_comments(github: GitHub, comments: Iterable[Sticky]) -> None:
    """Remove comments of ours; raises ApiError."""
    for comment in comments:
        github.delete(f"issues/comments/{comment.number}")
