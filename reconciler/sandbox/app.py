"""The API as an ASGI application over one SQLite file."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect

from reconciler.errors import FileError
from reconciler.sandbox import responses
from reconciler.sandbox.options import Options
from reconciler.sandbox.organization import Organization, fresh_records
from reconciler.sandbox.routes import routes
from reconciler.sandbox.staleness import Staleness
from reconciler.sandbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from reconciler.sandbox.options import Paging, Semantics, UnknownFilters
    from reconciler.sandbox.record import Generation

# Instead of the router's own words, which a client could take for an audience that is gone.
ROUTING_MESSAGES = {
    "Not Found": "This API has no such route.",
    "Method Not Allowed": "This route does not take that method.",
}


def create_app(
    database: Path,
    *,
    generation: Generation = 1,
    config_semantics: Semantics = "replace",
    slots: int = 10,
    latency_ms: int = 0,
    unknown_filters: UnknownFilters | None = None,
    list_limit: int = 50,
    paging: Paging = "cursor",
    stale_reads_ms: int = 0,
) -> Starlette:
    """Return the API over a SQLite file, which is made and seeded when it is not there.

    The state is in the file alone: apps in several processes may share it, whatever their settings. What
    reads show meanwhile (`stale_reads_ms`) is known to the app that wrote. By default the first generation
    refuses a filter that it does not know, and the second one stores it.
    Raises `FileError` when the file cannot be used.
    """
    options = Options(
        generation=generation,
        config_semantics=config_semantics,
        slots=slots,
        unknown_filters=unknown_filters or ("refuse" if generation == 1 else "store"),
        list_limit=list_limit,
        paging=paging,
    )
    store = Store(database, fresh_records(generation))
    organization = Organization(store, options, Staleness(stale_reads_ms / 1000))
    app = Starlette(
        routes=routes(organization),
        middleware=[Middleware(_Latency, seconds=latency_ms / 1000)],
        exception_handlers={
            HTTPException: _on_http_error,
            FileError: _on_file_error,
            ClientDisconnect: _on_disconnect,
        },
    )
    # A redirect would be a response that the contract does not have.
    app.router.redirect_slashes = False
    return app


@dataclass(frozen=True, slots=True)
class _Latency:
    """Waits before every request, as a network does."""

    app: ASGIApp
    seconds: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self.seconds)
        await self.app(scope, receive, send)


async def _on_http_error(_request: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)
    message = ROUTING_MESSAGES.get(refusal.detail, refusal.detail)
    response = responses.failure(refusal.status_code, message)
    response.headers.update(refusal.headers or {})
    return response


async def _on_file_error(_request: Request, error: Exception) -> Response:
    return responses.failure(500, str(error))


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    return responses.failure(400, "The client left before the body's end.")
