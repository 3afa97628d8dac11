"""The API's word on a config, asked before anything is written: its route reads only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from reconciler.api import documents, filter_forms
from reconciler.api.responses import MAX_MESSAGE
from reconciler.errors import ApiContractError
from reconciler.model import Verdict, canonical, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.api.client import ReadClient
    from reconciler.api.documents import Item
    from reconciler.api.responses import Response
    from reconciler.model import Json, Rules

MAX_CONCURRENT = 8
_NO_ROUTE = (404, 405)
_DATA = "POST validate: data"


async def ask(
    client: ReadClient, configs: Mapping[str, Mapping[str, Json]], rules: Rules
) -> dict[str, Verdict | None]:
    """Return the API's verdict on each config by its key, None where the API has no route to ask.

    Equal configs are asked about once. Raises ApiError.
    """
    semaphore = asyncio.Semaphore(MAX_CONCURRENT)

    async def verdict(config: Mapping[str, Json]) -> Verdict | None:
        async with semaphore:
            return _verdict(await client.evaluate("validate", config), rules)

    distinct = {canonical(dict(config)): config for config in configs.values()}
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {key: group.create_task(verdict(config)) for key, config in distinct.items()}
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None  # the first failure ended the others
    verdicts = {key: tasks[canonical(dict(config))].result() for key, config in configs.items()}
    if None in verdicts.values() and any(verdicts.values()):
        # A route is there or it is not: what was not answered must not pass for what cannot be asked.
        raise ApiContractError(
            "POST validate answers for some configs, and is not there for others", documents.HINT
        )
    return verdicts


def body(config: Mapping[str, Json], rules: Rules) -> dict[str, Json]:
    """Return what the route takes of a config: its documented fields, and nothing that is carried over."""
    return {key: value for key, value in config.items() if ("config", key) in rules}


def _verdict(response: Response, rules: Rules) -> Verdict | None:
    if response.status in _NO_ROUTE:
        return None
    if not response.is_success:
        return Verdict(refusal=response.message)
    data = response.document.get("data") if isinstance(response.document, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("valid"), bool):
        raise documents.contract_error(f"{_DATA}.valid", "true or false")
    if not data["valid"]:
        return Verdict(refusal=_reason(data))
    config, applied = data.get("normalizedConfig"), data.get("appliedFilters")
    if not isinstance(config, dict):
        raise documents.contract_error(f"{_DATA}.normalizedConfig", "an object")
    if not isinstance(applied, list) or not all(isinstance(key, str) for key in applied):
        raise documents.contract_error(f"{_DATA}.appliedFilters", "a list of texts")
    form = cast("Item", documents.readable(config, "config", f"{_DATA}.normalizedConfig", rules))
    return Verdict(
        stored={"config": normalise(dict(form), rules, ("config",))},
        applied=filter_forms.applied(form.get("filters"), cast("list[str]", applied)),
    )


def _reason(data: Mapping[str, Any]) -> str:
    """Return what a refusal says for itself; where it stands is not documented, so any text of it will do."""
    for key in ("message", "reason", "error", "errors"):
        found = data.get(key)
        texts = [_text(item) for item in (found if isinstance(found, list) else [found])]
        if any(texts):
            return "; ".join(filter(None, texts))[:MAX_MESSAGE]
    return ""


def _text(item: object) -> str:
    message = item.get("message") if isinstance(item, dict) else item
    return message if isinstance(message, str) else ""
