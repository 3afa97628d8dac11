"""The intent topics, found by words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.api import topics

if TYPE_CHECKING:
    from reconciler.api.connection import Connection


async def search(connection: Connection, words: str) -> tuple[topics.Topic, ...]:
    """Return the topics that the API finds; raises ApiError."""
    from reconciler.api.client import ReadClient

    async with ReadClient(connection) as client:
        return await topics.search(client, words)
