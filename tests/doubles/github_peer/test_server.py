from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.doubles import github_peer
from tests.doubles.github_peer import ACTIONS, KINDS, Fault, Peer, Repository, account, events, read_only

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow  # what tests use is the same on every Python

WRITES = {"issues": "write", "pull-requests": "write"}
READS = read_only(WRITES)
MARKER = "<!-- the tool's own mark -->"
COMMENTS = "/repos/acme/audiences/issues/1/comments"
ISSUES = "/repos/acme/audiences/issues"
NOT_ACCESSIBLE = "Resource not accessible by integration"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.document["message"])

    def link(self, name: str) -> str | None:
        found = re.search(rf'<([^>]+)>; rel="{name}"', self.headers["Link"] or "")
        return found[1] if found else None


@dataclass(frozen=True)
class Client:
    """Somebody with a token, or with none."""

    url: str
    token: str | None
    agent: str | None = "test"
    version: str | None = None

    def ask(self, method: str, target: str, body: Any = None) -> Reply:
        parts = urlsplit(target if "://" in target else self.url + target)
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {
            "Authorization": self.token and f"Bearer {self.token}",
            "User-Agent": self.agent,
            "X-GitHub-Api-Version": self.version,
        }
        headers = {name: value for name, value in named.items() if value is not None}
        try:
            connection.request(method, parts.path + (parts.query and f"?{parts.query}"), data, headers)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, target: str) -> Reply:
        return self.ask("GET", target)

    def post(self, target: str, **fields: Any) -> Reply:
        return self.ask("POST", target, fields)

    def patch(self, target: str, **fields: Any) -> Reply:
        return self.ask("PATCH", target, fields)

    def pages(self, target: str) -> Iterator[Reply]:
        following: str | None = target
        while following:
            reply = self.get(following)
            yield reply
            following = reply.link("next")


@dataclass(frozen=True)
class Setting:
    peer: Peer
    repository: Repository
    url: str
    pull: int

    def client(self, permissions: dict[str, str] | None = None) -> Client:
        return Client(
            self.url, self.peer.actions_token(self.repository, WRITES if permissions is None else permissions)
        )

    def person(self, login: str = "marta", access: Any = "write") -> Client:
        return Client(self.url, self.peer.user_token(login, access))


@contextmanager
def setting(*, private: bool = True, is_enterprise: bool = False) -> Iterator[Setting]:
    peer = Peer(is_enterprise=is_enterprise)
    repository = peer.repository(private=private)
    with peer.running() as url:
        yield Setting(peer, repository, url, repository.seed_pull())


@pytest.fixture
def github() -> Iterator[Setting]:
    with setting() as made:
        yield made


def test_workflow_token_has_no_user_but_a_viewer(github: Setting) -> None:
    client = github.client()
    refused = client.get("/user")
    assert (refused.status, refused.message) == (403, NOT_ACCESSIBLE)
    assert refused.document["documentation_url"].endswith("#get-the-authenticated-user")
    assert refused.document["status"] == "403"
    viewer = client.post("/graphql", query="query { viewer { login } }")
    assert viewer.document == {"data": {"viewer": {"login": "github-actions[bot]"}}}
    assert client.post("/graphql", query="{viewer{login}}").status == 200


def test_a_persons_token_has_a_user(github: Setting) -> None:
    person = github.person("marta")
    user = person.get("/user").document
    assert (user["login"], user["type"], user["html_url"]) == ("marta", "User", "https://github.com/marta")
    viewer = person.post("/graphql", query="query Me {\n viewer { login } }")
    assert viewer.document["data"]["viewer"]["login"] == "marta"


def test_an_apps_token_is_the_apps_bot(github: Setting) -> None:
    token = github.peer.actions_token(github.repository, WRITES, who=account("deployer[bot]"))
    user = Client(github.url, token).post(COMMENTS, body="x").document["user"]
    assert (user["login"], user["type"]) == ("deployer[bot]", "Bot")
    assert user["html_url"] == "https://github.com/apps/deployer"


@pytest.mark.parametrize("target", ["/user", COMMENTS, "/repos/nobody/nothing/issues"])
def test_invalid_token_is_refused_everywhere(github: Setting, target: str) -> None:
    client = github.client()
    github.peer.revoke(client.token or "")
    for token in (client.token, "ghs_never", ""):
        refused = Client(github.url, token).get(target)
        assert (refused.status, refused.message) == (401, "Bad credentials")


def test_private_repository_is_404_without_a_token(github: Setting) -> None:
    stranger = Client(github.url, None)
    assert stranger.get(COMMENTS).status == 404
    assert stranger.get("/user").status == 401
    assert stranger.post("/graphql", query="{ viewer { login } }").status == 401
    assert github.person("zoe", "none").get(COMMENTS).status == 404


