"""Random definitions that differ from live audiences, and what somebody else may do to one."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from . import model
from .organization import HIDDEN, NAMES, STATUSES, TOPICS, filter_names, filter_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from .model import Document


def definition(rng: Random, live: Mapping[str, Any], generation: int) -> Document:
    """Draw a definition of an audience: often different from it, in any of its fields."""
    wanted: Document = {"id": live["id"], "name": live["name"].replace(HIDDEN, "")}
    if rng.random() < 0.85:
        wanted["status"] = live["status"]
    if rng.random() < 0.85:
        wanted["config"] = _faithful(rng, live["config"])
    for change in rng.sample(_CHANGES, rng.choice((0, 1, 1, 2))):
        change(rng, wanted, generation)
    if rng.random() < 0.02:
        wanted["audienceSize"] = rng.choice((live["audienceSize"], 5))
    _ignore(rng, wanted, live)
    if rng.random() < 0.02:
        wanted["lifecycle"] = wanted.get("lifecycle", {}) | {"protect": True}
    return wanted


def _faithful(rng: Random, live: Mapping[str, Any]) -> Document:
    """Write a live config down as a person would: without nulls, some defaults, and in another order."""
    config = {
        key: _shuffled(rng, value)
        for key, value in live.items()
        if not (
            value is None or key.startswith(model.UNKNOWN) or (key in model.DEFAULTS and rng.random() < 0.3)
        )
    }
    filters = {
        key: value
        for key, value in model.present(config).get("filters", {}).items()
        if not key.startswith(model.UNKNOWN)
    }
    config.pop("filters", None)
    if any("." in key for key in filters):
        filters = {key: value for key, value in filters.items() if "." in key}
    return {**config, "filters": filters} if filters else config


def _shuffled(rng: Random, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shuffled(rng, part) for key, part in value.items()}
    return rng.sample(value, len(value)) if isinstance(value, list) else deepcopy(value)


def _ignore(rng: Random, wanted: Document, live: Mapping[str, Any]) -> None:
    filters = wanted.get("config", {}).get("filters", {})
    held = model.present(live["config"]).get("filters", {})
    is_dotted = any("." in key for key in (*filters, *held))
    unset = [key for key in held if key not in filters and key[0] != "x" and is_dotted == ("." in key)]
    if unset and rng.random() < 0.2:
        wanted["lifecycle"] = {"ignore": [f"config.filters.{rng.choice(unset)}"]}
    elif "minScore" not in wanted.get("config", {"minScore": 0}) and rng.random() < 0.1:
        wanted["lifecycle"] = {"ignore": ["config.minScore"]}


def _rename(rng: Random, wanted: Document, _generation: int) -> None:
    wanted["name"] = f"{rng.choice(NAMES)} {rng.randrange(1000, 2000)}".replace(HIDDEN, "")


def _turn(rng: Random, wanted: Document, _generation: int) -> None:
    wanted["status"] = rng.choice(STATUSES)


def _aim(rng: Random, wanted: Document, generation: int) -> None:
    config = _config_of(wanted)
    config["topicIds"] = rng.sample(TOPICS, rng.randint(1, 4))
    config["minScore"] = rng.choice((40 if generation == 1 else 55, 60, 70))
    config["minTopicOverlap"] = 1


def _config_of(wanted: Document) -> Document:
    config: Document = wanted.setdefault("config", {"topicIds": [117805, 102391], "minTopicOverlap": 1})
    return config


def _filter_anew(rng: Random, wanted: Document, generation: int) -> None:
    filters = _config_of(wanted).setdefault("filters", {})
    is_legacy = any("." not in name for name in filters)
    if filters and rng.random() < 0.4:
        del filters[rng.choice(sorted(filters))]
    if not filters or rng.random() < 0.6:
        name = rng.choice(filter_names(1 if is_legacy else generation))
        filters[name] = filter_value(rng, name)


_CHANGES: tuple[Callable[[Random, Document, int], None], ...] = (_rename, _turn, _turn, _aim, _filter_anew)


def foreign(
    rng: Random, live: Mapping[str, Any], wanted: Mapping[str, Any] | None, generation: int
) -> Document:
    """Draw what somebody else may change: a field, all that was planned, or only what moves by itself."""
    kind = rng.choice(("name", "status", "filters", "config", "planned", "size"))
    if kind == "planned" and wanted is not None:
        return model.patch_for(wanted, live) or {"audienceSize": 7}
    if kind in {"filters", "config"}:
        config = deepcopy(live["config"])
        config["minScore"] = rng.choice((11, 12) if generation == 1 else (61, 62))
        name = rng.choice(filter_names(generation))
        config["filters"] = {**model.flat(config.get("filters") or {}), name: filter_value(rng, name)}
        anew = {"topicIds": [1, 2], "minScore": 13 if generation == 1 else 63}
        return {"config": config if kind == "filters" else anew}
    changes = {"name": f"Mine now {rng.randrange(1000)}", "status": rng.choice(STATUSES)}
    return {kind: changes[kind]} if kind in changes else {"audienceSize": rng.randrange(1000)}
