"""The peer: GitHub's API as a server with tokens, faults by rule, and a log of every request."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.doubles.peer.listener import Listener
from tests.doubles.peer.wire import Response, read_request, send

from . import front
from .accounts import ACTIONS, Account, Token, account, checked
from .answers import accepted, limited, shaped
from .documents import WEB, Documents
from .entries import Entry
from .faults import Fault, Script
from .repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.doubles.peer.wire import Request

    from .accounts import Access

_HOURLY = {None: 60, False: 5_000, True: 1_000}


class Peer:
    """GitHub on 127.0.0.1; everything public may be used from any thread."""

    def __init__(self, *, is_enterprise: bool = False) -> None:
        self._prefix = "/api/v3" if is_enterprise else ""
        self._graphql = "/api/graphql" if is_enterprise else "/graphql"
        self._changed = threading.Condition()
        self._repositories: dict[str, Repository] = {}
        self._tokens: dict[str, Token] = {}
        self._used: dict[str | None, int] = {}
        self._script = Script()
        self._log: list[Entry] = []
        self._base = ""
        self._listener = Listener(self._converse)

    def repository(self, full_name: str = "acme/audiences", *, private: bool = True) -> Repository:
        """Add a repository. It is private, so that a permission that a token lacks shows."""
        with self._changed:
            number = 700_000_001 + len(self._repositories)
            made = Repository(full_name, number, private=private, lock=self._changed)
            self._repositories[full_name.lower()] = made
            return made

    def actions_token(
        self, repository: Repository, permissions: Mapping[str, str], *, who: Account = ACTIONS
    ) -> str:
        """Give a workflow's GITHUB_TOKEN (or an app's token), with what the job's `permissions` say."""
        name = repository.full_name.lower()
        return self._issue("ghs", Token("", who, name, checked(permissions)))

    def user_token(self, login: str, access: Access = "write") -> str:
        """Give a person's token, with that person's access to every repository here."""
        return self._issue("ghp", Token("", account(login), access=access))

    def revoke(self, token: str) -> None:
        with self._changed:
            del self._tokens[token]

    @contextmanager
    def running(self, port: int = 0) -> Iterator[str]:
        """Serve in a thread of its own, and give GITHUB_API_URL; raises at the end what went wrong inside."""
        self._listener = Listener(self._converse)
        self._base = f"http://127.0.0.1:{self._listener.start(port)}"
        try:
            yield self._base + self._prefix
        finally:
            self._listener.stop()
        if self._listener.failures:
            raise self._listener.failures[0]

    @property
    def urls(self) -> dict[str, str]:
        """What the runner tells each step of where GitHub is."""
        api, graphql = self._base + self._prefix, self._base + self._graphql
        return {"GITHUB_API_URL": api, "GITHUB_GRAPHQL_URL": graphql, "GITHUB_SERVER_URL": WEB}

    @property
    def documents(self) -> Documents:
        return Documents(self._base + self._prefix)

    def inject(self, *faults: Fault) -> None:
        with self._changed:
            self._script.add(faults)

    @property
    def unfired(self) -> tuple[Fault, ...]:
        """The faults that no request has met; a test that expects all of them asserts that this is empty."""
        with self._changed:
            return self._script.unfired

    @property
    def log(self) -> tuple[Entry, ...]:
        with self._changed:
            return tuple(self._log)

    def writes(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.log if entry.is_write)

    def wait(self, holds: Callable[[Entry], bool], timeout: float = 10) -> Entry:
        """Wait for the first entry of which this holds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if found := next(filter(holds, self._log), None):
                    return found
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no such entry within {timeout} s: {self._log}")

    def _issue(self, kind: str, token: Token) -> str:
        with self._changed:
            value = f"{kind}_{len(self._tokens) + 1:036d}"
            self._tokens[value] = replace(token, value=value)
            return value

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = Response()
        while answer.ending == "keep":
            request = await read_request(reader)
            if request is None:
                return
            answer = await self._serve(request)
            await send(writer, answer)

    async def _serve(self, request: Request) -> Response:
        path = self._path(request)
        token = self._tokens.get(_bearer(request))
        entry, faults = self._receive(request, path, token)
        await _pause(faults, "before")
        with self._changed:
            answer = self._respond(request, path, token, faults)
        await _pause(faults, "after")
        if answer.ending == "keep" and (request.header("Connection") or "").lower() == "close":
            answer = replace(answer, ending="close")
        # Before the first byte: who has the answer finds it in the log.
        self._put(replace(entry, status=None if answer.cut == "nothing" else answer.status))
        return answer

    def _receive(self, request: Request, path: str, token: Token | None) -> tuple[Entry, tuple[Fault, ...]]:
        with self._changed:
            faults = self._script.draw(request.method, path)
            entry = Entry(
                number=len(self._log),
                method=request.method,
                path=path,
                query=request.query,
                headers=request.headers,
                body=request.body,
                login=token.account.login if token else None,
                faults=tuple(fault.kind for fault in faults),
            )
            self._log.append(entry)
            self._changed.notify_all()
            return entry, faults

    def _put(self, entry: Entry) -> None:
        with self._changed:
            self._log[entry.number] = entry
            self._changed.notify_all()

    def _path(self, request: Request) -> str:
        """Give the path as on github.com, with the repository's name where a link has its number."""
        path = urlsplit(request.target).path
        if path == self._graphql:
            return "/graphql"
        path = path.removeprefix(self._prefix)
        for repository in self._repositories.values():
            if path.startswith(f"/repositories/{repository.id}/"):
                return path.replace(f"/repositories/{repository.id}", f"/repos/{repository.full_name}", 1)
        return path

    def _respond(
        self, request: Request, path: str, token: Token | None, faults: tuple[Fault, ...]
    ) -> Response:
        """Do what the request asks, unless a fault comes before, and answer as the faults make it."""
        who = token.value if token else None
        self._used[who] = self._used.get(who, 0) + 1
        if any(fault.prevents_storing for fault in faults):
            answer = accepted(None, 204)
        else:
            answer = front.respond(request, path, token, self._repositories, self.documents)
        for fault in faults:
            answer = shaped(answer, fault, token)
        return limited(answer, _HOURLY[token.is_installation if token else None], self._used[who])


def _bearer(request: Request) -> str:
    scheme, _, value = (request.header("Authorization") or "").partition(" ")
    return value.strip() if scheme.lower() in {"bearer", "token"} else ""


async def _pause(faults: tuple[Fault, ...], when: str) -> None:
    for fault in faults:
        if fault.kind == "delay" and fault.when == when:
            await asyncio.sleep(fault.seconds or 0)
