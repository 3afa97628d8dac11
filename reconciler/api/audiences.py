"""The API's responses as live audiences, whichever of the wire's two generations they are written in.

The first generation lists audiences with their `config` and `topics`. The second lists them without, wraps
responses in `meta`, and may page by `meta.nextCursor`; its audiences are then read one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from reconciler.api import AUDIENCES
from reconciler.errors import ApiContractError
from reconciler.model import Audience, Json, ListedAudience, Path, Rule, Rules, dotted, normalise

MAX_PAGES = 1000
MAX_CURSOR = 1000
MAX_CONCURRENT = 8
_TOPICS = "config.topicIds"
_HINT = "Report this to the vendor"
Item = Mapping[str, Json]


class Source(Protocol):
    """Where responses come from: a client's two reads, which raise ApiError."""

    async def get_page(self, cursor: str | None = None) -> Json: ...

    async def get_one(self, audience_id: str) -> Json: ...


@dataclass(frozen=True, slots=True)
class LiveState:
    """The organization as read: the wanted audiences that exist, by id, and all `others` as listed.

    `active` counts the active audiences among all of them. `generation` is the API's, as its list
    shows: the second one's has no configs. It is None where the list is empty.
    """

    audiences: Mapping[str, Audience]
    others: tuple[ListedAudience, ...]
    active: int
    generation: int | None


async def fetch(source: Source, wanted: Collection[str], rules: Rules) -> LiveState:
    """Read the organization; an audience that the list lacks is missing only once its own GET says so.

    Raises what `source` raises, and ApiContractError where a response is not what the contract says.
    """
    listed = {_id(item, where): (item, where) async for item, where in _list(source)}
    unread = [
        key for key in wanted if key not in listed or not isinstance(listed[key][0].get("config"), dict)
    ]
    found = {key: place for key, place in listed.items() if key not in unread}
    found |= await _fetch_items(source, unread)
    names = {topic: name for item, _ in found.values() for topic, name in _topic_names(item)}
    return LiveState(
        audiences={key: _audience(*found[key], rules, names) for key in wanted if key in found},
        others=tuple(_listed(key, item) for key, (item, _) in sorted(found.items()) if key not in wanted),
        active=sum(item.get("status") == "active" for item, _ in found.values()),
        generation=_generation([item for item, _ in listed.values()]),
    )


def _generation(listed: Sequence[Item]) -> int | None:
    if not listed:
        return None
    return 1 if all("config" in item for item in listed) else 2


async def fetch_one(source: Source, audience_id: str, rules: Rules) -> Audience | None:
    """Read one audience afresh, None when it does not exist.

    Raises what `source` raises, and ApiContractError as `read_one` does.
    """
    document = await source.get_one(audience_id)
    return None if document is None else read_one(document, audience_id, rules, "GET")


def read_one(document: Json, audience_id: str, rules: Rules, method: str) -> Audience:
    """Return the audience in the response to `method` on its own route.

    Raises ApiContractError where it is another audience, or a field is of another type than the contract's.
    """
    item, where = _item(document, audience_id, method)
    return _audience(item, where, rules, {})


async def _list(source: Source) -> AsyncIterator[tuple[Item, str]]:
    where = f"GET {AUDIENCES}: "
    cursor: str | None = None
    seen: set[str | None] = set()
    for _ in range(MAX_PAGES):
        page = _object(await source.get_page(cursor), f"{where}the response")
        data = page.get("data")
        if not isinstance(data, list):
            raise _contract_error(f"{where}data", "a list")
        for index, item in enumerate(data):
            yield _object(item, f"{where}data[{index}]"), f"{where}data[{index}]"
        seen.add(cursor)
        cursor = _next_cursor(page, where)
        if cursor is None:
            return
        if cursor in seen:
            break
    raise ApiContractError(f"{where}the list never ends", _HINT)