def test_public_repository_is_open_to_readers_and_accounts() -> None:
    with setting(private=False) as github:
        stranger, guest = Client(github.url, None), github.person("zoe", "none")
        assert stranger.get(COMMENTS).status == 200
        assert (stranger.post(COMMENTS, body="x").status, guest.post(COMMENTS, body="x").status) == (401, 201)
        assert github.client({}).get(COMMENTS).status == 200
        assert stranger.get(COMMENTS).headers["X-RateLimit-Limit"] == "60"


def test_request_needs_user_agent_and_known_version(github: Setting) -> None:
    token = github.client().token
    assert b"administrative rules" in Client(github.url, token, agent=None).get(COMMENTS).body
    unknown = Client(github.url, token, version="2021-01-01").get(COMMENTS)
    assert unknown.status == 400
    assert '"2021-01-01", is not a supported version' in unknown.message


def test_a_newer_version_drops_fields(github: Setting) -> None:
    token = github.client().token
    pull = "/repos/acme/audiences/pulls/1"
    old, new = (
        Client(github.url, token, version=version).get(pull).document for version in (None, "2026-03-10")
    )
    assert old["merge_commit_sha"] == "c" * 40
    assert set(old) - set(new) == {"assignee", "merge_commit_sha"}


@pytest.mark.parametrize("name", ["nobody/nothing", "acme/other"])
def test_an_unknown_repository_is_not_found(github: Setting, name: str) -> None:
    missing = github.client().get(f"/repos/{name}/issues/1/comments")
    assert (missing.status, missing.message) == (404, "Not Found")


def test_a_token_reaches_one_repository_only(github: Setting) -> None:
    other, public = github.peer.repository("acme/other"), github.peer.repository("acme/public", private=False)
    other.seed_issue("x")
    public.seed_issue("x")
    client = github.client()
    assert client.get("/repos/acme/other/issues/1/comments").status == 404
    assert client.get("/repos/acme/public/issues/1/comments").status == 200
    assert client.post("/repos/acme/public/issues/1/comments", body="x").message == NOT_ACCESSIBLE


def test_a_repositorys_name_has_no_case(github: Setting) -> None:
    assert github.client().get("/repos/Acme/AUDIENCES/pulls/1").status == 200


def test_a_comment_comes_back_as_github_shows_it(github: Setting) -> None:
    client = github.client()
    made = client.post(COMMENTS, body=f"{MARKER}\nGrüße 🙂\r\n")
    comment = made.document
    assert made.status == 201
    assert made.headers["Location"] == comment["url"]
    assert comment["body"] == f"{MARKER}\nGrüße 🙂\r\n"
    assert comment["html_url"] == f"https://github.com/acme/audiences/pull/1#issuecomment-{comment['id']}"
    assert comment["issue_url"] == f"{github.url}/repos/acme/audiences/issues/1"
    assert (comment["user"]["login"], comment["user"]["type"]) == ("github-actions[bot]", "Bot")
    assert comment["performed_via_github_app"]["slug"] == "github-actions"
    assert comment["created_at"] == comment["updated_at"]
    assert re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:\d\dZ", comment["created_at"])
    assert comment["id"] > 2**32
    assert client.get(comment["url"]).document == comment


def test_a_comment_on_an_issue_lies_under_issues(github: Setting) -> None:
    number = github.repository.seed_issue("Drift")
    made = github.person().post(f"{ISSUES}/{number}/comments", body="x").document
    assert made["html_url"].startswith(f"https://github.com/acme/audiences/issues/{number}#")
    assert (made["author_association"], made["performed_via_github_app"]) == ("MEMBER", None)


