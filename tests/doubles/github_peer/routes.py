"""Which function answers which path, which permission it needs, and which page of the docs describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import comments, git_data, issues, pulls
from .answers import DOCS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.doubles.peer.wire import Response

    from .calls import Call

_REPOSITORY = r"/repos/(?P<repository>[^/]+/[^/]+)"
_BOTH = ("issues", "pull-requests")


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one kind of path; of the permissions, one is enough."""

    method: str
    pattern: re.Pattern[str]
    respond: Callable[[Call], Response]
    permissions: tuple[str, ...]
    guide: str


def _route(
    method: str, path: str, respond: Callable[[Call], Response], permissions: tuple[str, ...], guide: str
) -> Route:
    return Route(method, re.compile(_REPOSITORY + path), respond, permissions, f"{DOCS}/{guide}")


_CONTENTS = ("contents",)
_BRANCH = r"(?P<branch>[\w./-]+)"

ROUTES = (
    _route(
        "GET", r"/git/commits/(?P<sha>\w+)", git_data.get_commit, _CONTENTS, "git/commits#get-a-commit-object"
    ),
    _route("POST", r"/git/commits", git_data.create_commit, _CONTENTS, "git/commits#create-a-commit"),
    _route("POST", r"/git/trees", git_data.create_tree, _CONTENTS, "git/trees#create-a-tree"),
    _route("GET", rf"/git/ref/heads/{_BRANCH}", git_data.get_ref, _CONTENTS, "git/refs#get-a-reference"),
    _route("POST", r"/git/refs", git_data.create_ref, _CONTENTS, "git/refs#create-a-reference"),
    _route(
        "PATCH", rf"/git/refs/heads/{_BRANCH}", git_data.update_ref, _CONTENTS, "git/refs#update-a-reference"
    ),
    _route("POST", r"/pulls", git_data.create_pull, ("pull-requests",), "pulls/pulls#create-a-pull-request"),
    _route(
        "PATCH",
        r"/pulls/(?P<number>\d+)",
        git_data.update_pull,
        ("pull-requests",),
        "pulls/pulls#update-a-pull-request",
    ),
    _route("GET", r"/issues", issues.list_issues, ("issues",), "issues/issues#list-repository-issues"),
    _route("POST", r"/issues", issues.create_issue, ("issues",), "issues/issues#create-an-issue"),
    _route("GET", r"/issues/(?P<number>\d+)", issues.get_issue, ("issues",), "issues/issues#get-an-issue"),
    _route("PATCH", r"/issues/(?P<number>\d+)", issues.update_issue, _BOTH, "issues/issues#update-an-issue"),
    _route(
        "GET",
        r"/issues/(?P<number>\d+)/comments",
        comments.list_comments,
        _BOTH,
        "issues/comments#list-issue-comments",
    ),
    _route(
        "POST",
        r"/issues/(?P<number>\d+)/comments",
        comments.create_comment,
        _BOTH,
        "issues/comments#create-an-issue-comment",
    ),
    _route(
        "GET",
        r"/issues/comments/(?P<id>\d+)",
        comments.get_comment,
        _BOTH,
        "issues/comments#get-an-issue-comment",
    ),
    _route(
        "PATCH",
        r"/issues/comments/(?P<id>\d+)",
        comments.update_comment,
        _BOTH,
        "issues/comments#update-an-issue-comment",
    ),
    _route(
        "DELETE",
        r"/issues/comments/(?P<id>\d+)",
        comments.delete_comment,
        _BOTH,
        "issues/comments#delete-an-issue-comment",
    ),
    _route(
        "GET", r"/pulls/(?P<number>\d+)", pulls.get_pull, ("pull-requests",), "pulls/pulls#get-a-pull-request"
    ),
    _route(
        "GET",
        r"/pulls/(?P<number>\d+)/reviews",
        pulls.list_reviews,
        ("pull-requests",),
        "pulls/reviews#list-reviews-for-a-pull-request",
    ),
    # Of the metadata, which every installation's token may read.
    _route(
        "GET",
        r"/collaborators/(?P<login>[\w.-]+)/permission",
        pulls.get_permission,
        ("contents", *_BOTH),
        "collaborators/collaborators#get-repository-permissions-for-a-user",
    ),
    _route("GET", r"/pulls", pulls.list_pulls, ("pull-requests",), "pulls/pulls#list-pull-requests"),
    _route(
        "GET",
        r"/commits/(?P<sha>[^/]+)/pulls",
        pulls.list_pulls_of_commit,
        ("pull-requests",),
        "commits/commits#list-pull-requests-associated-with-a-commit",
    ),
)


def find(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """Give the route of a request; what this fake does not know, it does not answer for GitHub."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groupdict()
    raise NotImplementedError(f"{method} {path} is not known here")
