from __future__ import annotations

import base64
import copy
import json
from dataclasses import asdict
from urllib.parse import quote

import pytest

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection, Timing, parse_key, parse_origin
from reconciler.errors import SettingsError
from reconciler.secret import Secret

# In base64 it has characters that the two alphabets spell differently.
CANARY = 'sk_>>>???"c4n/ary+\\~='


@pytest.mark.parametrize(
    "value", [" ", "sk test", "sk_test\n", "\tsk_test", "sk_tést", "sk_test\x00", "sk_\x7f", "sk_\ud800"]
)
def test_unusable_key_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(SettingsError, match="LEADPIPE_API_KEY holds") as caught:
        parse_key(value)
    assert value.strip() not in str(caught.value) or not value.strip()
    assert "Copy the key again" in caught.value.detail


def test_no_key_says_which_variable_to_set() -> None:
    with pytest.raises(SettingsError, match="LEADPIPE_API_KEY is not set"):
        parse_key("")


def test_a_key_prints_as_stars_wherever_it_lies() -> None:
    key = Secret(CANARY)
    place = Connection("https://api.example.com", key)
    reader = ReadClient(place)
    shown = [repr(key), str(key), f"{key}", f"{key!r:>5}", "%s %r" % (key, key), repr(place), repr(reader)]  # noqa: UP031 - one more way to print
    shown += [repr(asdict(place)), repr([key]), repr(copy.copy(place))]
    assert key.reveal() == CANARY
    assert all(CANARY not in text for text in shown)
    assert repr(key) == "***"


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        json.dumps(CANARY),
        base64.b64encode(CANARY.encode()).decode(),
        base64.urlsafe_b64encode(CANARY.encode()).decode(),
        quote(CANARY, safe=""),
    ],
)
def test_redaction_finds_the_key_in_every_spelling(form: str) -> None:
    redacted = Secret(CANARY).redact(f"before {form} after")
    assert form.strip('"') not in redacted
    assert redacted.startswith("before ")
    assert "***" in redacted
    assert redacted.endswith(" after")


def test_redaction_leaves_everything_else() -> None:
    assert Secret("sk_test").redact("sk_tes t, c2tfdGVz") == "sk_tes t, c2tfdGVz"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://api.aws53.cloud", "https://api.aws53.cloud"),
        ("https://api.aws53.cloud/", "https://api.aws53.cloud"),
        ("HTTPS://API.Aws53.Cloud", "https://api.aws53.cloud"),
        ("https://api.example.com:8443", "https://api.example.com:8443"),
        ("https://10.0.0.7", "https://10.0.0.7"),
        ("https://[2001:DB8::1]:444/", "https://[2001:db8::1]:444"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.9.8.7:1", "http://127.9.8.7:1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_taken_in_its_plainest_spelling(text: str, origin: str) -> None:
    assert parse_origin(text) == origin
    assert ReadClient(Connection(origin, Secret("sk_test"))).origin == origin


@pytest.mark.parametrize(
    "text",
    [
        "http://api.aws53.cloud",
        "http://10.0.0.7",
        "http://0.0.0.0",
        "http://127.0.0.1.nip.io",
        "http://localhost.example.com",
        "http://localhost.",
        "http://[2001:db8::1]",
        "http://127.1",
    ],
)
def test_http_is_for_this_machine_alone(text: str) -> None:
    with pytest.raises(SettingsError, match="would send the key unencrypted") as caught:
        parse_origin(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.aws53.cloud",
        "//api.aws53.cloud",
        "https:",
        "https://",
        "https:///v1",
        "https://:443",
        "ftp://api.aws53.cloud",
        "file:///etc/passwd",
        "http+unix://%2Fsocket",
        "javascript:alert(1)",
        "https://user@api.aws53.cloud",
        "https://user:secret@api.aws53.cloud",
        "https://api.aws53.cloud@evil.example",
        "https://evil.example\\@api.aws53.cloud",
        "https://api.aws53.cloud/v1",
        "https://api.aws53.cloud//",
        "https://api.aws53.cloud/..",
        "https://api.aws53.cloud?",
        "https://api.aws53.cloud?x=1",
        "https://api.aws53.cloud#",
        "https://api.aws53.cloud#x",
        "https://api.aws53.cloud;x",
        "https://api.aws53.cloud:",
        "https://api.aws53.cloud:x",
        "https://api.aws53.cloud:65536",
        "https://api.aws53.cloud:-1",
        "https://api.aws53.cloud:0443",
        "https://api.aws53.cloud:\uff14\uff14\uff13",
        "https://api aws53.cloud",
        " https://api.aws53.cloud",
        "https://api.aws53.cloud ",
        "https://api.aws53.cloud\n",
        "https://api.aws\t53.cloud",
        "https://api.aws53.cloud\r\nX-Evil: 1",
        "https://api.aws53.cloud\x00",
        "https://exämple.com",
        "https://api.aws53。cloud",
        "https://\u212aelvin.example",
        "https://api.aws53.cloud\u202e",
        "https://api%2eaws53.cloud",
        "https://[::1",
        "https://[::g]",
        "https://[::1]evil.example",
        "https://evil.example[::1]",
        "https://[fe80::1%25eth0]",
        "https://[1.2.3.4]",
        "https://999.1.1.1",
        "https://xn--a",
        "sk_live_pasted_here",
    ],
)
def test_malformed_origin_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_origin(text)
    assert caught.value.summary == "LEADPIPE_BASE_URL is not an origin"
    assert caught.value.detail == "Write the scheme and host alone, such as https://api.aws53.cloud"
    assert caught.value.__cause__ is None


def test_default_waits_are_those_of_the_contract() -> None:
    assert asdict(Timing()) == {
        "request": 30.0,
        "attempts": 5,
        "first_backoff": 0.5,
        "max_backoff": 20.0,
        "budget": 60.0,
        "max_pause": 120.0,
        "verification": 30.0,
        "settling": 5.0,
        "counting": 30.0,
    }
