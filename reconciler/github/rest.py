"""GitHub's REST API, as far as this project speaks it; nothing here can reach the vendor."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Self

import httpx

from reconciler import __version__
from reconciler.client.connection import parse_origin
from reconciler.errors import ApiError, ApiRejected, ApiUnreachable, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.github.environment import Environment

ATTEMPTS = 4
SECONDS = 20.0
MOST_WAIT = 60.0  # seconds; a job that waits longer for a comment costs more than the comment is worth
_VERSION = "2022-11-28"
_LIMITED = frozenset({403, 429})
_TRY_AGAIN = "Look at GitHub's status page and run the job again"


class GitHub:
    """One repository on GitHub, with the job's token, which is in no message."""

    def __init__(self, environment: Environment, *, first_wait: float = 1.0) -> None:
        if not environment.token:
            raise SettingsError("GITHUB_TOKEN is not set", "Hand the job's token to the step")
        self._repository = environment.repository
        self._first_wait = first_wait
        self._api = _base(environment.api_url)
        self._graphql = _base(environment.graphql_url)
        self._http = httpx.Client(
            headers={
                "Authorization": f"Bearer {environment.token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": _VERSION,
                "User-Agent": f"audience-reconciler/{__version__}",
            },
            timeout=SECONDS,
            trust_env=False,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def login(self) -> str:
        """Return who the token is: REST's /user refuses an Actions token, GraphQL's viewer does not."""
        query = {"query": "query { viewer { login } }"}
        answer = _document(self._send("POST", self._graphql, query, can_repeat=True))
        try:
            return str(answer["data"]["viewer"]["login"])
        except (KeyError, TypeError) as error:
            raise ApiError("GitHub does not say whose token this is", _TRY_AGAIN) from error

    def pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Yield every item of a list below the repository, over all of its pages."""
        mark = "&" if "?" in path else "?"
        url: str | None = self._at(f"{path}{mark}per_page=100")
        while url is not None:
            response = self._send("GET", url, can_repeat=True)
            items = _document(response)
            if not isinstance(items, list):
                raise ApiError(f"GitHub answered {path} with something that is no list", _TRY_AGAIN)
            yield from items
            url = self._next(response)

    def _next(self, response: httpx.Response) -> str | None:
        """Return the next page's address; the token goes to no other origin, whatever a link says."""
        url = response.links.get("next", {}).get("url")
        if url is not None and not url.startswith(f"{self._api}/"):
            raise ApiError("GitHub's next page is on another host", _TRY_AGAIN)
        return url

    def create(self, path: str, document: Mapping[str, Any]) -> None:
        """Add an item to a list below the repository; sent once, as a second one would stay."""
        self._send("POST", self._at(path), document, can_repeat=False)

    def update(self, path: str, document: Mapping[str, Any]) -> None:
        """Change what is at a path below the repository."""
        self._send("PATCH", self._at(path), document, can_repeat=True)

    def _at(self, path: str) -> str:
        return f"{self._api}/repos/{self._repository}/{path}"

    def _send(
        self, method: str, url: str, document: Mapping[str, Any] | None = None, *, can_repeat: bool
    ) -> httpx.Response:
        """Send a request; again after a limit, and after a lost answer or a 5xx where that does no harm."""
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._http.request(method, url, json=document)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS or not can_repeat:
                    raise ApiUnreachable(f"GitHub cannot be reached: {error}", _TRY_AGAIN) from error
                time.sleep(self._wait(attempt))
                continue
            if response.is_success:
                return response
            wait = self._wait_after(response, attempt, can_repeat=can_repeat)
            if attempt == ATTEMPTS or wait is None:
                path, said = httpx.URL(url).path, _message(response)
                raise ApiRejected(method, path, response.status_code, said, detail=_TRY_AGAIN)
            time.sleep(wait)

    def _wait(self, attempt: int) -> float:
        return self._first_wait * (1 << attempt - 1)

    def _wait_after(self, response: httpx.Response, attempt: int, *, can_repeat: bool) -> float | None:
        """Return how long to wait before the next attempt, None where there is to be none."""
        if response.status_code in _LIMITED:
            asked = response.headers.get("retry-after", "")
            if asked.isascii() and asked.isdigit():
                return float(asked) if float(asked) <= MOST_WAIT else None
            return self._wait(attempt) if response.headers.get("x-ratelimit-remaining") == "0" else None
        return self._wait(attempt) if response.is_server_error and can_repeat else None


def _base(url: str) -> str:
    """Return an API's base URL: an origin that the client's own rules accept, with its path."""
    parts = httpx.URL(url)
    try:
        origin = parse_origin(f"{parts.scheme}://{parts.netloc.decode()}")
    except SettingsError as error:
        raise SettingsError(
            "GITHUB_API_URL is not an https address", "Run this in a GitHub Actions job"
        ) from error
    return origin + parts.path.rstrip("/")


def _document(response: httpx.Response) -> Any:  # noqa: ANN401 - as above
    try:
        return json.loads(response.content) if response.content else None
    except ValueError as error:
        raise ApiError("GitHub's answer is not JSON", _TRY_AGAIN) from error


def _message(response: httpx.Response) -> str:
    try:
        document = json.loads(response.content)
    except ValueError:
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return message[:300] if isinstance(message, str) else ""
