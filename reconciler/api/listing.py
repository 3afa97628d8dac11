"""The organization's list of audiences: page by page, within bounds, and whether it is known to be whole.

The vendor documents neither how this list is paged nor how much of it comes unasked. So every request names a
limit, whatever paging the API shows is followed, and where a page could be one of many and nothing says that
it is the last, the next one is asked for. What then stays open is a doubt, and never an error.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Protocol

from reconciler.api import AUDIENCES
from reconciler.api.documents import HINT, contract_error, identity, require_object
from reconciler.errors import ApiContractError, ApiRejected, ApiUnreachable, ResponseTooLarge
from reconciler.model import unordered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator, Mapping

    from reconciler.api.documents import Item
    from reconciler.model import Json

MAX_PAGES = 1000
MAX_CURSOR = 1000  # characters
MAX_BYTES = 64 * 1024 * 1024
MAX_AUDIENCES = 100_000
MAX_SECONDS = 300.0
PAGE_SIZE = 100  # the most that the vendor documents for any of its lists
_ROUND = 25  # the least that it documents; 50 and 100 are the others, and an API may not go by what is asked
_AFTER_TOO_LARGE: Mapping[int | None, int | None] = {PAGE_SIZE: 25, 25: 5}
_AFTER_REFUSAL: Mapping[int | None, int | None] = {PAGE_SIZE: 25, 25: None}
_REFUSALS = {400, 422}  # of a query that the API does not take; a 404 is one only where the list is there
_WHERE = f"GET {AUDIENCES}: "
Items = list[tuple[str, "Item", str]]


class Source(Protocol):
    """Where pages come from: their document and how many bytes it had; raises ApiError."""

    async def get_page(
        self, *, limit: int | None, cursor: str | None = None, offset: int = 0
    ) -> tuple[Json, int]: ...


class Listing:
    """One reading of the list; `doubt` says afterwards why it may be short, empty where it is whole."""

    def __init__(self, source: Source, compared: Collection[str]) -> None:
        """Read from `source`; `compared` are the fields that must be equal where an item comes twice."""
        self.doubt = ""
        self._source = source
        self._compared = compared
        self._limit: int | None = PAGE_SIZE
        self._cursor: str | None = None
        self._cursors: set[str] = set()
        self._offset = 0
        self._largest = 0  # how many items a page had at most
        self._bytes = 0
        self._seen: dict[str, bytes] = {}  # digests of what was seen, by id

    async def pages(self) -> AsyncIterator[Items]:
        """Yield each page's new items as (id, item, place); only one page is held at a time.

        Raises what the source raises, and ApiError where the list is malformed or over a bound.
        """
        deadline = asyncio.get_running_loop().time() + MAX_SECONDS
        for _ in range(MAX_PAGES):
            page = await self._next_page(deadline)
            if page is None:
                return
            data = page.get("data")
            if not isinstance(data, list):
                raise contract_error(f"{_WHERE}data", "a list")
            fresh = list(self._new_items(data))
            yield fresh
            if not self._goes_on(page, len(data), len(fresh)):
                return
        raise ApiContractError(f"{_WHERE}the list never ends", HINT)

    async def _next_page(self, deadline: float) -> Item | None:
        """Return the next page, None where it cannot be had and the list ends in doubt."""
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    document, size = await self._source.get_page(
                        limit=self._limit, cursor=self._cursor, offset=self._offset
                    )
            except TimeoutError:
                raise _too_slow() from None
            except (ApiRejected, ResponseTooLarge) as error:
                if not self._may_ask_for_less(error):
                    return None
            else:
                self._bytes += size
                if self._bytes > MAX_BYTES:
                    raise ApiContractError(f"{_WHERE}the list is over {MAX_BYTES // 1024**2} MiB", _TOO_MUCH)
                return require_object(document, f"{_WHERE}the response")

    def _may_ask_for_less(self, error: ApiRejected | ResponseTooLarge) -> bool:
        """Prepare a smaller request after one that failed; False, and a doubt, where none is left.

        Raises the error where it has nothing to do with how much was asked for.
        """
        is_too_large = isinstance(error, ResponseTooLarge)
        smaller = _AFTER_TOO_LARGE if is_too_large else _AFTER_REFUSAL
        refusals = _REFUSALS | {404} if self._offset else _REFUSALS
        if isinstance(error, ApiRejected) and (error.status not in refusals or self._cursor is not None):
            raise error
        if self._offset and not is_too_large:
            self.doubt = f"{self._doubt_of_length()}, and the API refuses to send more"
        elif self._limit in smaller:
            self._limit, self._largest = smaller[self._limit], 0
            return True
        elif is_too_large:
            self.doubt = "it is over 10 MiB in one piece, and the API does not send it in smaller ones"
        else:
            raise error
        return False

    def _new_items(self, data: list[Json]) -> Iterator[tuple[str, Item, str]]:
        """Yield the items that were not there before; one that comes again must be the same."""
        for index, value in enumerate(data):
            known, where = len(self._seen), f"{_WHERE}data[{index}]"
            item = require_object(value, where)
            key = identity(item, where)
            content = unordered({name: item[name] for name in self._compared if name in item})
            digest = hashlib.sha256(content.encode()).digest()
            if self._seen.setdefault(key, digest) != digest:
                raise ApiContractError(f"{where}: audience {key} came before with other content", _TWICE)
            if len(self._seen) > MAX_AUDIENCES:
                raise ApiContractError(f"{_WHERE}the list has over {MAX_AUDIENCES} audiences", _TOO_MUCH)
            if len(self._seen) > known:
                yield key, item, where

    def _goes_on(self, page: Item, count: int, new: int) -> bool:
        """Decide whether there is another page, and where it begins."""
        meta = require_object(page.get("meta") or {}, f"{_WHERE}meta")
        if meta.get("nextCursor") is not None:
            self._follow(meta["nextCursor"])
            return True
        says_more = bool(meta.get("hasMore"))
        if self._cursor is not None or not count:
            self.doubt = "the API says that there is more, and not where" if says_more else ""
            return False
        if self._offset and not new:
            reason = "the API says that there is more" if says_more else self._doubt_of_length()
            self.doubt = f"{reason}, and the API sends the same page again"
            return False
        is_marked = bool(meta.keys() & _END_MARKERS)
        goes_on = says_more or (not is_marked and self._could_go_on(count))
        self._offset += count
        self._largest = max(self._largest, count)
        return goes_on

    def _follow(self, cursor: Json) -> None:
        if not isinstance(cursor, str) or not 1 <= len(cursor) <= MAX_CURSOR:
            raise contract_error(f"{_WHERE}meta.nextCursor", f"text of 1 to {MAX_CURSOR} characters")
        if cursor in self._cursors:
            raise ApiContractError(f"{_WHERE}the list never ends", HINT)
        self._cursors.add(cursor)
        self._cursor = cursor

    def _could_go_on(self, count: int) -> bool:
        """Whether a page of so many items may have another one after it.

        One that is longer than was asked for is a whole list, of an API that takes no limit.
        """
        if self._offset:
            return count >= self._largest
        return count == self._limit or (count % _ROUND == 0 and count <= (self._limit or count))

    def _doubt_of_length(self) -> str:
        return f"it has exactly {self._offset} audiences"


def _too_slow() -> ApiUnreachable:
    return ApiUnreachable(
        f"{_WHERE}the list could not be read to its end within {MAX_SECONDS:.0f} seconds",
        "Try again later; if it stays so, ask the vendor",
    )


_END_MARKERS = {"hasMore", "nextCursor"}
_TOO_MUCH = "Ask the vendor how many audiences this organization has, and why they take so much room"
_TWICE = "Try again; if it stays so, report this to the vendor"
