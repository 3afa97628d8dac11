"""When our comments were last edited, and by whom, as GraphQL says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.errors import ApiError
from reconciler.github import edits, rest
from reconciler.github.sticky import Sticky
from tests.unit.test_github_sticky import hosted

if TYPE_CHECKING:
    from reconciler.github.rest import GitHub

ASKED = [Sticky(1, {}, "IC_1")]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"nodes": None},
        {"nodes": [None]},
        {"nodes": []},
        {"nodes": [{"id": "IC_1"}]},
        {"nodes": [{"id": "x"}]},
    ],
)
def test_odd_response_is_an_error_and_no_trust(monkeypatch: pytest.MonkeyPatch, data: Any) -> None:
    def query(_: GitHub, *__: object) -> Any:
        return data

    with hosted() as (github, _, _):
        monkeypatch.setattr(type(github), "query", query)
        with pytest.raises(ApiError, match="GitHub does not say"):
            edits.read(github, ASKED)


def test_nothing_is_asked_about_no_comments() -> None:
    with hosted() as (github, _, peer):
        assert edits.read(github, []) == []
        assert peer.log == ()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"html_url": null}', b"[" * 100_000])
def test_response_without_an_address_has_none(body: bytes) -> None:
    assert rest._address(httpx.Response(201, content=body)) == ""


def test_what_is_made_must_be_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    with hosted() as (github, _, _):
        monkeypatch.setattr(github, "_send", lambda *_, **__: httpx.Response(201, json=[]))
        with pytest.raises(ApiError, match="not an object"):
            github.make("git/trees", {})
