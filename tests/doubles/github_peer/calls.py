"""A call of the API: one request, with the repository, the token and the fields that it names, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from .answers import NOT_ACCESSIBLE, Refusal, unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .accounts import Token
    from .documents import Documents
    from .repository import Issue, Repository


@dataclass(frozen=True, slots=True)
class Call:
    """What a route's function gets; `permissions` are those of which one is needed."""

    method: str
    repository: Repository
    token: Token | None
    documents: Documents
    query: Mapping[str, str]
    body: bytes
    permissions: tuple[str, ...]
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """What the Link header names: repositories go by their number there."""
        return f"{self.documents.api}/repositories/{self.repository.id}"

    def author(self) -> Token:
        """Give the token of somebody who writes; a stranger may not."""
        if self.token is None:
            raise Refusal(401, "Requires authentication")
        return self.token

    def number(self) -> int:
        return int(self.parts["number"])

    def issue(self) -> Issue:
        return self.repository.issue(self.number()) or _missing()

    def take(self, *names: str) -> None:
        """Refuse to guess at a query that this fake does not know."""
        if unknown := set(self.query) - {*names, "per_page", "page"}:
            raise NotImplementedError(
                f"{self.method} {self.url}: the query {sorted(unknown)} is not known here"
            )

    def can_push(self, *permissions: str) -> bool:
        return self.author().can_write(self.repository.full_name.lower(), permissions or self.permissions)

    def demand_write(self, *permissions: str) -> None:
        """Refuse a token that may read and not write."""
        if not self.can_push(*permissions):
            message = (
                NOT_ACCESSIBLE if self.author().is_installation else "Must have admin rights to Repository."
            )
            raise Refusal(403, message)

    def demand_read(self) -> None:
        """Refuse a token that cannot see the repository, or may not read this kind of thing in it."""
        name, private = self.repository.full_name.lower(), self.repository.private
        if self.token is None:
            if private:
                _missing()
        elif not self.token.can_see(name, private=private):
            _missing()
        elif not self.token.can_read(name, self.permissions, private=private):
            raise Refusal(403, NOT_ACCESSIBLE)

    def document(self) -> dict[str, Any]:
        return parsed(self.body)


def parsed(body: bytes) -> dict[str, Any]:
    """Read a request's JSON object."""
    try:
        document = json.loads(body)
        # A lone surrogate is JSON and no text: it cannot be stored.
        json.dumps(document, ensure_ascii=False).encode()
    except ValueError as error:
        raise Refusal(400, "Problems parsing JSON") from error
    if not isinstance(document, dict):
        raise Refusal(400, "Body should be a JSON object")
    return document


def text(document: Mapping[str, Any], name: str, *, required: bool = False) -> str | None:
    """Give a field that is a string or null; when it is required, neither null nor absent."""
    value = document.get(name)
    if value is None and required:
        raise unusable(f'"{name}" wasn\'t supplied.')
    if value is not None and not isinstance(value, str):
        raise unusable(f"For 'properties/{name}', {json.dumps(value)} is not a string or null.")
    return value


def _missing() -> NoReturn:
    raise Refusal(404, "Not Found")


missing = _missing
