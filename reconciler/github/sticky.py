"""The one comment or issue that is ours, found by a hidden marker and by who wrote it, never by one alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.github.rest import GitHub

Kind = Literal["plan", "drift"]
_MARKER = re.compile(r"\A<!-- reconciler:(plan|drift) (\{[^<>]*\}) -->\r?\n")


@dataclass(frozen=True, slots=True)
class Sticky:
    """One of our own texts on GitHub, and what its marker remembers."""

    number: int
    body: str
    memory: Mapping[str, Any]


def marked(kind: Kind, memory: Mapping[str, Any], body: str) -> str:
    """Return a body behind its hidden marker; what it remembers holds no text from outside."""
    spelled = json.dumps(memory, sort_keys=True, separators=(",", ":"))
    return f"<!-- reconciler:{kind} {spelled} -->\n{body}"


def find_comment(github: GitHub, pull_request: int) -> Sticky | None:
    """Return our comment on a pull request."""
    login = github.login()
    comments = github.pages(f"issues/{pull_request}/comments")
    return _first(comments, "plan", login, "id")


def find_issue(github: GitHub) -> Sticky | None:
    """Return our open issue about drift."""
    login = github.login()
    return _first(github.pages("issues?state=open"), "drift", login, "number")


def _first(items: Iterable[Mapping[str, Any]], kind: Kind, login: str, key: str) -> Sticky | None:
    for item in items:
        author = (item.get("user") or {}).get("login")
        found = _MARKER.match(item.get("body") or "")
        if "pull_request" not in item and author == login and found is not None and found[1] == kind:
            return Sticky(item[key], item["body"], _memory(found[2]))
    return None


def _memory(text: str) -> Mapping[str, Any]:
    try:
        memory = json.loads(text)
    except ValueError:
        return {}
    return memory if isinstance(memory, dict) else {}


def post_comment(github: GitHub, pull_request: int, body: str) -> None:
    """Write our comment: over the one that is there, else as a new one."""
    found = find_comment(github, pull_request)
    if found is None:
        github.create(f"issues/{pull_request}/comments", {"body": body})
    else:
        github.update(f"issues/comments/{found.number}", {"body": body})
