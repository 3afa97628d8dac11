"""Requests to the vendor's API, each within a deadline: reads that are retried, and one write that is not."""

from __future__ import annotations

import asyncio
import math
import secrets
from typing import TYPE_CHECKING, Self
from urllib.parse import quote
from uuid import UUID

import httpx

from reconciler import __version__
from reconciler.api import AUDIENCES
from reconciler.api.responses import Lost, Response, read
from reconciler.errors import ApiContractError, ApiError, ApiRejected, ApiUnreachable

if TYPE_CHECKING:
    from reconciler.api.connection import Connection
    from reconciler.model import Json

MAX_BYTES = 10 * 1024 * 1024
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_NOT_FOUND = 404
_TOO_MANY = 429


class ReadClient:
    """A client that can only read.

    `stop_reason` says why nothing more should be asked of the API for now; empty while it may.
    """

    def __init__(self, connection: Connection) -> None:
        self.origin = connection.origin
        self.timing = connection.timing
        self.stop_reason = ""
        self._key = connection.key
        self._resume_at = 0.0
        is_local = connection.app is not None
        self._http = httpx.AsyncClient(
            base_url="http://sandbox.localhost" if is_local else connection.origin,
            headers={
                "X-API-Key": connection.key.reveal(),
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"audience-reconciler/{__version__}",
            },
            timeout=connection.timing.request,
            trust_env=False,  # a proxy from the environment must not see the key
            follow_redirects=False,  # httpx would carry the key elsewhere, and turn a PATCH into a GET
            event_hooks={"response": [_forget_location]},
            transport=httpx.ASGITransport(connection.app) if connection.app is not None else None,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get_page(self, cursor: str | None = None) -> Json:
        """Return one page of the list of audiences."""
        query = "" if cursor is None else f"?cursor={quote(cursor, safe='')}&limit=100"
        answer = await self._get(AUDIENCES + query)
        return answer.document

    async def get_one(self, audience_id: str) -> Json:
        """Return one audience's document, None when it does not exist."""
        try:
            answer = await self._get(route(audience_id))
        except ApiRejected as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return answer.document

    async def _get(self, path: str) -> Response:
        """Read with retries: on a lost request, a status that may pass, and a 200 that cannot be read."""
        await self.pause()
        end = self._now() + self.timing.budget
        attempt = 1
        answer = await self._exchange("GET", path, min(self.timing.request, self.timing.budget))
        while (
            attempt < self.timing.attempts and _may_pass(answer) and await self.back_off(answer, attempt, end)
        ):
            attempt += 1
            answer = await self._exchange("GET", path, min(self.timing.request, end - self._now()))
        return self._success(answer, "GET", path)

    def _success(self, answer: Response | Lost, method: str, path: str) -> Response:
        if isinstance(answer, Lost):
            raise ApiUnreachable(f"{self.origin} cannot be reached: {answer.reason}", _TRY_AGAIN)
        if answer.unreadable:
            raise ApiContractError(f"{method} {path}: {answer.unreadable}", _TRY_AGAIN)
        if not answer.is_success:
            raise rejected(answer, method, path)
        return answer

    async def back_off(self, answer: Response | Lost, attempt: int, end: float = math.inf) -> bool:
        """Wait before another attempt: full jitter, and at least what the server asked for.

        Returns False, without waiting, where that takes longer than a person would sit out, or past the end.
        """
        ceiling = min(self.timing.max_backoff, self.timing.first_backoff * 2 ** (attempt - 1))
        ready = self._now() + secrets.SystemRandom().uniform(0, ceiling)
        if isinstance(answer, Response) and answer.status == _TOO_MANY:
            self._resume_at = max(self._resume_at, ready)
        if _asked(answer) > self.timing.max_pause or max(ready, self._resume_at) >= end:
            return False
        await asyncio.sleep(ready - self._now())
        await self.pause()
        return self._now() < end

    def _note_retry_after(self, answer: Response) -> Response:
        """Let every worker wait as long as the server asks; a wait that nobody sits out ends it all."""
        asked = _asked(answer)
        if asked > self.timing.max_pause:
            self.stop_reason = f"the API asks to wait {asked:.0f} seconds"
        else:
            self._resume_at = max(self._resume_at, self._now() + asked)
        return answer

    @property
    def is_paused(self) -> bool:
        return self._resume_at > self._now()

    async def pause(self) -> None:
        """Wait until no pause is in force."""
        while (wait := self._resume_at - self._now()) > 0:  # noqa: ASYNC110 - it may grow while one waits
            await asyncio.sleep(wait)

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
                self._http.stream(method, path, content=body, headers=headers) as response,
            ):
                content = await _content(response)
                return self._note_retry_after(
                    read(response.status_code, response.headers, content, self._key)
                )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Lost(self._key.redact(str(error)) or "no connection", is_sent=False)
        except TimeoutError:
            return Lost(f"no complete response within {seconds:.3g} seconds", is_sent=True)
        except httpx.TransportError as error:
            return Lost(self._key.redact(str(error)) or "the connection broke", is_sent=True)


class WriteClient(ReadClient):
    """A client that can also write: one verb, to one audience."""

    async def patch(self, audience_id: str, body: bytes) -> Response | Lost:
        """Send one PATCH once, now; what an unclear answer means is for the caller to find out."""
        try:
            return await self._exchange("PATCH", route(audience_id), self.timing.request, body)
        except ApiError as error:
            return Lost(error.summary, is_sent=True)


def rejected(answer: Response, method: str, path: str) -> ApiRejected:
    """Return the error that an answer stands for."""
    detail = _MENDS.get(answer.status, "")
    if answer.status in range(300, 400):
        detail = "Redirects are never followed. Check LEADPIPE_BASE_URL"
    elif answer.retry_after:
        detail = f"Try again in {answer.retry_after:.0f} seconds"
    elif answer.status in RETRIED:
        detail = _TRY_AGAIN
    return ApiRejected(
        method, path, answer.status, answer.message, error_code=answer.error_code, detail=detail
    )


def route(audience_id: str) -> str:
    """Return the path of one audience; its id is a UUID before it meets a path."""
    return f"{AUDIENCES}/{UUID(audience_id)}"


def _may_pass(answer: Response | Lost) -> bool:
    return isinstance(answer, Lost) or bool(answer.unreadable) or answer.status in RETRIED


def _asked(answer: Response | Lost) -> float:
    return (answer.retry_after or 0.0) if isinstance(answer, Response) else 0.0


async def _forget_location(response: httpx.Response) -> None:
    """Leave httpx nothing to follow, and nothing to stumble over where it is no URL."""
    response.headers.pop("Location", None)


async def _content(response: httpx.Response) -> bytes:
    try:
        return await _body(response)
    except (ApiContractError, httpx.TransportError):
        if response.is_success:
            raise
        return b""  # what a refusal's status says must not be lost with its body


async def _body(response: httpx.Response) -> bytes:
    """Read the body as it came over the wire, up to a length; what would have to be unpacked is refused."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ApiContractError("the API's response is compressed, which was not asked for", _TRY_AGAIN)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise ApiContractError("the API's response is over 10 MiB", _TRY_AGAIN)
    return bytes(body)


_TRY_AGAIN = "Try again later; if it stays so, ask the vendor"
_MENDS = {
    400: "Report this with the definition that caused it",
    401: "Check LEADPIPE_API_KEY: it is wrong, or was revoked",
    403: "Check with the vendor that the organization is active and that this key may do so",
    404: "Check LEADPIPE_BASE_URL",
}