def test_a_comment_is_rewritten_in_place(github: Setting) -> None:
    client = github.client()
    made = client.post(COMMENTS, body="one").document
    changed = client.patch(f"{ISSUES}/comments/{made['id']}", body="two").document
    assert changed == {**made, "body": "two", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > made["created_at"]
    assert [comment.body for comment in github.repository.comments(1)] == ["two"]


def test_a_comment_is_deleted(github: Setting) -> None:
    (comment_id,) = github.repository.seed_comments(1, 1)
    deleted = github.client().ask("DELETE", f"{ISSUES}/comments/{comment_id}")
    assert (deleted.status, deleted.body) == (204, b"")
    assert github.client().get(f"{ISSUES}/comments/{comment_id}").status == 404
    assert github.repository.comment(comment_id) is None


def test_comment_is_rewritten_only_with_write_access(github: Setting) -> None:
    (comment_id,) = github.repository.seed_comments(1, 1, body=MARKER, author="zoe")
    path = f"{ISSUES}/comments/{comment_id}"
    assert github.person("omar", "read").patch(path, body="x").status == 403
    assert github.person("zoe", "read").patch(path, body="mine").status == 200
    assert github.client().patch(path, body="taken").document["user"]["login"] == "zoe"


def test_comments_come_in_pages_of_thirty_oldest_first(github: Setting) -> None:
    ids = github.repository.seed_comments(1, n=200, body=MARKER)
    client = github.client()
    first = client.get(COMMENTS)
    assert [comment["id"] for comment in first.document] == list(ids[:30])
    assert (first.link("prev"), first.link("first")) == (None, None)
    assert (first.link("last") or "").endswith("?page=7")
    pages = list(client.pages(f"{COMMENTS}?per_page=100"))
    assert [comment["id"] for page in pages for comment in page.document] == list(ids)
    assert (len(pages), pages[1].link("prev"), pages[1].link("next")) == (
        2,
        f"{github.url}/repositories/{github.repository.id}/issues/1/comments?per_page=100&page=1",
        None,
    )


@pytest.mark.parametrize(
    ("query", "size"), [("per_page=500", 100), ("per_page=0", 30), ("per_page=x", 30), ("page=x", 30)]
)
def test_a_page_has_at_most_a_hundred(github: Setting, query: str, size: int) -> None:
    github.repository.seed_comments(1, n=150)
    assert len(github.client().get(f"{COMMENTS}?{query}").document) == size


def test_a_page_past_the_end_is_empty(github: Setting) -> None:
    past = github.client().get(f"{COMMENTS}?page=9")
    assert (past.status, past.document, past.link("next")) == (200, [], None)
    assert (past.link("prev") or "").endswith("page=1")


@pytest.mark.parametrize("body", ["a" * 65_537, "🙂" * 65_537])
def test_too_long_comment_is_not_stored(github: Setting, body: str) -> None:
    refused = github.client().post(COMMENTS, body=body)
    assert (refused.status, refused.message) == (422, "Validation Failed")
    (error,) = refused.document["errors"]
    assert error["message"] == "Body is too long (maximum is 65536 characters)"
    assert (error["resource"], error["code"], error["field"]) == ("IssueComment", "unprocessable", "data")
    assert refused.document["documentation_url"].endswith("issues/comments#create-an-issue-comment")
    assert github.repository.comments(1) == ()


def test_characters_are_counted_and_not_bytes(github: Setting) -> None:
    assert github.client().post(COMMENTS, body="🙂" * 65_536).status == 201


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "Problems parsing JSON"),
        (b"[]", 400, "Body should be a JSON object"),
        (b'{"body": "\\ud800"}', 400, "Problems parsing JSON"),
        (b"{}", 422, 'Invalid request.\n\n"body" wasn\'t supplied.'),
        (b'{"body": null}', 422, 'Invalid request.\n\n"body" wasn\'t supplied.'),
        (b'{"body": 1}', 422, "Invalid request.\n\nFor 'properties/body', 1 is not a string or null."),
        (b'{"body": " "}', 422, "Validation Failed"),
    ],
)
def test_a_body_that_is_no_comment_is_refused(
    github: Setting, body: bytes, status: int, message: str
) -> None:
    refused = github.client().ask("POST", COMMENTS, body)
    assert (refused.status, refused.message) == (status, message)


def test_token_of_a_fork_can_only_read(github: Setting) -> None:
    (comment_id,) = github.repository.seed_comments(1, 1)
    client = github.client(READS)
    assert client.get(COMMENTS).status == 200
    refusals = [
        client.post(COMMENTS, body="x"),
        client.patch(f"{ISSUES}/comments/{comment_id}", body="x"),
        client.ask("DELETE", f"{ISSUES}/comments/{comment_id}"),
        client.post(ISSUES, title="x"),
        client.patch(f"{ISSUES}/1", title="x"),
    ]
    assert {(refused.status, refused.message) for refused in refusals} == {(403, NOT_ACCESSIBLE)}
    assert refusals[0].headers["X-Accepted-GitHub-Permissions"] == "issues=write; pull_requests=write"


def test_each_route_needs_its_own_permission(github: Setting) -> None:
    number = github.repository.seed_issue("Drift")
    pulls, issues = github.client({"pull-requests": "write"}), github.client({"issues": "write"})
    assert (pulls.post(COMMENTS, body="x").status, issues.post(COMMENTS, body="x").status) == (201, 201)
    assert pulls.post(f"{ISSUES}/{number}/comments", body="x").status == 403
    assert (pulls.get(ISSUES).status, issues.get(ISSUES).status) == (403, 200)
    assert (pulls.get("/repos/acme/audiences/pulls/1").status, issues.get(COMMENTS).status) == (200, 200)
    refused = issues.get(f"/repos/acme/audiences/commits/{'a' * 40}/pulls")
    assert (refused.status, refused.headers["X-Accepted-GitHub-Permissions"]) == (403, "pull_requests=read")
    assert github.client({}).get(COMMENTS).message == NOT_ACCESSIBLE


