"""What was asked and what was answered: one entry a request, in the order of arrival."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.doubles.peer.wire import header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.doubles.peer.wire import Headers


@dataclass(frozen=True, slots=True)
class Entry:
    """One request; `status` is None until it is answered, and stays so when the line is dropped instead."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    headers: Headers
    body: bytes
    login: str | None
    status: int | None = None
    faults: tuple[str, ...] = ()

    @property
    def is_write(self) -> bool:
        """Whether it asks for a change; a GraphQL query comes as a POST, and asks for none."""
        return self.method != "GET" and self.path != "/graphql"

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return header(self.headers, name)
