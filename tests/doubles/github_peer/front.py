"""The front door: who may come in, who they are, and which route answers them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.doubles.peer.wire import Response

from . import graphql
from .answers import DOCS, NOT_ACCESSIBLE, Refusal, accepted, refused
from .calls import Call
from .documents import VERSIONS
from .routes import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.doubles.peer.wire import Request

    from .accounts import Token
    from .documents import Documents
    from .repository import Repository
    from .routes import Route

_FORBIDDEN = 403
_NO_AGENT = (
    b"\r\nRequest forbidden by administrative rules."
    b" Please make sure your request has a User-Agent header.\r\n"
)


def respond(
    request: Request,
    path: str,
    token: Token | None,
    repositories: Mapping[str, Repository],
    documents: Documents,
) -> Response:
    """Do what the request asks, and give GitHub's answer."""
    if not request.header("User-Agent"):
        return Response(_FORBIDDEN, body=_NO_AGENT, headers=(("Content-Type", "text/html"),))
    try:
        shown = replace(documents, version=_version(request))
        _demand_known(request, token)
        if path == "/user":
            return _user(request, token, shown)
        if path == "/graphql":
            return graphql.respond(request, token, repositories, shown)
        return _at(request, path, token, repositories, shown)
    except Refusal as refusal:
        return refused(refusal)


def _demand_known(request: Request, token: Token | None) -> None:
    if request.header("Authorization") is not None and token is None:
        raise Refusal(401, "Bad credentials")


def _version(request: Request) -> str:
    version = request.header("X-GitHub-Api-Version") or VERSIONS[0]
    if version not in VERSIONS:
        known = ", ".join(f'"{known}"' for known in VERSIONS)
        message = (
            f'The version you specified in the "X-GitHub-API-Version" request header, "{version}", is not a'
            f" supported version. The following versions are currently supported: {known}."
        )
        raise Refusal(400, message)
    return version


def _user(request: Request, token: Token | None, documents: Documents) -> Response:
    guide = f"{DOCS}/users/users#get-the-authenticated-user"
    if request.method != "GET":
        raise NotImplementedError(f"{request.method} /user is not known here")
    if token is None:
        return refused(Refusal(401, "Requires authentication"), guide)
    if token.is_installation:
        return refused(Refusal(_FORBIDDEN, NOT_ACCESSIBLE), guide)
    return accepted(documents.user(token.account))


def _at(
    request: Request,
    path: str,
    token: Token | None,
    repositories: Mapping[str, Repository],
    documents: Documents,
) -> Response:
    route, parts = find(request.method, path)
    repository = repositories.get(parts["repository"].lower())
    if repository is None:
        return refused(Refusal(404, "Not Found"), route.guide)
    call = Call(
        method=request.method,
        repository=repository,
        token=token,
        documents=documents,
        query=request.query,
        body=request.body,
        permissions=route.permissions,
        parts=parts,
    )
    try:
        call.demand_read()
        return route.respond(call)
    except Refusal as refusal:
        return _explained(refused(refusal, route.guide), request, route)


def _explained(answer: Response, request: Request, route: Route) -> Response:
    """Add which permissions the route takes, as GitHub does where it refuses."""
    if answer.status != _FORBIDDEN:
        return answer
    level = "read" if request.method == "GET" else "write"
    needed = "; ".join(f"{name.replace('-', '_')}={level}" for name in route.permissions)
    return replace(answer, headers=(*answer.headers, ("X-Accepted-GitHub-Permissions", needed)))