def test_permissions_are_those_of_a_workflow() -> None:
    with pytest.raises(ValueError, match="pull_requests"):
        read_only({"pull_requests": "write"})
    with pytest.raises(ValueError, match="admin"):
        read_only({"issues": "admin"})
    assert read_only({"issues": "write", "contents": "none"}) == {"issues": "read", "contents": "none"}


def test_locked_conversation_takes_comments_with_push_access_only(github: Setting) -> None:
    mine = github.client().post(COMMENTS, body="x").document["id"]
    github.repository.lock(1)
    for refused in (
        github.client().post(COMMENTS, body="x"),
        github.client().patch(f"{ISSUES}/comments/{mine}", body="x"),
        github.person("zoe", "read").post(COMMENTS, body="x"),
    ):
        assert (refused.status, refused.message) == (
            403,
            "Unable to create comment because issue is locked.",
        )
    assert github.person("marta").post(COMMENTS, body="x").status == 201
    assert github.client().get("/repos/acme/audiences/pulls/1").document["locked"] is True


def test_without_issues_there_are_still_pull_requests(github: Setting) -> None:
    number = github.repository.seed_issue("Drift")
    github.repository.has_issues = False
    client = github.client()
    refused = client.post(ISSUES, title="Drift")
    assert (refused.status, refused.message) == (410, "Issues has been disabled in this repository.")
    assert [issue["number"] for issue in client.get(ISSUES).document] == [1]
    assert client.get(f"{ISSUES}/{number}").status == 410
    assert client.patch(f"{ISSUES}/{number}", title="x").status == 410
    assert client.post(f"{ISSUES}/{number}/comments", body="x").status == 410
    assert client.post(COMMENTS, body="x").status == 201


def test_opened_issue_creates_its_labels(github: Setting) -> None:
    github.repository.seed_issue("Older", labels=("Drift",))
    made = github.client().post(ISSUES, title="Drift", body="What changed", labels=["drift", {"name": "new"}])
    issue = made.document
    assert (made.status, issue["number"], issue["state"], issue["comments"]) == (201, 3, "open", 0)
    assert [label["name"] for label in issue["labels"]] == ["Drift", "new"]
    assert issue["html_url"] == "https://github.com/acme/audiences/issues/3"
    assert "pull_request" not in issue
    assert github.client().get(made.headers["Location"]).document == issue


def test_who_may_not_push_labels_nothing(github: Setting) -> None:
    reader = github.person("zoe", "read")
    made = reader.post(ISSUES, title="x", labels=["drift"]).document
    assert (made["labels"], made["user"]["login"]) == ([], "zoe")
    changed = reader.patch(f"{ISSUES}/{made['number']}", title="y", labels=["drift"]).document
    assert (changed["labels"], changed["title"]) == ([], "y")
    assert github.person("omar", "read").patch(f"{ISSUES}/{made['number']}", title="z").status == 403


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"title": " "}, {"resource": "Issue", "code": "missing_field", "field": "title"}),
        (
            {"title": "a" * 257},
            {
                "resource": "Issue",
                "code": "custom",
                "field": "title",
                "message": "title is too long (maximum is 256 characters)",
            },
        ),
        (
            {"title": "x", "body": "a" * 65_537},
            {
                "resource": "Issue",
                "code": "custom",
                "field": "body",
                "message": "body is too long (maximum is 65536 characters)",
            },
        ),
    ],
)
def test_an_issue_that_does_not_fit_is_refused(
    github: Setting, fields: dict[str, str], error: dict[str, str]
) -> None:
    for refused in (github.client().post(ISSUES, **fields), github.client().patch(f"{ISSUES}/1", **fields)):
        assert (refused.status, refused.document["errors"]) == (422, [error])


@pytest.mark.parametrize("labels", [[1], [""], [{}]])
def test_a_label_is_a_name(github: Setting, labels: Any) -> None:
    assert github.client().post(ISSUES, title="x", labels=labels).status == 422


def test_an_issue_is_changed_closed_and_opened_again(github: Setting) -> None:
    client, number = github.client(), github.repository.seed_issue("Drift", "one", labels=("old",))
    path = f"{ISSUES}/{number}"
    changed = client.patch(path, title="Drift again", body=None, labels=["new"]).document
    assert (changed["title"], changed["body"]) == ("Drift again", None)
    assert [label["name"] for label in changed["labels"]] == ["new"]
    closed = client.patch(path, state="closed").document
    assert (closed["state"], closed["state_reason"]) == ("closed", "completed")
    assert closed["closed_at"]
    again = client.patch(path, state="closed", state_reason="not_planned").document
    assert (again["state_reason"], again["closed_at"]) == ("not_planned", closed["closed_at"])
    assert client.patch(path, state="closed").document["state_reason"] == "not_planned"
    reopened = client.patch(path, state="open").document
    assert (reopened["state"], reopened["state_reason"], reopened["closed_at"]) == ("open", "reopened", None)


