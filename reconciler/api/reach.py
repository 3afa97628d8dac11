"""How many people a config matches, by the API's preview: who they are goes no further than this module."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.api.documents import MAX_TIME
from reconciler.errors import ApiError
from reconciler.model import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.api.client import ReadClient
    from reconciler.api.responses import Response
    from reconciler.model import Json

MAX_CONCURRENT = 8
# What the route takes of a config.
FIELDS = ("topicIds", "minScore", "maxScore", "minTopicOverlap", "filters")
_NO_ROUTE = (404, 405)


@dataclass(frozen=True, slots=True)
class Count:
    """How many people match, and of which day the API's data are."""

    people: int
    data_date: str


class Counter:
    """Asks about at most `budget` configs, each once, and about no more after an error that is not theirs."""

    def __init__(self, client: ReadClient, budget: int) -> None:
        self._client = client
        self._budget = budget
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._deadline = asyncio.get_running_loop().time() + client.timing.counting
        self._counts: dict[str, Count | str] = {}
        self._trouble = ""

    @property
    def left(self) -> int:
        """How many more configs can be asked about."""
        return self._budget - len(self._counts)

    def unknown(self, configs: Iterable[Mapping[str, Json]]) -> dict[str, Mapping[str, Json]]:
        """Return those of the configs that nobody asked about yet, by their canonical text."""
        distinct = {canonical(dict(config)): config for config in configs}
        return {key: config for key, config in distinct.items() if key not in self._counts}

    async def count(self, configs: Iterable[Mapping[str, Json]]) -> dict[str, Count | str]:
        """Return for each config, by its canonical text, the count or why nobody knows it."""
        distinct = {canonical(dict(config)): config for config in configs}
        within = dict([*self.unknown(distinct.values()).items()][: self.left])
        found = await asyncio.gather(*map(self._one, within.values()))
        self._counts |= dict(zip(within, found, strict=True))
        spent = f"the budget of {self._budget} requests is used up"
        return {key: self._counts.get(key, spent) for key in distinct}

    async def _one(self, config: Mapping[str, Json]) -> Count | str:
        try:
            async with self._slots, asyncio.timeout_at(self._deadline):
                return self._trouble or _count(await self._client.evaluate("preview", config))
        except TimeoutError:
            self._trouble = "the API takes too long to count"
        except ApiError as error:
            self._trouble = error.summary
        return self._trouble


def body(config: Mapping[str, Json]) -> dict[str, Json]:
    """Return what the route takes of a config."""
    return {key: config[key] for key in FIELDS if config.get(key) is not None}


def _count(response: Response) -> Count | str:
    if response.status in _NO_ROUTE:
        return "the API has no preview"
    if not response.is_success:
        return f"the API does not count it: {response.message}"
    data = response.document.get("data") if isinstance(response.document, dict) else None
    total, day = (data.get("totalCount"), data.get("dataDate")) if isinstance(data, dict) else (None, None)
    if type(total) is not int or total < 0 or not isinstance(day, str) or len(day) > MAX_TIME:
        return "the API's preview says no number"
    return Count(total, day)
