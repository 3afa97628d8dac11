"""A canary key through every failure there is: in no output and no file, raw, base64 or URL-encoded."""

from __future__ import annotations

import base64
import json
import signal
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.cli.command import FAST, SECONDS
from tests.cli.organization import AUTO, CHANGING, PAUSING, Organization, desired, live
from tests.doubles.peer import Fault, OtherOrigin, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = 'sk_canary+=?&%~"7f3a'
FORMS = {
    KEY,
    quote(KEY, safe=""),
    base64.b64encode(KEY.encode()).decode().rstrip("="),
    base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    json.dumps(KEY)[1:-1],
}
CORE = "canary"
SAYING_IT = " ".join(sorted(FORMS))
HTML = f"<html><body>Bad key {SAYING_IT}</body></html>"


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Organization]:
    """Give an organization whose key is the canary."""
    peer = Peer(live(), key=KEY)
    with peer.running() as url:
        organization = Organization(tmp_path, peer, url)
        organization.settings["LEADPIPE_API_KEY"] = KEY
        organization.define(desired())
        yield organization


def hold_silent(organization: Organization, *texts: str) -> None:
    """Hold that neither these texts nor any file beside the definitions has the key in any form."""
    files = [path for path in organization.folder.rglob("*") if path.is_file()]
    for text in (*texts, *(path.read_bytes().decode("utf-8", "replace") for path in files)):
        assert not [form for form in FORMS if form in text], text
        assert CORE not in text, text


SHOWN = (
    ("plan", "--out", "plan.json"),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("show", "plan.json", "--format", "json"),
    ("show", "result.json"),
    ("show", "result.json", "--format", "markdown"),
    ("plan", "--format", "html"),
)


def codes(organization: Organization, *more: tuple[str, ...]) -> list[int]:
    """Apply with every file that can be asked for, and run more; return the exit codes."""
    apply = (*AUTO, "--format", "json", "--journal", "journal", "--out", "result.json")
    found = []
    for arguments in (apply, *more):
        said = organization.run(*arguments, program=FAST)
        hold_silent(organization, said.out, said.err)
        found.append(said.code)
    return found


def test_when_all_is_well(canary: Organization) -> None:
    assert codes(canary, *SHOWN) == [0] * 8
    assert {entry.header("X-API-Key") for entry in canary.peer.log} == {KEY}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=401, echo_key=True, times=None),
        Fault("status", status=403, message=SAYING_IT, code=KEY, shape="nested", times=None),
        Fault("status", status=400, message=SAYING_IT, shape="title", times=None),
        Fault("status", status=500, message=SAYING_IT, shape="text", times=None),
        Fault("body", text=HTML, times=None),
        Fault("body", text=json.dumps({"data": [{"id": KEY}]}), times=None),
        Fault("body", text=json.dumps({KEY: KEY})[:-1], times=None),
        Fault("value", path="data.name", value=f"Guests {KEY}", times=None),
        Fault("value", path="data.config.minScore", value=KEY, times=None),
        Fault("value", path="data.config", value={"topicIds": [1], KEY: 1}, times=None),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status or fault.path or fault.text[:6]}",
)
def test_when_the_server_repeats_it(canary: Organization, fault: Fault) -> None:
    canary.peer.inject(fault)

    assert 0 not in codes(canary)


def test_when_what_the_server_repeats_is_shown_again(canary: Organization) -> None:
    canary.peer.inject(Fault("status", status=401, echo_key=True, times=None))

    assert codes(canary, *SHOWN) == [1, 1, 1, 1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", method="PATCH", status=400, echo_key=True, times=None),
        Fault("status", method="PATCH", status=403, message=SAYING_IT, code="SLOTS_FULL", times=None),
        Fault("status", method="PATCH", status=503, message=SAYING_IT, shape="error", times=None),
        Fault("body", method="PATCH", text=HTML, times=None),
        Fault("value", method="PATCH", path="data.name", value=KEY, times=None),
        Fault("drop", method="PATCH", times=None),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status or fault.path or ''}",
)
def test_when_the_server_repeats_it_to_a_write(canary: Organization, fault: Fault) -> None:
    canary.peer.inject(fault)
    for file in ("guests.yaml", "marketing.yaml"):  # one write shows it, and an unclear one takes its time
        (canary.definitions / file).unlink()

    codes(canary)

    assert CHANGING in (canary.folder / "journal").read_text()


def test_when_it_is_redirected(canary: Organization) -> None:
    with OtherOrigin() as other:
        canary.peer.inject(Fault("status", status=307, location=f"{other.url}/{quote(KEY)}", times=None))

        assert 0 not in codes(canary)
        assert other.received == ()


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}ü"])
def test_when_it_cannot_be_a_key(canary: Organization, key: str) -> None:
    canary.settings["LEADPIPE_API_KEY"] = key

    assert codes(canary) == [1]
    assert canary.peer.log == ()


def test_when_it_is_in_the_wrong_variable(canary: Organization) -> None:
    for url in (KEY, f"https://{quote(KEY)}@api.aws53.cloud", f"http://127.0.0.1:1/?key={KEY}"):
        said = canary.run("plan", settings={"LEADPIPE_BASE_URL": url})
        hold_silent(canary, said.out, said.err)

        assert said.code == 1


def test_when_nobody_answers(canary: Organization) -> None:
    canary.settings["LEADPIPE_BASE_URL"] = "http://127.0.0.1:1"

    assert codes(canary) == [1]


_BUG = """
import reconciler.api.audiences
from tests.cli.fast import hurry, main
hurry()
def read(source, *_):
    key = source._key.reveal() if hasattr(source, "_key") else ""
    raise KeyError(key, source.__dict__)
reconciler.api.audiences.{function} = read
main()
"""


@pytest.mark.parametrize("function", ["fetch", "fetch_one"])
def test_when_a_bug_has_the_key_at_hand(canary: Organization, function: str) -> None:
    script = canary.folder.parent / "broken.py"
    script.write_text(_BUG.replace("{function}", function))
    said = canary.run(*AUTO, "--journal", "journal", "--out", "result.json", program=[str(script)])
    script.unlink()
    hold_silent(canary, said.out, said.err)

    assert said.code == 1
    assert "KeyError" in said.err + said.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_when_it_is_interrupted(canary: Organization, number: signal.Signals) -> None:
    canary.peer.inject(Fault("delay", method="PATCH", id=PAUSING, seconds=0.7))
    with canary.started(*AUTO, "--journal", "journal") as process:
        canary.arrival("PATCH")
        process.send_signal(number)
        hold_silent(canary, *process.communicate(timeout=SECONDS))

    assert process.returncode == 130


def test_it_is_no_option(canary: Organization) -> None:
    said = canary.run("plan", "--api-key", KEY)

    assert said.code == 1
    assert "No such option '--api-key'" in said.err