@pytest.mark.parametrize("fields", [{"state": "gone"}, {"state": "open", "state_reason": "completed"}])
def test_a_state_that_is_none_is_refused(github: Setting, fields: dict[str, str]) -> None:
    assert github.client().patch(f"{ISSUES}/1", **fields).status == 422


def test_issues_and_pull_requests_are_listed_newest_first(github: Setting) -> None:
    github.repository.seed_issue("two", labels=("drift", "bug"))
    github.repository.seed_issue("three", labels=("drift",), author="github-actions[bot]")
    client = github.client()
    client.patch(f"{ISSUES}/2", state="closed")

    def numbers(query: str) -> list[int]:
        return [issue["number"] for issue in client.get(f"{ISSUES}?{query}").document]

    assert numbers("") == [3, 1]
    assert numbers("state=all") == [3, 2, 1]
    assert numbers("state=all&direction=asc") == [1, 2, 3]
    assert numbers("state=all&labels=Drift,bug") == [2]
    assert numbers("state=closed&labels=drift") == [2]
    assert numbers("creator=github-actions[bot]") == [3]
    github.repository.seed_comments(1, 1)
    assert numbers("state=all&sort=updated") == [1, 2, 3]
    assert "pull_request" in client.get(f"{ISSUES}/1").document
    assert client.get(f"{ISSUES}?state=new").status == 422
    assert client.get(f"{ISSUES}?sort=size").status == 422


def test_issues_are_paged_by_cursor(github: Setting) -> None:
    for _ in range(6):
        github.repository.seed_issue("Drift")
    pages = list(github.client().pages(f"{ISSUES}?per_page=3"))
    assert [[issue["number"] for issue in page.document] for page in pages] == [[7, 6, 5], [4, 3, 2], [1]]
    assert {page.link("last") for page in pages} == {None}
    assert "after=" in (pages[0].link("next") or "")
    back = github.client().get(pages[2].link("prev") or "")
    assert [issue["number"] for issue in back.document] == [4, 3, 2]
    assert [issue["number"] for issue in github.client().get(f"{ISSUES}?per_page=3&page=2").document] == [
        4,
        3,
        2,
    ]


@pytest.mark.parametrize("query", ["page=100", "after=x", "after=Y3Vyc29yOnYyOjk5"])
def test_invalid_page_of_issues_is_refused(github: Setting, query: str) -> None:
    assert github.client().get(f"{ISSUES}?{query}").status == 422


def test_a_pull_request_tells_whence_it_comes(github: Setting) -> None:
    client = github.client()
    own = client.get("/repos/acme/audiences/pulls/1").document
    assert (own["head"]["repo"]["full_name"], own["head"]["repo"]["fork"]) == ("acme/audiences", False)
    assert (own["head"]["sha"], own["base"]["ref"], own["merged"]) == ("a" * 40, "main", False)
    number = github.repository.seed_pull(fork="zoe/audiences", author="zoe")
    forked = client.get(f"/repos/acme/audiences/pulls/{number}").document
    assert (forked["head"]["repo"]["full_name"], forked["head"]["repo"]["fork"]) == ("zoe/audiences", True)
    assert (forked["head"]["label"], forked["base"]["repo"]["fork"]) == ("zoe:widen", False)


def test_what_is_no_pull_request_is_not_found(github: Setting) -> None:
    number = github.repository.seed_issue("Drift")
    for missing in (number, 99):
        assert github.client().get(f"/repos/acme/audiences/pulls/{missing}").status == 404
    with pytest.raises(ValueError, match="no pull request"):
        github.repository.merge(number, "e" * 40)


def test_a_merge_is_found_by_its_commit(github: Setting) -> None:
    client, sha = github.client(), "e" * 40
    github.repository.merge(1, sha, by="omar")
    (found,) = client.get(f"/repos/acme/audiences/commits/{sha}/pulls").document
    assert (found["number"], found["state"], found["merge_commit_sha"]) == (1, "closed", sha)
    assert found["merged_at"]
    assert not {"merged", "merged_by", "comments"} & set(found)
    whole = client.get("/repos/acme/audiences/pulls/1").document
    assert (whole["merged"], whole["merged_by"]["login"], whole["mergeable"]) == (True, "omar", None)


def test_commit_has_any_number_of_pull_requests(github: Setting) -> None:
    client = github.client()
    second = github.repository.seed_pull(head_ref="other", head_sha="a" * 40)
    github.repository.push("e" * 40)

    def found(sha: str) -> Reply:
        return client.get(f"/repos/acme/audiences/commits/{sha}/pulls?per_page=1")

    assert found("e" * 40).document == []
    first = found("a" * 40)
    last = client.get(first.link("last") or "")
    assert [pull["number"] for pull in first.document + last.document] == [1, second]
    missing = found("f" * 40)
    assert (missing.status, missing.message) == (422, f"No commit found for SHA: {'f' * 40}")


