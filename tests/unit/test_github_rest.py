"""The client of GitHub's API: what it waits for, what it gives up on, and where the token never goes."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from reconciler import tls
from reconciler.errors import ApiError, ApiRejected, ApiUnreachable, SettingsError
from reconciler.github import environment
from reconciler.github.rest import NO_RETRY, GitHub, RetryPolicy
from tests.doubles.github_peer import Fault, Peer
from tests.doubles.impostor import impostor
from tests.doubles.peer import OtherOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.github.environment import Environment
    from tests.doubles.github_peer import Repository

QUICK = RetryPolicy(first_wait=0.01, max_wait=3, limit_wait=0.01)
COMMENTS = "/repos/acme/audiences/issues/1/comments"


class Hosted:
    """A repository with one pull request, and a client for it."""

    def __init__(self, peer: Peer, repository: Repository, **variables: str) -> None:
        self.peer = peer
        self.repository = repository
        token = peer.actions_token(repository, {"pull-requests": "write"})
        given = {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_TOKEN": token, **peer.urls, **variables}
        self.environment: Environment = environment.read(given)
        repository.seed_pull()

    def client(self, retry_policy: RetryPolicy = QUICK) -> GitHub:
        return GitHub(self.environment, retry_policy)

    def comments(self) -> list[str]:
        with self.client() as github:
            return [str(item["body"]) for item in github.pages("issues/1/comments")]


@contextmanager
def hosted(*, is_enterprise: bool = False, **variables: str) -> Iterator[Hosted]:
    peer = Peer(is_enterprise=is_enterprise)
    repository = peer.repository("acme/audiences")
    with peer.running():
        yield Hosted(peer, repository, **variables)


@pytest.fixture
def here() -> Iterator[Hosted]:
    with hosted() as found:
        yield found


@pytest.mark.parametrize("is_enterprise", [False, True])
def test_login_and_every_page_are_read(*, is_enterprise: bool) -> None:
    with hosted(is_enterprise=is_enterprise) as here:
        here.repository.seed_comments(1, 250)
        # GitHub names its pages by the repository's number, below the same address.
        here.repository.seed_comments(1, 1, body="The last.")

        assert here.comments()[-1] == "The last."
        assert len([entry for entry in here.peer.log if entry.path == COMMENTS]) == 3
        with here.client() as github:
            assert github.login() == "github-actions[bot]"


def test_it_writes_and_rewrites(here: Hosted) -> None:
    with here.client() as github:
        create(github, here)
        github.update(f"issues/comments/{here.repository.comments(1)[0].id}", {"body": "Two."})

    assert here.comments() == ["Two."]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=502, times=3),
        Fault("html", status=503, times=3),
        Fault("drop", times=3),
        Fault("reset", times=3),
        Fault("rate_limit", status=429, retry_after="0", times=3),
        Fault("secondary_limit", retry_after="0", times=3),
        Fault("rate_limit", seconds=1),
        Fault("secondary_limit", times=3),
        Fault("secondary_limit", retry_after="²"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status or ''}",
)
def test_read_is_retried_on_what_passes(here: Hosted, fault: Fault) -> None:
    here.repository.seed_comments(1, 1)
    here.peer.inject(fault)

    assert here.comments() == ["A remark."]
    assert here.peer.unfired == ()


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (Fault("status", status=502, times=None), 4),
        (Fault("drop", times=None), 4),
        (Fault("rate_limit", retry_after="0", times=None), 4),
        (Fault("rate_limit", retry_after="4", times=None), 1),
        (Fault("rate_limit", seconds=3600, times=None), 1),
        (Fault("secondary_limit", times=None), 4),
        (Fault("status", status=403, message="no", times=None), 1),
        (Fault("status", status=404, message="no", times=None), 1),
    ],
    ids=lambda fault: getattr(fault, "kind", ""),
)
def test_read_gives_up_on_what_does_not_pass(here: Hosted, fault: Fault, attempts: int) -> None:
    here.peer.inject(fault)

    with pytest.raises(ApiError):
        here.comments()
    assert len(here.peer.log) == attempts


def create(github: GitHub, here: Hosted) -> None:
    github.create("issues/1/comments", {"body": "One."}, lambda: "One." in here.comments())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", [{"kind": "status", "status": 500}, {"kind": "drop"}], ids=["5xx", "lost"])
def test_creation_is_repeated_only_where_it_is_missing(here: Hosted, how: dict[str, Any], when: str) -> None:
    here.peer.inject(Fault(method="POST", when=when, times=3 if when == "before" else 1, **how))

    with here.client() as github:
        create(github, here)
    assert here.comments() == ["One."]
    assert len(here.peer.writes()) == (4 if when == "before" else 1)


@pytest.mark.parametrize(
    ("fault", "error", "attempts"),
    [
        (Fault("status", status=502, method="POST", times=None), ApiRejected, 4),
        (Fault("drop", method="POST", times=None), ApiUnreachable, 4),
        (Fault("status", status=422, method="POST", times=None), ApiRejected, 1),
    ],
    ids=["5xx", "lost", "refused"],
)
def test_creation_gives_up(here: Hosted, fault: Fault, error: type[ApiError], attempts: int) -> None:
    here.peer.inject(fault)

    with here.client() as github, pytest.raises(error):
        create(github, here)
    assert len(here.peer.writes()) == attempts


def test_item_is_object_login_is_asked_once(here: Hosted) -> None:
    with here.client() as github:
        assert github.item("pulls/1")["number"] == 1
        with pytest.raises(ApiError, match="something that is not an object"):
            github.item("issues/1/comments")
        assert github.login() == github.login()
    assert [entry.path for entry in here.peer.log].count("/graphql") == 1


def test_creation_is_sent_again_after_a_limit(here: Hosted) -> None:
    here.peer.inject(Fault("secondary_limit", method="POST", retry_after="0"))

    with here.client() as github:
        create(github, here)
    assert here.comments() == ["One."]


def test_without_retries_one_attempt_is_made(here: Hosted) -> None:
    # What settles after an interrupt takes 5 s, and the runner kills after 7.5 s.
    assert NO_RETRY.timeout + 5 < 7.5
    here.peer.inject(Fault("delay", seconds=1))

    with here.client(RetryPolicy(timeout=0.05, attempts=1)) as github, pytest.raises(ApiUnreachable):
        github.update("issues/comments/1", {"body": "One."})
    here.peer.wait(lambda entry: entry.method == "PATCH")
    assert len(here.peer.log) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("cut_json"), "GitHub's response is not JSON"),
        (Fault("html", status=200), "GitHub's response is not JSON"),
        (Fault("status", status=200), "something that is not a list"),
        (Fault("redirect", location="/elsewhere"), "301: Moved Permanently. The repository has moved"),
        (Fault("status", status=401, message="Bad credentials"), "401: Bad credentials. Hand the job's own"),
        (
            Fault("status", status=403, message="Resource not"),
            "403: Resource not. Give the job the permission",
        ),
        (Fault("html", status=418), "returned 418. Look at GitHub's status page"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unexpected_response_is_an_error(here: Hosted, fault: Fault, said: str) -> None:
    here.repository.seed_comments(1, 1)
    here.peer.inject(fault)

    with pytest.raises(ApiError) as raised:
        here.comments()
    assert said in str(raised.value)


def test_missing_login_is_an_error(here: Hosted) -> None:
    here.peer.inject(Fault("status", status=200, path="/graphql"))

    with here.client() as github, pytest.raises(ApiError, match="does not say whose token"):
        github.login()


class _Odd(http.server.BaseHTTPRequestHandler):
    """A server that responds to every request as no GitHub does, and echoes the token."""

    content: ClassVar[bytes] = b"[]"
    status: ClassVar[int] = 200
    headers_: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        for name, value in self.headers_.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def odd(content: bytes = b"[]", status: int = 200, **headers: str) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = type("Odd", (_Odd,), {"content": content, "status": status, "headers_": named, "asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def reading(url: str, bearer: str = "ghs_canary", retry_policy: RetryPolicy = QUICK) -> list[object]:
    given = {"GITHUB_REPOSITORY": "acme/audiences", "GITHUB_TOKEN": bearer, "GITHUB_API_URL": url}
    with GitHub(environment.read(given), retry_policy) as github:
        return list(github.pages("issues?state=open"))


def test_the_token_follows_no_link_to_another_host() -> None:
    with OtherOrigin() as other:
        for target in (other.url, "//evil.example", "ftp:", "http://[", "next"):
            with odd(link=f'<{target}/issues?page=2>; rel="next"') as (url, asked):
                with pytest.raises(ApiError, match="next page is on another host"):
                    reading(url)
                assert asked == ["/repos/acme/audiences/issues?state=open&per_page=100"]
        assert other.received == ()


def test_the_token_follows_no_redirect() -> None:
    with OtherOrigin() as other, odd(status=307, location=f"{other.url}/x") as (url, asked):
        with pytest.raises(ApiRejected, match="Redirects are never followed"):
            reading(url)
        assert (len(asked), other.received) == (1, ())


def test_the_token_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with OtherOrigin() as other, odd() as (url, asked):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, other.url)
        monkeypatch.setenv("NO_PROXY", "")

        assert reading(url) == []
        assert (len(asked), other.received) == (1, ())


def test_unsigned_certificate_gets_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with impostor(tmp_path) as (url, certificate, received):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with pytest.raises(ApiUnreachable, match="certificate verify failed"):
            reading(url, retry_policy=NO_RETRY)
    assert received == []


def test_no_secret_of_a_connection_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    tls.context.cache_clear()
    with impostor(tmp_path) as (url, certificate, received):
        tls.context().load_verify_locations(certificate)
        with pytest.raises(ApiUnreachable):
            reading(url, retry_policy=NO_RETRY)
    tls.context.cache_clear()

    assert len(received) == 1
    assert not log.exists()


@pytest.mark.parametrize(
    ("content", "status"),
    [(b'{"message": "You sent ghs_canary"}', 400), (b'{"message": "You sent ghs_canary"}', 500)],
)
def test_the_token_is_in_no_message(content: bytes, status: int) -> None:
    with odd(content, status) as (url, _), pytest.raises(ApiRejected, match=r"You sent \*\*\*"):
        reading(url)


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"[[]]", 200), (b"[" * 100_000, 200), (b"[" * 100_000, 400), (b'{"message": 1}', 400), (b"[]", 400)],
)
def test_odd_documents_are_api_errors(content: bytes, status: int) -> None:
    with odd(content, status) as (url, _), pytest.raises(ApiError):
        reading(url)


def test_broken_encoding_is_unreachable() -> None:
    with odd(b"no gzip", content_encoding="gzip") as (url, _), pytest.raises(ApiUnreachable):
        reading(url)


@pytest.mark.parametrize("token", ["", "ghs_canary\n", " ghs_canary", "ghs_cänary", "ghs\x00canary"])
def test_unusable_token_is_named_and_not_quoted(token: str) -> None:
    with pytest.raises(SettingsError, match="GITHUB_TOKEN") as raised:
        reading("http://127.0.0.1:1", token)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://api.github.com", "api.github.com", "https://", "http://[", "file:///etc", "https://a b"]
)
def test_an_address_that_is_not_https_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="GITHUB_API_URL"):
        reading(url)


def test_refused_connection_is_unreachable() -> None:
    with pytest.raises(ApiUnreachable, match="GitHub cannot be reached"):
        reading("http://127.0.0.1:1")
