"""The filters that the organization's API knows, in either generation's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.api.documents import contract_error, require_object
from reconciler.model import FALLBACK, Catalogue, Filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.api.client import ReadClient
    from reconciler.api.documents import Item
    from reconciler.model import Json

_WHERE = "GET filters: "


async def fetch(client: ReadClient, topics: Mapping[int, str | None]) -> Catalogue:
    """Return the catalogue, with these topics in it; raises ApiError.

    The first generation has lists of values by filter, the second groups of filters.
    """
    document = require_object(await client.get_reference("filters"), f"{_WHERE}the response")
    data = require_object(document.get("data"), f"{_WHERE}data")
    if "groups" not in data:
        lists = {key: Filter(values=_texts(value, f"data.{key}")) for key, value in data.items()}
        return Catalogue(1, _sorted(lists), topics)
    version = require_object(data.get("version") or {}, f"{_WHERE}data.version")
    return Catalogue(
        2,
        _sorted(dict(_filters(data["groups"]))),
        topics,
        is_fallback=version.get("status") == FALLBACK,
        version=_text(version.get("catalogVersion")),
        built=_text(version.get("buildDate")),
    )


def _filters(groups: Json) -> Iterator[tuple[str, Filter]]:
    for place, group in _items(groups, "data.groups"):
        for where, item in _items(group.get("filters"), f"{place}.filters"):
            key = item.get("key")
            if not isinstance(key, str):
                raise contract_error(f"{_WHERE}{where}.key", "text")
            values = [value.get("value") for _, value in _items(item.get("values") or [], f"{where}.values")]
            operators = _texts(item.get("operators") or [], f"{where}.operators")
            yield key, Filter(_text(item.get("type")), operators, _texts(values, f"{where}.values"))


def _items(value: Json, where: str) -> Iterator[tuple[str, Item]]:
    if not isinstance(value, list):
        raise contract_error(f"{_WHERE}{where}", "a list")
    for index, item in enumerate(value):
        place = f"{where}[{index}]"
        yield place, require_object(item, f"{_WHERE}{place}")


def _texts(value: Json, where: str) -> tuple[str, ...]:
    """Return a list's texts, sorted; no definition could hold a number or a boolean among them."""
    if not isinstance(value, list):
        raise contract_error(f"{_WHERE}{where}", "a list")
    return tuple(sorted({item for item in value if isinstance(item, str)}))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _sorted(filters: Mapping[str, Filter]) -> dict[str, Filter]:
    return {key: filters[key] for key in sorted(filters)}