def test_push_moves_the_head_of_a_pull_request(github: Setting) -> None:
    assert github.repository.synchronize(1, "9" * 40) == "a" * 40
    client = github.client()
    assert client.get("/repos/acme/audiences/pulls/1").document["head"]["sha"] == "9" * 40
    assert [
        pull["number"] for pull in client.get(f"/repos/acme/audiences/commits/{'9' * 40}/pulls").document
    ] == [1]


def test_a_number_is_taken_once(github: Setting) -> None:
    assert github.repository.seed_pull(number=40) == 40
    with pytest.raises(ValueError, match="#40"):
        github.repository.seed_pull(number=40)
    assert github.repository.seed_issue("next") == 41


def test_an_enterprise_server_has_its_api_elsewhere() -> None:
    with setting(is_enterprise=True) as github:
        assert github.url.endswith("/api/v3")
        assert github.peer.urls["GITHUB_API_URL"] == github.url
        client = github.client()
        comment = client.post(COMMENTS, body="x").document
        assert comment["url"].startswith(f"{github.url}/repos/")
        graphql = github.peer.urls["GITHUB_GRAPHQL_URL"]
        assert graphql.endswith("/api/graphql")
        assert client.post(graphql, query="{viewer{login}}").status == 200
        assert github.peer.log[0].path == COMMENTS


def test_everything_is_in_the_log(github: Setting) -> None:
    client = github.client()
    client.get(f"{COMMENTS}?per_page=100")
    client.post(COMMENTS, body="Grüße")
    client.post("/graphql", query="{viewer{login}}")
    Client(github.url, None).get(COMMENTS)
    read, write, _, stranger = github.peer.log
    assert (read.method, read.path, read.query, read.status) == ("GET", COMMENTS, {"per_page": "100"}, 200)
    assert (write.document, write.login, write.status) == ({"body": "Grüße"}, ACTIONS.login, 201)
    assert write.header("authorization") == f"Bearer {client.token}"
    assert (stranger.login, stranger.status) == (None, 404)
    assert github.peer.writes() == (write,)


def test_connection_is_kept_until_the_client_closes(github: Setting) -> None:
    head = f"GET {COMMENTS} HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\n"
    received = b""
    with socket.create_connection(("127.0.0.1", urlsplit(github.url).port or 0), timeout=10) as line:
        line.sendall(f"{head}\r\n{head}Connection: close\r\n\r\n".encode())
        while data := line.recv(65536):
            received += data
    assert received.count(b"HTTP/1.1 404 Not Found\r\n") == 2


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/rate_limit", None),
        ("PUT", f"{ISSUES}/1/lock", {}),
        ("POST", "/user", {}),
        ("GET", f"{COMMENTS}?since=2026", None),
        ("POST", "/graphql", {"query": "{ viewer { id } }"}),
    ],
)
def test_unknown_request_fails_the_test(method: str, target: str, body: Any) -> None:
    with ExitStack() as stack:
        github = stack.enter_context(setting())
        with pytest.raises(http.client.RemoteDisconnected):
            github.client().ask(method, target, body)
        assert github.peer.log[0].status is None
        with pytest.raises(NotImplementedError, match="is not known here"):
            stack.close()


@pytest.mark.parametrize(("kind", "status"), [("rate_limit", 403), ("rate_limit", 429)])
def test_the_hours_requests_are_used_up(github: Setting, kind: str, status: int) -> None:
    github.peer.inject(Fault(kind, seconds=90, status=status, retry_after="60"))
    limited = github.client().get(COMMENTS)
    assert limited.status == status
    assert limited.message == "API rate limit exceeded for installation ID 52000001."
    assert (limited.headers["X-RateLimit-Remaining"], limited.headers["Retry-After"]) == ("0", "60")
    assert 60 < int(limited.headers["X-RateLimit-Reset"]) - time.time() <= 90
    assert github.client().get(COMMENTS).status == 200


def test_a_person_is_limited_by_name(github: Setting) -> None:
    github.peer.inject(Fault("rate_limit"))
    limited = github.person().get(COMMENTS)
    assert limited.message.startswith("API rate limit exceeded for user ID ")
    assert limited.headers["Retry-After"] is None


def test_too_many_at_once_are_held_back(github: Setting) -> None:
    github.peer.inject(Fault("secondary_limit", method="POST", retry_after="1"))
    client = github.client()
    assert client.get(COMMENTS).status == 200
    limited = client.post(COMMENTS, body="x")
    assert (limited.status, limited.headers["Retry-After"]) == (403, "1")
    assert limited.message.startswith("You have exceeded a secondary rate limit. Please wait a few minutes")
    assert int(limited.headers["X-RateLimit-Remaining"]) > 0
    assert github.repository.comments(1) == ()


