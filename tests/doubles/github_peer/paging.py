"""Pages of a list, and the Link header that names the next: by number, or by cursor as issues have it."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from .answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .repository import Issue

T = TypeVar("T")

_DEFAULT, _MAX = 30, 100
_LAST_NUMBERED_PAGE = 99


def numbered(items: Sequence[T], query: Mapping[str, str], url: str) -> tuple[Sequence[T], dict[str, str]]:
    """Give the page that the query asks for, and the headers that go with it."""
    size, page = _size(query), _page(query)
    last = -(-len(items) // size)
    links: dict[str, int] = {}
    if page > 1:
        links |= {"prev": min(page - 1, max(last, 1))}
    if page < last:
        links |= {"next": page + 1, "last": last}
    if page > 1:
        links |= {"first": 1}
    named = {name: _url(url, {**query, "page": str(number)}) for name, number in links.items()}
    return items[(page - 1) * size : page * size], _link(named)


def cursored(
    issues: Sequence[Issue], query: Mapping[str, str], url: str
) -> tuple[Sequence[Issue], dict[str, str]]:
    """Give a page of issues. GitHub names no last page here, and takes no page number over 99."""
    size, page = _size(query), _page(query)
    if page > _LAST_NUMBERED_PAGE and not {"after", "before"} & set(query):
        raise Refusal(
            422,
            "Pagination with the page parameter is not supported for large datasets, please use cursor based"
            " pagination (after/before)",
        )
    start = _start(issues, query, size, page)
    shown = issues[start : start + size]
    rest = {name: value for name, value in query.items() if name not in {"after", "before", "page"}}
    links = {}
    if shown and start + size < len(issues):
        links["next"] = _url(url, {"after": _cursor(shown[-1]), **rest, "page": str(page + 1)})
    if shown and start > 0:
        links["prev"] = _url(url, {**rest, "page": str(max(page - 1, 1)), "before": _cursor(shown[0])})
    return shown, _link(links)


def _start(issues: Sequence[Issue], query: Mapping[str, str], size: int, page: int) -> int:
    numbers = [issue.number for issue in issues]
    if "after" in query:
        return 1 + numbers.index(_number(query["after"], numbers))
    if "before" in query:
        return max(numbers.index(_number(query["before"], numbers)) - size, 0)
    return (page - 1) * size


def _cursor(issue: Issue) -> str:
    return base64.b64encode(f"cursor:v2:{issue.number}".encode()).decode()


def _number(cursor: str, numbers: Sequence[int]) -> int:
    try:
        number = int(base64.b64decode(cursor, validate=True).decode().removeprefix("cursor:v2:"))
    except (binascii.Error, ValueError):
        number = 0
    if number not in numbers:
        raise Refusal(422, "Invalid cursor")
    return number


def _size(query: Mapping[str, str]) -> int:
    asked = query.get("per_page", "")
    return min(int(asked), _MAX) if asked.isdecimal() and int(asked) > 0 else _DEFAULT


def _page(query: Mapping[str, str]) -> int:
    asked = query.get("page", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else 1


def _url(url: str, query: Mapping[str, str]) -> str:
    return f"{url}?{urlencode(query)}"


def _link(links: Mapping[str, str]) -> dict[str, str]:
    return {"Link": ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items())} if links else {}
