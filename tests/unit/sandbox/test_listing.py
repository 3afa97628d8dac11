"""The list: its page and its limit, and what a client can know of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.app import create_app
from tests.unit.sandbox.calls import MARKETING, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sandbox.calls import Api


def _ids(api: Api, query: str) -> list[str]:
    return [item["id"] for item in api.get(query).data]


def test_pages_follow_the_cursor_and_hold_everything_once(second: Api) -> None:
    whole = _ids(second, "")
    responses = [second.get("?limit=6")]
    while responses[-1].body["meta"]["hasMore"]:
        responses.append(second.get(f"?limit=6&cursor={responses[-1].body['meta']['nextCursor']}"))

    assert [item["id"] for response in responses for item in response.data] == whole
    assert [len(response.data) for response in responses] == [6, 6, 5]
    assert responses[-1].body["meta"]["nextCursor"] is None


def test_last_page_has_no_next_one(second: Api) -> None:
    response = second.get("?limit=17")

    assert len(response.data) == 17
    assert response.body["meta"]["hasMore"] is False


def test_status_filter_holds_across_pages_in_second_generation(second: Api) -> None:
    first_page = second.get("?status=active&limit=9")
    last_page = second.get(f"?status=active&limit=9&cursor={first_page.body['meta']['nextCursor']}")

    assert [len(first_page.data), len(last_page.data)] == [9, 1]
    assert {item["status"] for item in first_page.data + last_page.data} == {"active"}


@pytest.mark.parametrize(
    ("paging", "rest"),
    [("cursor", [0, 0]), ("offset", [5, 11]), ("none", [0, 0])],
)
def test_offset_is_obeyed_only_where_list_pages(database: Path, paging: Any, rest: list[int]) -> None:
    with served(create_app(database, generation=2, list_limit=5, paging=paging)) as api:
        whole = _ids(api, "?limit=100")
        pages = [_ids(api, f"?offset={offset}") for offset in (0, 5, 11, 17)]
        meta = api.get().body["meta"]

    starts = [0, *rest, *([17] if paging == "offset" else [0])]
    assert pages == [whole[start : start + 5] for start in starts]
    assert len(whole) == 17
    assert ("nextCursor" in meta, "hasMore" in meta) == (paging == "cursor", paging == "cursor")


def test_offset_counts_within_a_status(database: Path) -> None:
    with served(create_app(database, generation=2, paging="offset")) as api:
        assert len(_ids(api, "?status=active&offset=9")) == 1
        assert api.get("?offset=-1").error == (400, "VALIDATION_ERROR")
        assert api.get("?offset=x").message == "offset must be an integer from 0 on."


def test_without_paging_a_cursor_is_ignored(database: Path) -> None:
    with served(create_app(database, generation=2, list_limit=1, paging="none")) as api:
        assert _ids(api, "?cursor=!") == _ids(api, "") == [MARKETING]


def test_first_generation_is_whole_whatever_the_limit(database: Path) -> None:
    with served(create_app(database, list_limit=5, paging="none")) as api:
        assert len(_ids(api, "?limit=1")) == 17