def test_every_answer_says_how_much_is_left(github: Setting) -> None:
    client = github.client()
    left = [int(client.get(COMMENTS).headers["X-RateLimit-Remaining"]) for _ in range(2)]
    assert left == [999, 998]
    assert github.person().get(COMMENTS).headers["X-RateLimit-Limit"] == "5000"


def test_fault_comes_before_or_after_the_work(github: Setting) -> None:
    client = github.client()
    for when, bodies in (("before", []), ("after", ["x"])):
        github.peer.inject(Fault("status", status=502, message="Bad gateway", when=when))
        broken = client.post(COMMENTS, body="x")
        assert (broken.status, broken.message) == (502, "Bad gateway")
        assert [comment.body for comment in github.repository.comments(1)] == bodies


@pytest.mark.parametrize(("status", "seen"), [(None, 502), (503, 503), (200, 200)])
def test_a_page_for_people_instead_of_json(github: Setting, status: int | None, seen: int) -> None:
    github.peer.inject(Fault("html", status=status))
    page = github.client().get(COMMENTS)
    assert (page.status, page.headers["Content-Type"]) == (seen, "text/html; charset=utf-8")
    assert b"Unicorn!" in page.body


@pytest.mark.parametrize("kind", ["drop", "reset"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_line_that_is_cut(github: Setting, kind: str, when: str) -> None:
    github.peer.inject(Fault(kind, when=when))
    with pytest.raises(ConnectionError):
        github.client().post(COMMENTS, body="x")
    assert len(github.repository.comments(1)) == (when == "after")
    (entry,) = github.peer.log
    assert (entry.status, entry.faults) == (None, (kind,))


def test_half_an_answer(github: Setting) -> None:
    github.peer.inject(Fault("cut_json"))
    half = github.client().post(COMMENTS, body="x")
    assert half.status == 201
    with pytest.raises(json.JSONDecodeError):
        _ = half.document


def test_a_list_that_lags_behind(github: Setting) -> None:
    github.repository.seed_comments(1, 40)
    github.peer.inject(Fault("empty_list", path="*/comments", times=2))
    client = github.client()
    empty = client.get(COMMENTS)
    assert (empty.document, empty.headers["Link"]) == ([], None)
    assert client.post(COMMENTS, body="x").status == 201
    assert len(client.get(COMMENTS).document) == 30


def test_a_repository_that_moved(github: Setting) -> None:
    there = f"{github.url}/repositories/9/issues"
    github.peer.inject(
        Fault("redirect", location=there), Fault("redirect", location=there, status=307, skip=1)
    )
    for status in (301, 307):
        moved = github.client().get(ISSUES)
        assert (moved.status, moved.headers["Location"], moved.document["url"]) == (status, there, there)


def test_an_answer_that_takes_its_time(github: Setting) -> None:
    github.peer.inject(Fault("delay", seconds=0.3, when="after"), Fault("delay", seconds=0.2))
    client, began = github.client(), time.monotonic()
    asking = threading.Thread(target=client.post, args=(COMMENTS,), kwargs={"body": "x"})
    asking.start()
    assert github.peer.wait(lambda entry: entry.status == 201).faults == ("delay", "delay")
    asking.join()
    assert time.monotonic() - began >= 0.5


def test_faults_fire_by_rule(github: Setting) -> None:
    rule = Fault("status", status=500, method="GET", path="/repos/*/issues/*/comments", skip=1, times=2)
    github.peer.inject(rule)
    client = github.client()
    client.post(COMMENTS, body="x")
    client.get(ISSUES)
    assert list(github.peer.unfired) == [rule]
    assert [client.get(COMMENTS).status for _ in range(4)] == [200, 500, 500, 200]
    assert not github.peer.unfired
    github.peer.inject(Fault("status", status=503, times=None))
    assert {client.get(COMMENTS).status for _ in range(3)} == {503}


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "gone"},
        {"kind": "drop", "when": "never"},
        {"kind": "drop", "status": 500},
        {"kind": "status"},
        {"kind": "redirect"},
        {"kind": "delay"},
        {"kind": "cut_json", "when": "before"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault(**fields)


def test_every_kind_of_fault_is_described() -> None:
    description = github_peer.__doc__ or ""
    assert [kind for kind in KINDS if f"`{kind}`" not in description] == []


def test_who_waits_in_vain_is_told(github: Setting) -> None:
    with pytest.raises(TimeoutError, match="no such entry"):
        github.peer.wait(lambda entry: entry.status == 999, timeout=0.01)


def written(event: events.Event, folder: Path) -> Any:
    return json.loads(event.write(folder).read_text())


def test_a_pull_request_is_opened_and_opened_again(github: Setting, tmp_path: Path) -> None:
    for action in ("opened", "reopened"):
        event = events.pull_request(github.peer.documents, github.repository, 1, action)
        payload = written(event, tmp_path / action)
        assert (payload["action"], payload["number"]) == (action, 1)
        assert payload["pull_request"] == github.client().get("/repos/acme/audiences/pulls/1").document
        assert payload["sender"]["login"] == "marta"
        assert "before" not in payload
        assert (event.ref, event.sha, event.is_from_fork) == ("refs/pull/1/merge", "c" * 40, False)


def test_push_event_names_the_head_before(github: Setting, tmp_path: Path) -> None:
    before = github.repository.synchronize(1, "9" * 40)
    event = events.pull_request(github.peer.documents, github.repository, 1, "synchronize", before=before)
    payload = written(event, tmp_path)
    assert (payload["before"], payload["after"]) == ("a" * 40, "9" * 40)
    for action, given in (("synchronize", None), ("opened", before)):
        with pytest.raises(ValueError, match="before"):
            events.pull_request(github.peer.documents, github.repository, 1, action, before=given)


def test_pull_request_from_a_fork_names_the_fork(github: Setting) -> None:
    number = github.repository.seed_pull(fork="zoe/audiences", author="zoe")
    event = events.pull_request(github.peer.documents, github.repository, number)
    head = event.payload["pull_request"]["head"]["repo"]
    assert (head["full_name"], head["fork"], event.is_from_fork) == ("zoe/audiences", True, True)
    assert event.actor == "zoe"


def test_merge_is_push_and_closed_pull_request(github: Setting, tmp_path: Path) -> None:
    documents, repository = github.peer.documents, github.repository
    with pytest.raises(ValueError, match="not merged"):
        events.merge(documents, repository, 1)
    repository.merge(1, "e" * 40, by="omar")
    pushed = events.merge(documents, repository, 1, changed=("audiences.d/cfo.yaml",))
    payload = written(pushed, tmp_path)
    assert (payload["ref"], payload["before"], payload["after"]) == ("refs/heads/main", "b" * 40, "e" * 40)
    assert payload["head_commit"]["id"] == "e" * 40
    assert payload["head_commit"]["message"].startswith("Merge pull request #1 from acme/widen\n\n")
    assert payload["head_commit"]["modified"] == ["audiences.d/cfo.yaml"]
    assert (payload["pusher"]["name"], pushed.sha, pushed.actor) == ("omar", "e" * 40, "omar")
    closed = events.pull_request(documents, repository, 1, "closed")
    assert closed.payload["pull_request"]["merged"] is True
    assert (closed.ref, closed.sha) == ("refs/heads/main", "e" * 40)


def test_a_push_without_a_pull_request(github: Setting) -> None:
    event = events.push(github.peer.documents, github.repository, "e" * 40, message="Straight in")
    assert (event.name, event.payload["head_commit"]["message"]) == ("push", "Straight in")
    assert (event.head_ref, event.base_ref, event.is_from_fork) == ("", "", False)
    assert github.repository.pulls_of("e" * 40) is None


def test_schedule_has_no_sender_and_dispatch_has_inputs(github: Setting) -> None:
    documents, repository = github.peer.documents, github.repository
    due = events.schedule(documents, repository, "e" * 40, "17 5 * * *")
    assert due.payload["schedule"] == "17 5 * * *"
    assert "sender" not in due.payload
    started = events.dispatch(documents, repository, "e" * 40, {"digest": "sha256:1"})
    assert started.payload["inputs"] == {"digest": "sha256:1"}
    assert events.dispatch(documents, repository, "e" * 40).payload["inputs"] is None
    assert (started.name, started.ref, started.sha) == ("workflow_dispatch", "refs/heads/main", "e" * 40)


def test_issue_without_a_pull_request_has_no_event(github: Setting) -> None:
    with pytest.raises(ValueError, match="no pull request"):
        events.pull_request(github.peer.documents, github.repository, 99)


def test_an_event_comes_with_the_runners_variables(github: Setting, tmp_path: Path) -> None:
    event = events.pull_request(github.peer.documents, github.repository, 1)
    found = event.environment(tmp_path) | github.peer.urls
    expected = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REPOSITORY": "acme/audiences",
        "GITHUB_REPOSITORY_OWNER": "acme",
        "GITHUB_REF": "refs/pull/1/merge",
        "GITHUB_REF_NAME": "1/merge",
        "GITHUB_REF_PROTECTED": "false",
        "GITHUB_HEAD_REF": "widen",
        "GITHUB_BASE_REF": "main",
        "GITHUB_SHA": "c" * 40,
        "GITHUB_RUN_ID": events.RUN_ID,
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.url,
        "GITHUB_SERVER_URL": "https://github.com",
    }
    assert {name: found[name] for name in expected} == expected
    assert json.loads((tmp_path / "event.json").read_text())["action"] == "opened"
    assert found["GITHUB_EVENT_PATH"] == str(tmp_path / "event.json")
    assert (tmp_path / "github_summary").read_text() == ""
    assert "GITHUB_TOKEN" not in found
    assert "GITHUB_EVENT" not in found
