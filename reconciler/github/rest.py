"""GitHub's REST API, as far as this project speaks it; the vendor's key is never here."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

from reconciler import __version__, tls
from reconciler.api.connection import parse_origin
from reconciler.errors import ApiError, ApiRejected, ApiUnreachable, SettingsError
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.github.environment import Environment

LAG = (0.5, 1.5)  # seconds, in which GitHub's lists may learn of what is new
NOT_FOUND = 404
_SERVER_ERROR = 500
_VERSION = "2022-11-28"
_LIMITED = frozenset({403, 429})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to try, in seconds: a job that waits longer for a comment costs more than it is worth.

    A limit of GitHub's is waited for up to `max_wait`, and for `limit_wait` where it does not say how long;
    anything else for `first_wait`, doubled each time.
    """

    timeout: float = 20.0
    attempts: int = 4
    first_wait: float = 1.0
    max_wait: float = 60.0
    limit_wait: float = 60.0  # GitHub asks for a minute at least


FULL_RETRY = RetryPolicy()
NO_RETRY = RetryPolicy(timeout=2.0, attempts=1)  # the runner kills an interrupted step after some seconds


class GitHub:
    """One repository on GitHub, with the job's token, which is in no message."""

    def __init__(self, environment: Environment, retry_policy: RetryPolicy = FULL_RETRY) -> None:
        """Raise SettingsError for a token that no header can carry, or an address that is not https."""
        self._retry_policy = retry_policy
        self._repository = environment.repository
        self._token = _parse_token(environment.token)
        self._login = ""
        self._api = _parse_api_url(environment.api_url)
        self._http = httpx.Client(
            headers={
                "Authorization": f"Bearer {self._token.reveal()}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": _VERSION,
                "User-Agent": f"audience-reconciler/{__version__}",
            },
            timeout=retry_policy.timeout,
            verify=tls.context(),
            trust_env=False,  # a proxy from the environment must not see the token
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def login(self) -> str:
        """Return who the token is, by GraphQL's viewer: REST's /user refuses an Actions token.

        Raises ApiError, as every request here does.
        """
        if self._login:
            return self._login
        data = self.query("query { viewer { login } }")
        try:
            self._login = str(data["viewer"]["login"])
        except (KeyError, TypeError) as error:
            raise ApiError("GitHub does not say whose token this is", _TRY_AGAIN) from error
        return self._login

    def query(self, query: str, variables: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Return the data that a GraphQL query asks for, empty where there is none; raises ApiError."""
        url = f"{self._api.removesuffix('/v3')}/graphql"
        asked = {"query": query} | ({"variables": variables} if variables else {})
        document = _document(self._send("POST", url, asked, can_repeat=True))
        data = document.get("data") if isinstance(document, dict) else None
        return data if isinstance(data, dict) else {}

    def item(self, path: str) -> Mapping[str, Any]:
        """Return the one object at a path below the repository; raises ApiError."""
        item = _document(self._send("GET", self._url(path), can_repeat=True))
        if not isinstance(item, dict):
            raise ApiError(f"GitHub responded to {path} with something that is not an object", _TRY_AGAIN)
        return item

    def pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Yield every item of a list below the repository, over all of its pages; raises ApiError."""
        separator = "&" if "?" in path else "?"
        url: str | None = self._url(f"{path}{separator}per_page=100")
        while url is not None:
            response = self._send("GET", url, can_repeat=True)
            items = _document(response)
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise ApiError(f"GitHub responded to {path} with something that is not a list", _TRY_AGAIN)
            yield from items
            url = self._next_url(response)

    def expected(self, path: str) -> list[Mapping[str, Any]]:
        """Return a list that should not be empty, asked for again while it is; raises ApiError."""
        found = list(self.pages(path))
        for wait in LAG:
            if found:
                break
            time.sleep(wait)
            found = list(self.pages(path))
        return found

    def _next_url(self, response: httpx.Response) -> str | None:
        """Return the next page's address; the token goes to no other origin, whatever a link says."""
        url = response.links.get("next", {}).get("url")
        if url is not None and not url.startswith(f"{self._api}/"):
            raise ApiError("GitHub's next page is on another host", _TRY_AGAIN)
        return url

    def create(self, path: str, document: Mapping[str, Any], is_there: Callable[[], bool]) -> str:
        """Add an item to a list below the repository, once: a second one would stay. Return its address.

        After a lost response or a 5xx it is sent again unless it `is_there`, whose address is not known then.
        Raises ApiError.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return _address(self._send("POST", self._url(path), document, can_repeat=False))
            except (ApiUnreachable, ApiRejected) as error:
                if attempt == self._retry_policy.attempts or not _may_be_stored(error):
                    raise
            time.sleep(self._backoff(attempt))
            if is_there():
                return ""

    def make(self, path: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the object that a request makes of which a second one does no harm; raises ApiError."""
        made = _document(self._send("POST", self._url(path), document, can_repeat=True))
        if not isinstance(made, dict):
            raise ApiError(f"GitHub responded to {path} with something that is not an object", _TRY_AGAIN)
        return made

    def update(self, path: str, document: Mapping[str, Any]) -> str:
        """Change what is at a path below the repository, and return its address; raises ApiError."""
        return _address(self._send("PATCH", self._url(path), document, can_repeat=True))

    def delete(self, path: str) -> None:
        """Remove what is at a path below the repository, unless it is gone already; raises ApiError."""
        try:
            self._send("DELETE", self._url(path), can_repeat=True)
        except ApiRejected as error:
            if error.status != NOT_FOUND:
                raise

    def _url(self, path: str) -> str:
        return f"{self._api}/repos/{self._repository}/{path}"

    def _send(
        self, method: str, url: str, document: Mapping[str, Any] | None = None, *, can_repeat: bool
    ) -> httpx.Response:
        """Send a request; again after a limit, and after a lost response or a 5xx where that does no harm."""
        attempt = 0
        while True:
            attempt += 1
            is_last = attempt == self._retry_policy.attempts
            try:
                response = self._http.request(method, url, json=document)
            except (httpx.RequestError, httpx.InvalidURL) as error:
                if is_last or not can_repeat:
                    reason = self._token.redact(str(error)) or "no response"
                    raise ApiUnreachable(f"GitHub cannot be reached: {reason}", _TRY_AGAIN) from error
                time.sleep(self._backoff(attempt))
                continue
            if response.is_success:
                return response
            wait = self._wait_after(response, attempt, can_repeat=can_repeat)
            if is_last or wait is None:
                raise self._rejected(method, url, response)
            time.sleep(wait)

    def _backoff(self, attempt: int) -> float:
        return self._retry_policy.first_wait * (1 << attempt - 1)

    def _wait_after(self, response: httpx.Response, attempt: int, *, can_repeat: bool) -> float | None:
        """Return how long to wait before the next attempt, None where there is to be none."""
        if response.status_code in _LIMITED:
            seconds = _requested_wait(response.headers)
            if seconds is None and "secondary rate limit" in _message(response).lower():
                seconds = self._retry_policy.limit_wait
            return seconds if seconds is not None and seconds <= self._retry_policy.max_wait else None
        return self._backoff(attempt) if response.is_server_error and can_repeat else None

    def _rejected(self, method: str, url: str, response: httpx.Response) -> ApiRejected:
        status, path = response.status_code, httpx.URL(url).path
        hint = _MOVED if response.is_redirect else _HINTS.get(status, _TRY_AGAIN)
        return ApiRejected(method, path, status, self._token.redact(_message(response)), detail=hint)


def _address(response: httpx.Response) -> str:
    """Return where people see what was written; empty where the response does not say, as it is written."""
    with suppress(ValueError, RecursionError):
        document = response.json()
        if isinstance(document, dict):
            return str(document.get("html_url") or "")
    return ""


def _may_be_stored(error: ApiUnreachable | ApiRejected) -> bool:
    return isinstance(error, ApiUnreachable) or error.status >= _SERVER_ERROR


def _parse_token(value: str) -> Secret:
    try:
        return Secret(value)
    except ValueError:
        # The value is not quoted; and a header that it broke would be quoted by who refuses it.
        problem = "holds a character that no token has" if value else "is not set"
        raise SettingsError(f"GITHUB_TOKEN {problem}", "Hand the job's token to the step") from None


def _parse_api_url(url: str) -> str:
    """Return an API's base URL: an origin that the client's own rules accept, with its path."""
    try:
        parts = httpx.URL(url)
        return parse_origin(f"{parts.scheme}://{parts.netloc.decode()}") + parts.path.rstrip("/")
    except (SettingsError, httpx.InvalidURL) as error:
        raise SettingsError("GITHUB_API_URL is not an https address", _IN_A_JOB) from error


def _requested_wait(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds GitHub asks to wait, None where it does not limit but refuse."""
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isascii() and after.isdigit():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset) - time.time())
    return None


def _document(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON of any shape
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise ApiError("GitHub's response is not JSON", _TRY_AGAIN) from error


def _message(response: httpx.Response) -> str:
    try:
        document = json.loads(response.content)
    except (ValueError, RecursionError):
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return message[:300] if isinstance(message, str) else ""


_IN_A_JOB = "Run this in a GitHub Actions job"
_TRY_AGAIN = "Look at GitHub's status page and run the job again"
_MOVED = "The repository has moved. Redirects are never followed"
_HINTS = {
    401: "Hand the job's own token to the step",
    403: "Give the job the permission to write here. A fork's token never has it, and a locked "
    "conversation takes no comment",
    NOT_FOUND: "Check that the job's token may see this repository",
}
