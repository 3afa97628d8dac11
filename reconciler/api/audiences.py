"""The API's answers as live audiences: the only module that knows the wire's two generations.

The first generation lists audiences with their `config` and `topics`. The second lists them without, wraps
answers in `meta`, and may page by `meta.nextCursor`; its audiences are then read one by one.
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
AT_ONCE = 8
_TOPICS = "config.topicIds"
_REPORT = "Report this to the vendor"
Item = Mapping[str, Json]


class Source(Protocol):
    """Where answers come from: a client's two reads."""

    async def get_page(self, cursor: str | None = None) -> Json: ...

    async def get_one(self, audience_id: str) -> Json: ...


@dataclass(frozen=True, slots=True)
class State:
    """The organization as read: the wanted audiences that exist, by id, and all `others` as listed.

    `active` counts the active audiences among all of them. `generation` is the API's, as its list
    shows: the second one's has no configs. It is None where the list is empty.
    """

    audiences: Mapping[str, Audience]
    others: tuple[ListedAudience, ...]
    active: int
    generation: int | None


async def fetch(source: Source, wanted: Collection[str], rules: Rules) -> State:
    """Read the organization; an audience that the list lacks is missing only once its own GET says so."""
    listed = {_id(item, where): (item, where) async for item, where in _list(source)}
    bare = [one for one in wanted if one not in listed or not isinstance(listed[one][0].get("config"), dict)]
    found = {one: place for one, place in listed.items() if one not in bare} | await _details(source, bare)
    names = {topic: name for item, _ in found.values() for topic, name in _topic_names(item)}
    return State(
        audiences={one: _audience(*found[one], rules, names) for one in wanted if one in found},
        others=tuple(_other(one, item) for one, (item, _) in sorted(found.items()) if one not in wanted),
        active=sum(item.get("status") == "active" for item, _ in found.values()),
        generation=_generation([item for item, _ in listed.values()]),
    )


def _generation(listed: Sequence[Item]) -> int | None:
    if not listed:
        return None
    return 1 if all("config" in item for item in listed) else 2


async def fetch_one(source: Source, audience_id: str, rules: Rules) -> Audience | None:
    """Read one audience afresh, None when it does not exist."""
    document = await source.get_one(audience_id)
    return None if document is None else read_one(document, audience_id, rules, "GET")


def read_one(document: Json, audience_id: str, rules: Rules, method: str) -> Audience:
    """Return the audience in the answer to `method` on its own route.

    Raises ApiContractError where it is another audience, or a field is of another type than the contract's.
    """
    item, where = _one(document, audience_id, method)
    return _audience(item, where, rules, {})


async def _list(source: Source) -> AsyncIterator[tuple[Item, str]]:
    where = f"GET {AUDIENCES}: "
    cursor: str | None = None
    seen: set[str | None] = set()
    for _ in range(MAX_PAGES):
        page = _mapping(await source.get_page(cursor), f"{where}the response")
        data = page.get("data")
        if not isinstance(data, list):
            raise _broken(f"{where}data", "a list")
        for index, item in enumerate(data):
            yield _mapping(item, f"{where}data[{index}]"), f"{where}data[{index}]"
        seen.add(cursor)
        cursor = _next_cursor(page, where)
        if cursor is None:
            return
        if cursor in seen:
            break
    raise ApiContractError(f"{where}the list never ends", _REPORT)


def _next_cursor(page: Item, where: str) -> str | None:
    meta = _mapping(page.get("meta") or {}, f"{where}meta")
    cursor = meta.get("nextCursor")
    if cursor is None and not meta.get("hasMore"):
        return None
    if not isinstance(cursor, str) or not 1 <= len(cursor) <= MAX_CURSOR:
        raise _broken(f"{where}meta.nextCursor", f"text of 1 to {MAX_CURSOR} characters")
    return cursor


async def _details(source: Source, ids: Collection[str]) -> dict[str, tuple[Item, str]]:
    """Read audiences one by one, several at once; one that does not exist is left out."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def get(one: str) -> tuple[str, Json]:
        async with gate:
            return one, await source.get_one(one)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(get(one)) for one in ids]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    answers = dict(task.result() for task in tasks)
    return {one: _one(answer, one, "GET") for one, answer in answers.items() if answer is not None}


def _one(document: Json, audience_id: str, method: str) -> tuple[Item, str]:
    where = f"{method} {AUDIENCES}/{audience_id}: "
    item = _mapping(_mapping(document, f"{where}the response").get("data"), f"{where}data")
    if _id(item, f"{where}data") != audience_id:
        raise _broken(f"{where}data.id", "the id that was asked for")
    return item, f"{where}data"


def _audience(item: Item, where: str, rules: Rules, names: Mapping[str, str]) -> Audience:
    fields = {key: value for key, value in item.items() if (key,) in rules}
    for key, value in fields.items():
        _check(value, (key,), rules, where)
    normal = {key: normalise(value, rules, (key,)) for key, value in fields.items()}
    present = {key: value for key, value in normal.items() if value is not None}
    return Audience(_id(item, where), present, {_TOPICS: {**names, **dict(_topic_names(item))}})


def _check(value: Json, path: Path, rules: Rules, where: str) -> None:
    """Hold a value to the type that the schema names; null is as good as absent, and bounds are the API's."""
    rule = rules.get(path)
    if rule is None or value is None:
        return
    if not _is_of_kind(value, rule):
        raise _broken(f"{where}.{dotted(path)}", _KINDS[rule.kind])
    if isinstance(value, dict):
        for key, part in value.items():
            _check(part, (*path, key), rules, where)


def _is_of_kind(value: Json, rule: Rule) -> bool:
    if rule.kind == "set":
        kind = _TYPES[rule.items]
        return isinstance(value, list) and all(type(item) is kind for item in value)
    return type(value) is _TYPES[rule.kind]


def _other(audience_id: str, item: Item) -> ListedAudience:
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
        raise _broken(f"{where}.id", "a UUID") from None


def _mapping(value: Json, where: str) -> Item:
    if not isinstance(value, dict):
        raise _broken(where, "an object")
    return value


def _broken(where: str, due: str) -> ApiContractError:
    return ApiContractError(f"{where} is not {due}, as the contract says", _REPORT)


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
