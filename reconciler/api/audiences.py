"""The organization's live audiences, whichever of the wire's two generations its API speaks.

The first generation lists audiences with their `config` and `topics`. The second lists them without, and its
audiences are then read one by one. Nothing is kept of a response but what is asked for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reconciler.api import documents
from reconciler.api.listing import Listing
from reconciler.api.listing import Source as ListSource
from reconciler.errors import ApiContractError, ResponseTooLarge

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.api.documents import Item
    from reconciler.model import Audience, Json, ListedAudience, Rules

MAX_CONCURRENT = 8


class Source(ListSource, Protocol):
    """Where responses come from: a client's two reads, which raise ApiError."""

    async def get_one(self, audience_id: str) -> Json: ...


@dataclass(frozen=True, slots=True)
class LiveState:
    """The organization as read: the wanted audiences that exist, by id, and all `others` as listed.

    `active` counts the active audiences among all of them. `generation` is the API's, as its list
    shows: the second one's has no configs. It is None where the list is empty. `doubt` says why the list may
    not be all of it, and is empty where it is; what is wanted was read all the same.
    """

    audiences: Mapping[str, Audience]
    others: tuple[ListedAudience, ...]
    active: int
    generation: int | None
    doubt: str = ""


async def fetch(source: Source, wanted: Collection[str], rules: Rules) -> LiveState:
    """Read the organization; an audience that the list lacks is missing only once its own GET says so.

    An audience that cannot be read, or in part only, says so itself (`Audience.unreadable`) and hinders no
    other one. Raises what `source` raises, and ApiContractError where the list is not what the contract says.
    """
    reading = _Reading(frozenset(wanted), rules)
    listing = Listing(source, [path[0] for path in rules if len(path) == 1 and not rules[path].is_volatile])
    async for items in listing.pages():
        for key, item, where in items:
            reading.take_listed(key, item, where)
    await _fetch_each(source, [key for key in wanted if key not in reading.audiences], reading)
    return reading.state(wanted, listing.doubt)


class _Reading:
    """What is kept of what was read so far; the names of topics once, for all audiences."""

    def __init__(self, wanted: frozenset[str], rules: Rules) -> None:
        self.audiences: dict[str, Audience] = {}
        self._wanted = wanted
        self._rules = rules
        self._others: dict[str, ListedAudience] = {}
        self._active = 0
        self._generation: int | None = None
        self._topics: dict[str, str] = {}
        self._names = {documents.TOPICS: self._topics}

    def take_listed(self, key: str, item: Item, where: str) -> None:
        """Keep an item of the list, unless it is wanted and its config must be read yet."""
        has_config = "config" in item
        self._generation = 1 if has_config and self._generation in {None, 1} else 2
        if key not in self._wanted:
            self._note(item)
            self._others[key] = documents.listed(key, item)
        elif isinstance(item.get("config"), dict):
            self.take(key, item, where)

    def take(self, key: str, item: Item, where: str) -> None:
        """Keep an audience that is wanted."""
        self._note(item)
        self.audiences[key] = documents.audience(key, item, where, self._rules, self._names)

    def take_response(self, key: str, document: Json) -> None:
        """Keep what a GET of a wanted audience gave, None where it does not exist."""
        if document is None:
            return
        try:
            item, where = documents.item_of(document, key, "GET")
        except ApiContractError as error:
            self.take_unreadable(key, error.summary)
        else:
            self.take(key, item, where)

    def take_unreadable(self, key: str, problem: str) -> None:
        """Keep that a wanted audience cannot be read at all."""
        self.audiences[key] = documents.unreadable(key, problem, self._rules)

    def _note(self, item: Item) -> None:
        self._active += item.get("status") == "active"
        for topic, name in documents.topic_names(item):
            # Of two names for one topic, the same one whatever the order of the list.
            self._topics[topic] = min(name, self._topics.get(topic, name))

    def state(self, wanted: Collection[str], doubt: str) -> LiveState:
        return LiveState(
            audiences={key: self.audiences[key] for key in wanted if key in self.audiences},
            others=tuple(self._others[key] for key in sorted(self._others)),
            active=self._active,
            generation=self._generation,
            doubt=doubt,
        )


async def fetch_each(source: Source, wanted: Collection[str], rules: Rules) -> Mapping[str, Audience]:
    """Read audiences one by one, without the list; one that does not exist is left out.

    Raises what `source` raises. One that cannot be read says so itself, as with `fetch`.
    """
    reading = _Reading(frozenset(wanted), rules)
    await _fetch_each(source, wanted, reading)
    return reading.audiences


async def fetch_one(
    source: Source, audience_id: str, rules: Rules, needed: Collection[str] | None = None
) -> Audience | None:
    """Read one audience afresh, None when it does not exist.

    Raises what `source` raises, and ApiContractError as `read_one` does.
    """
    document = await source.get_one(audience_id)
    return None if document is None else read_one(document, audience_id, rules, "GET", needed)


def read_one(
    document: Json, audience_id: str, rules: Rules, method: str, needed: Collection[str] | None = None
) -> Audience:
    """Return the audience in the response to `method` on its own route.

    Raises ApiContractError where it is another audience, or a needed field (None: any) cannot be read.
    """
    item, where = documents.item_of(document, audience_id, method)
    names = {documents.TOPICS: dict(documents.topic_names(item))}
    found = documents.audience(audience_id, item, where, rules, names)
    return documents.require_readable(found, needed)


async def _fetch_each(source: Source, ids: Collection[str], reading: _Reading) -> None:
    """Read audiences one by one, several at once; one that does not exist is left out."""
    semaphore = asyncio.Semaphore(MAX_CONCURRENT)

    async def get(key: str) -> None:
        async with semaphore:
            try:
                document = await source.get_one(key)
            except ResponseTooLarge as error:
                reading.take_unreadable(key, error.summary)
            else:
                reading.take_response(key, document)

    try:
        async with asyncio.TaskGroup() as group:
            for key in ids:
                group.create_task(get(key))
    except ExceptionGroup as errors:
        # The first failure ended the other reads; a caller meets it as if it had come alone.
        raise errors.exceptions[0] from None
