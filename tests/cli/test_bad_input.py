"""What people and servers get wrong: one clear message, its exit code, nothing sent, no traceback, no key."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import FAST, without_privileges
from tests.cli.organization import ABSENT, CHANGING, STEADY, audience, desired, live
from tests.doubles.peer import Fault, OtherOrigin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Founding
    from tests.cli.organization import Organization

KEY = "sk_live_4f9b2c7d"
NO_KEY = "Error: LEADPIPE_API_KEY holds a space, a line break or another character that no key has."
COMMANDS = ["plan", "apply"]


def failing(
    organization: Organization, command: str, settings: dict[str, str] | None = None, **how: Any
) -> str:
    """Hold that a command fails as it should (`apply` with a document), and return what stderr says."""
    arguments = ["plan", "--detailed-exitcode"]
    if command == "apply":
        arguments = ["apply", "--auto-approve", "--format", "json"]
    said = organization.run(*arguments, settings=settings, **how)

    assert said.code == 1
    assert said.err.count("\n") == 1
    assert not {"PATCH", "EDIT"} & organization.methods
    for text in (said.out, said.err):
        assert "Traceback" not in text
        assert organization.settings["LEADPIPE_API_KEY"] not in text
        assert KEY not in text
    if command == "apply":
        result = said.document("apply-result")
        assert (result["errored"], len(result["diagnostics"])) == (True, 1)
    return said.err


# Settings.


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "Error: LEADPIPE_API_KEY is not set. Set it to your organization's key (sk_…).\n"),
        (f"{KEY} ", NO_KEY),
        (f"{KEY}\n", NO_KEY),
        (f"“{KEY}”", NO_KEY),
    ],
    ids=["none", "space", "newline", "quotes"],
)
def test_a_key_that_is_none(organization: Organization, key: str, words: str) -> None:
    assert failing(organization, "apply", {"LEADPIPE_API_KEY": key}).startswith(words)
    assert organization.peer.log == ()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "http://api.aws53.cloud",
            (
                "Error: LEADPIPE_BASE_URL would send the key unencrypted."
                " Use https (http is for this machine itself only).\n"
            ),
        ),
        (
            f"https://{KEY}@api.aws53.cloud",
            (
                "Error: LEADPIPE_BASE_URL is not an origin."
                " Write the scheme and host alone, such as https://api.aws53.cloud.\n"
            ),
        ),
        (KEY, "Error: LEADPIPE_BASE_URL is not an origin."),
        ("ftp://api.aws53.cloud", "Error: LEADPIPE_BASE_URL is not an origin."),
        ("https://api.aws53.cloud/v1/", "Error: LEADPIPE_BASE_URL is not an origin."),
    ],
)
def test_a_base_url_that_is_none(organization: Organization, url: str, words: str) -> None:
    assert failing(organization, "plan", {"LEADPIPE_BASE_URL": url}).startswith(words)


# Servers.


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unreachable_host(organization: Organization, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    err = failing(organization, command, {"LEADPIPE_BASE_URL": url}, program=FAST)

    assert err.startswith(f"Error: {url} cannot be reached: ")
    assert err.endswith(". Try again later; if it stays so, ask the vendor.\n")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Fault("status", status=401, message="no such key", times=None),
            (
                "Error: GET /v1/intent/audiences returned 401: no such key."
                " Check LEADPIPE_API_KEY: it is wrong, or was revoked.\n"
            ),
        ),
        (
            Fault("status", status=403, message="expired", shape="detail", times=None),
            (
                "Error: GET /v1/intent/audiences returned 403: expired. Check with the vendor that the"
                " organization is active and that this key may do so.\n"
            ),
        ),
        (
            Fault("status", status=404, shape="html", times=None),
            "Error: GET /v1/intent/audiences returned 404. Check LEADPIPE_BASE_URL.\n",
        ),
        (
            Fault("status", status=500, shape="empty", times=None),
            (
                "Error: GET /v1/intent/audiences returned 500."
                " Try again later; if it stays so, ask the vendor.\n"
            ),
        ),
        (
            Fault("html", times=None),
            "Error: GET /v1/intent/audiences: the API's response is not JSON",
        ),
    ],
    ids=["401", "403", "404", "500", "html"],
)
def test_an_answer_that_is_none(organization: Organization, command: str, fault: Fault, words: str) -> None:
    organization.peer.inject(fault)

    assert failing(organization, command, program=FAST).startswith(words)


def test_response_against_the_contract_is_an_error(organization: Organization) -> None:
    organization.peer.inject(Fault("value", path="data", value={"id": STEADY}, route="list", times=None))

    assert failing(organization, "apply").startswith("Error: GET /v1/intent/audiences: data is not a list")


def test_a_redirect_is_not_followed(organization: Organization) -> None:
    with OtherOrigin() as other:
        organization.peer.inject(Fault("status", status=307, location=other.url, times=None))
        err = failing(organization, "apply")

        assert "returned 307" in err
        assert err.endswith("Redirects are never followed. Check LEADPIPE_BASE_URL.\n")
        assert other.received == ()


def test_a_proxy_from_the_environment_receives_nothing(organization: Organization) -> None:
    with OtherOrigin() as proxy:
        names = ("http_proxy", "https_proxy", "all_proxy")
        settings = {name: proxy.url for one in names for name in (one, one.upper())} | {"no_proxy": ""}

        assert organization.run("plan", settings=settings).code == 0
        assert proxy.received == ()


# Definitions.


def test_definition_without_a_live_audience_is_an_error(found: Founding) -> None:
    organization = found(live(), desired() | {"absent.yaml": audience(ABSENT, "Nobody")})

    assert failing(organization, "plan").startswith(
        f"audiences.d/absent.yaml:2:2: id: audience {ABSENT} does not exist in this organization."
    )


def test_two_files_with_one_id(organization: Organization) -> None:
    organization.define({"twin.yaml": audience(CHANGING.upper(), "Twin")})

    assert failing(organization, "apply").startswith(
        "audiences.d/twin.yaml:2:2: id: this id is also in audiences.d/cfo.yaml:2:2."
    )
    assert organization.peer.log == ()


def test_an_empty_folder(found: Founding) -> None:
    organization = found(live(), {})

    assert "audiences.d: " in failing(organization, "apply")
    assert organization.peer.log == ()


def test_no_folder(organization: Organization) -> None:
    organization.definitions.rename(organization.folder / "elsewhere")

    assert failing(organization, "apply").startswith("audiences.d: ")


def unreadable_file(folder: Path) -> Path:
    return folder / "cfo.yaml"


def unreadable_folder(folder: Path) -> Path:
    (folder / "emea").mkdir()
    return folder / "emea"


@pytest.mark.parametrize("place", [unreadable_file, unreadable_folder])
def test_what_may_not_be_read(organization: Organization, place: Any) -> None:
    closed = place(organization.definitions)
    closed.chmod(0)
    err = failing(organization, "apply", through=without_privileges())
    closed.chmod(0o700)

    assert err.startswith(f"audiences.d/{closed.name}: ")
    assert "Permission denied" in err
    assert organization.peer.log == ()


# Every problem at once, whatever else is wrong.


def test_all_problems_of_all_files_are_reported(organization: Organization) -> None:
    organization.define({"a.yaml": {"id": STEADY, "nmae": "x"}, "b.yaml": {"name": ""}})
    said = organization.run("apply", "--auto-approve", "--out", "result.json")

    assert said.code == 1
    assert said.err.count("\n") >= 4
    assert {line.split(":")[0] for line in said.err.splitlines()} >= {
        "audiences.d/a.yaml",
        "audiences.d/b.yaml",
    }
    assert len(organization.result()["diagnostics"]) == said.err.count("\n")
    assert organization.peer.log == ()


# What a file says is text, and refers to nothing.


def test_what_looks_like_a_reference_stays_text(organization: Organization) -> None:
    name = "${LEADPIPE_API_KEY} $HOME $(id) `id` {{ env.HOME }} %(HOME)s @/etc/passwd file:///etc/passwd"
    (organization.folder / ".env").write_text("LEADPIPE_BASE_URL=http://127.0.0.1:9\n")
    organization.define({"security.yaml": audience(STEADY, name)})

    assert organization.run("apply", "--auto-approve", "--target", STEADY).code == 0
    assert organization.stored()[STEADY]["name"] == name


@pytest.mark.parametrize("line", ["!include other.yaml", "!env LEADPIPE_API_KEY", "!!python/name:os.environ"])
def test_tag_that_would_read_something_is_refused(organization: Organization, line: str) -> None:
    file = organization.definitions / "security.yaml"
    file.write_text(f"id: {STEADY}\nname: {line}\n")

    assert "security.yaml:2:7: name: a tag" in organization.run("plan").err
    assert organization.peer.log == ()