def _next_cursor(page: Item, where: str) -> str | None:
    meta = _object(page.get("meta") or {}, f"{where}meta")
    cursor = meta.get("nextCursor")
    if cursor is None and not meta.get("hasMore"):
        return None
    if not isinstance(cursor, str) or not 1 <= len(cursor) <= MAX_CURSOR:
        raise _contract_error(f"{where}meta.nextCursor", f"text of 1 to {MAX_CURSOR} characters")
    return cursor


async def _fetch_items(source: Source, ids: Collection[str]) -> dict[str, tuple[Item, str]]:
    """Read audiences one by one, several at once; one that does not exist is left out."""
    semaphore = asyncio.Semaphore(MAX_CONCURRENT)

    async def get(audience_id: str) -> tuple[str, Json]:
        async with semaphore:
            return audience_id, await source.get_one(audience_id)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(get(audience_id)) for audience_id in ids]
    except ExceptionGroup as errors:
        # The first failure ended the other reads; a caller meets it as if it had come alone.
        raise errors.exceptions[0] from None
    documents = dict(task.result() for task in tasks)
    return {key: _item(document, key, "GET") for key, document in documents.items() if document is not None}


def _item(document: Json, audience_id: str, method: str) -> tuple[Item, str]:
    where = f"{method} {AUDIENCES}/{audience_id}: "
    item = _object(_object(document, f"{where}the response").get("data"), f"{where}data")
    if _id(item, f"{where}data") != audience_id:
        raise _contract_error(f"{where}data.id", "the id that was asked for")
    return item, f"{where}data"


def _audience(item: Item, where: str, rules: Rules, names: Mapping[str, str]) -> Audience:
    fields = {key: value for key, value in item.items() if (key,) in rules}
    for key, value in fields.items():
        _require_type(value, (key,), rules, where)
    normal = {key: normalise(value, rules, (key,)) for key, value in fields.items()}
    present = {key: value for key, value in normal.items() if value is not None}
    return Audience(_id(item, where), present, {_TOPICS: {**names, **dict(_topic_names(item))}})


def _require_type(value: Json, path: Path, rules: Rules, where: str) -> None:
    """Require the type that the schema names; null is as good as absent, and bounds are the API's."""
    rule = rules.get(path)
    if rule is None or value is None:
        return
    if not _is_of_kind(value, rule):
        raise _contract_error(f"{where}.{dotted(path)}", _KINDS[rule.kind])
    if isinstance(value, dict):
        for key, part in value.items():
            _require_type(part, (*path, key), rules, where)


def _is_of_kind(value: Json, rule: Rule) -> bool:
    if rule.kind == "set":
        kind = _TYPES[rule.items]
        return isinstance(value, list) and all(type(item) is kind for item in value)
    return type(value) is _TYPES[rule.kind]


def _listed(audience_id: str, item: Item) -> ListedAudience:
    name, status = item.get("name"), item.get("status")
    return ListedAudience(
        audience_id,
        name if isinstance(name, str) else "",
        status if isinstance(status, str) else "",
    )


def _topic_names(item: Item) -> Iterator[tuple[str, str]]:
    topics = item.get("topics")
    for topic in topics if isinstance(topics, list) else ():
        if isinstance(topic, dict) and "id" in topic and isinstance(name := topic.get("name"), str):
            yield str(topic["id"]), name


def _id(item: Item, where: str) -> str:
    value = item.get("id")
    try:
        return str(UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise _contract_error(f"{where}.id", "a UUID") from None


def _object(value: Json, where: str) -> Item:
    if not isinstance(value, dict):
        raise _contract_error(where, "an object")
    return value


def _contract_error(where: str, expected: str) -> ApiContractError:
    return ApiContractError(f"{where} is not {expected}, as the contract says", _HINT)


_TYPES: Mapping[str, type] = {
    "boolean": bool,
    "group": dict,
    "integer": int,
    "object": dict,
    "string": str,
}
_KINDS: Mapping[str, str] = {
    "boolean": "true or false",
    "group": "an object",
    "integer": "a whole number",
    "object": "an object",
    "set": "a list of its kind of values",
    "string": "text",
}
