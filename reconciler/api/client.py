"""Requests to the vendor's API, each within a deadline: reads that are retried, and one write that is not."""

from __future__ import annotations

import asyncio
import json
import math
import secrets
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote
from uuid import UUID

import httpx

from reconciler import __version__, tls
from reconciler.api import AUDIENCES
from reconciler.api.responses import Lost, Response, read
from reconciler.api.transport import Transport
from reconciler.errors import ApiContractError, ApiError, ApiRejected, ApiUnreachable, ResponseTooLarge

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.api.connection import Connection
    from reconciler.model import Json

MAX_BYTES = 10 * 1024 * 1024
RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
# The contract's two routes that take a config and only read.
Evaluation = Literal["validate", "preview"]
EVALUATIONS: Mapping[Evaluation, str] = {"validate": "validate", "preview": "preview"}
# Its routes that tell about everything but audiences.
Reference = Literal["filters", "topics", "account"]
REFERENCES: Mapping[Reference, str] = {
    "filters": f"{AUDIENCES}/filters",
    "topics": "/v1/intent/topics",
    "account": "/v1/data/account",
}
_VERDICTS = (400, 404, 405, 422)
_REDIRECTS = range(300, 400)
_NOT_FOUND = 404
_TOO_MANY = 429


class ReadClient:
    """A client that can only read: by GET, and by POST to the two routes that tell what a config comes to.

    `stop_reason` says why no more requests should be sent for now; empty while they may.
    """

    def __init__(self, connection: Connection) -> None:
        self.origin = connection.origin
        self.timing = connection.timing
        self.stop_reason = ""
        self._key = connection.key
        self._resume_at = 0.0
        self._http = httpx.AsyncClient(
            base_url=connection.origin if connection.app is None else "http://sandbox.localhost",
            headers={
                "X-API-Key": connection.key.reveal(),
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"audience-reconciler/{__version__}",
            },
            timeout=connection.timing.request,
            trust_env=False,  # a proxy from the environment must not see the key
            follow_redirects=False,  # httpx would carry the key elsewhere, and turn a PATCH into a GET
            event_hooks={"response": [_drop_location]},
            transport=_transport(connection),
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get_page(
        self, *, limit: int | None, cursor: str | None = None, offset: int = 0
    ) -> tuple[Json, int]:
        """Return one page of the list of audiences and its size in bytes; raises ApiError."""
        query = {"cursor": cursor, "limit": limit, "offset": offset or None}
        given = "&".join(
            f"{key}={quote(str(value), safe='')}" for key, value in query.items() if value is not None
        )
        response = await self._get(f"{AUDIENCES}?{given}" if given else AUDIENCES)
        return response.document, response.size

    async def get_one(self, audience_id: str) -> Json:
        """Return one audience's document, None when it does not exist.

        Raises ApiError, and ValueError for an id that is not a UUID.
        """
        try:
            response = await self._get(route(audience_id))
        except ApiRejected as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return response.document

    async def get_reference(self, what: Reference) -> Json:
        """Return the document of a route beside the audiences; raises ApiError."""
        return (await self._get(REFERENCES[what])).document

    async def search_topics(self, words: str, limit: int) -> Json:
        """Return the document of the topics that the API finds by words; raises ApiError."""
        return (
            await self._get(f"{REFERENCES['topics']}/search?q={quote(words, safe='')}&limit={limit}")
        ).document

    async def evaluate(self, route: Evaluation, config: Mapping[str, Json]) -> Response:
        """Ask what the API would make of a config, which changes nothing there.

        A response that is no success refuses the config (400, 422), or says that there is no such route (404,
        405). Raises ApiError for any other.
        """
        body = json.dumps(config, sort_keys=True).encode()
        return await self._read("POST", f"{AUDIENCES}/{EVALUATIONS[route]}", body, accepted=_VERDICTS)

    async def _get(self, path: str) -> Response:
        return await self._read("GET", path)

    async def _read(
        self, method: str, path: str, body: bytes | None = None, accepted: Collection[int] = ()
    ) -> Response:
        """Read with retries: on a lost request, a status that may pass, and a 200 that cannot be read."""
        await self.wait_while_paused()
        deadline = self._now() + self.timing.budget
        attempt = 1
        response = await self._exchange(method, path, min(self.timing.request, self.timing.budget), body)
        while (
            attempt < self.timing.attempts
            and _is_retryable(response)
            and await self.back_off(response, attempt, deadline)
        ):
            attempt += 1
            seconds = min(self.timing.request, deadline - self._now())
            response = await self._exchange(method, path, seconds, body)
        return self._require_success(response, method, path.partition("?")[0], accepted)

    def _require_success(
        self, response: Response | Lost, method: str, path: str, accepted: Collection[int]
    ) -> Response:
        if isinstance(response, Lost):
            raise ApiUnreachable(f"{self.origin} cannot be reached: {response.reason}", _TRY_AGAIN)
        if response.unreadable:
            raise ApiContractError(f"{method} {path}: {response.unreadable}", _TRY_AGAIN)
        if not response.is_success and response.status not in accepted:
            raise rejected(response, method, path)
        return response

    async def back_off(self, response: Response | Lost, attempt: int, deadline: float = math.inf) -> bool:
        """Wait before another attempt: full jitter, and at least what the server asked for.

        Returns False, without waiting, where that takes longer than a person would sit out, or past the
        deadline.
        """
        ceiling = min(self.timing.max_backoff, self.timing.first_backoff * 2 ** (attempt - 1))
        ready = self._now() + secrets.SystemRandom().uniform(0, ceiling)
        if isinstance(response, Response) and response.status == _TOO_MANY:
            self._resume_at = max(self._resume_at, ready)
        if _requested_wait(response) > self.timing.max_pause or max(ready, self._resume_at) >= deadline:
            return False
        await asyncio.sleep(ready - self._now())
        await self.wait_while_paused()
        return self._now() < deadline

    def _note_requested_wait(self, response: Response) -> Response:
        """Let every worker wait as long as the server asks; a wait that nobody sits out ends it all."""
        seconds = _requested_wait(response)
        if seconds > self.timing.max_pause:
            self.stop_reason = f"the API asks to wait {seconds:.0f} seconds"
        else:
            # Another worker may have been asked to wait longer: no response shortens a pause.
            self._resume_at = max(self._resume_at, self._now() + seconds)
        return response

    @property
    def is_paused(self) -> bool:
        return self._resume_at > self._now()

    async def wait_while_paused(self) -> None:
        """Wait until no pause is in force."""
        while (seconds := self._resume_at - self._now()) > 0:  # noqa: ASYNC110 - it may grow while one waits
            await asyncio.sleep(seconds)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _exchange(
        self, method: str, path: str, seconds: float, body: bytes | None = None
    ) -> Response | Lost:
        """Send one request once; the deadline is for all of it, since httpx's own is for each read."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(seconds),
                self._http.stream(method, path, content=body, headers=headers) as http_response,
            ):
                content = await _content(http_response)
                response = read(http_response.status_code, http_response.headers, content, self._key)
                return self._note_requested_wait(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Lost(self._key.redact(str(error)) or "no connection", is_sent=False)
        except TimeoutError:
            return Lost(f"no complete response within {seconds:.3g} seconds", is_sent=True)
        except httpx.TransportError as error:
            return Lost(self._key.redact(str(error)) or "the connection broke", is_sent=True)


class WriteClient(ReadClient):
    """A client that can also write: one verb, to one audience."""

    async def patch(self, audience_id: str, body: bytes) -> Response | Lost:
        """Send one PATCH once, now; what an unclear response means is for the caller to find out.

        Raises ValueError for an id that is not a UUID, before anything is sent.
        """
        path = route(audience_id)
        try:
            return await self._exchange("PATCH", path, self.timing.request, body)
        except ApiError as error:
            # The server has the request, whatever was wrong with its response.
            return Lost(error.summary, is_sent=True)


def _transport(connection: Connection) -> httpx.AsyncBaseTransport:
    if connection.app is not None:
        return httpx.ASGITransport(connection.app)
    is_encrypted = connection.origin.startswith("https:")
    return Transport(connection.origin, tls.context() if is_encrypted else None)


def rejected(response: Response, method: str, path: str) -> ApiRejected:
    """Return the error that a response stands for."""
    detail = _HINTS.get(response.status, "")
    if response.status in _REDIRECTS:
        detail = "Redirects are never followed. Check LEADPIPE_BASE_URL"
    elif response.retry_after:
        detail = f"Try again in {response.retry_after:.0f} seconds"
    elif response.status in RETRYABLE:
        detail = _TRY_AGAIN
    return ApiRejected(
        method, path, response.status, response.message, error_code=response.error_code, detail=detail
    )


def route(audience_id: str) -> str:
    """Return the path of one audience; raises ValueError for what is not a UUID, before it meets a path."""
    return f"{AUDIENCES}/{UUID(audience_id)}"


def _is_retryable(response: Response | Lost) -> bool:
    return isinstance(response, Lost) or bool(response.unreadable) or response.status in RETRYABLE


def _requested_wait(response: Response | Lost) -> float:
    return (response.retry_after or 0.0) if isinstance(response, Response) else 0.0


async def _drop_location(http_response: httpx.Response) -> None:
    """Leave httpx nothing to follow, and nothing to stumble over where it is not a URL."""
    http_response.headers.pop("Location", None)


async def _content(http_response: httpx.Response) -> bytes:
    try:
        return await _body(http_response)
    except (ApiContractError, httpx.TransportError):
        if http_response.is_success:
            raise
        return b""  # what a refusal's status says must not be lost with its body


async def _body(http_response: httpx.Response) -> bytes:
    """Read the body as it came over the wire, up to a length; what would have to be unpacked is refused."""
    if http_response.headers.get("content-encoding", "identity") != "identity":
        raise ApiContractError("the API's response is compressed, which was not asked for", _TRY_AGAIN)
    body = bytearray()
    async for chunk in http_response.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise ResponseTooLarge("the API's response is over 10 MiB", _TRY_AGAIN)
    return bytes(body)


_TRY_AGAIN = "Try again later; if it stays so, ask the vendor"
_HINTS = {
    400: "Report this with the definition that caused it",
    401: "Check LEADPIPE_API_KEY: it is wrong, or was revoked",
    403: "Check with the vendor that the organization is active and that this key may do so",
    404: "Check LEADPIPE_BASE_URL",
}
