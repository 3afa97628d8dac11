"""Random live audiences, definitions that differ from them, and what somebody else may do to one."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from . import model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from .model import Document

STATUSES = ("active", "paused", "draft")
ODD: tuple[Document, ...] = (
    {"name": 5},
    {"status": 7},
    {"config": "text"},
    {"config": {"topicIds": "117805"}},
    {"config": {"topicIds": [117805], "minScore": "70"}},
)
"""What no reader can make sense of."""
_TOPICS = (117805, 117890, 117918, 117801, 102391, 100, 20000)
_WORDS = ("director", "vp", "c_suite", "Zoë", "manager", "51 to 100")
_HIDDEN = "\u202e"  # may be live; a definition may not hold it
_NAMES = ("Directors", "::error::CFO", "Grüße | *all*", "#1 @team <b>", "x" * 60, "no", f"a{_HIDDEN}name")
_LISTS = ("companyIndustry", "seniority", "companySize", "department", "ageRange")
_TEXTS = ("state", "gender", "jobTitle", "companyName")
_FLAGS = ("hasBusinessEmail", "hasPhone")
_DOTTED = ("company.industries", "role.seniority", "jobTitle.exclude", "company.domains")
_DOTTED_FLAGS = ("role.isDecisionMaker", "contact.hasBusinessEmail")


@dataclass(frozen=True, slots=True)
class Habits:
    """What the organization's server may hold: filters of both generations, nested ones, and unknown keys."""

    generation: int
    is_strict: bool = False
    is_mixed: bool = False
    is_nested: bool = False
    has_unknown: bool = True


def audience(rng: Random, habits: Habits) -> Document:
    """Draw one live audience, with the looseness that life has: nulls, empty groups, unknown keys."""
    return {
        "id": str(UUID(int=rng.getrandbits(128), version=4)),
        "name": f"{rng.choice(_NAMES)} {rng.randrange(1000)}",
        "status": rng.choice(STATUSES),
        "config": _config(rng, habits),
        "audienceSize": rng.randrange(100_000),
    }


def _config(rng: Random, habits: Habits) -> Document:
    topics = rng.sample(_TOPICS, rng.randint(1, 4))
    config: Document = {"topicIds": topics}
    _maybe(rng, config, "minScore", (None, 70, 50, 85))
    _maybe(rng, config, "maxScore", (100 if habits.generation == 1 else model.LARGEST, 95, 90))
    _maybe(rng, config, "minTopicOverlap", (1, len(topics)))
    _maybe(rng, config, "sourceUrl", ("https://example.com/pricing", "https://example.com/a?b=c"), 0.2)
    _maybe(rng, config, "x_beta", ({"v": 1}, "on", {"v": [2, 1]}, ["b", "a"]), 0.15)
    if rng.random() < 0.85:
        config["filters"] = _filters(rng, habits)
    return config


def _filters(rng: Random, habits: Habits) -> Document:
    names = rng.sample(_names(habits.generation), rng.randint(0, 4))
    filters = {name: _filter(rng, name) for name in names}
    if habits.is_mixed and rng.random() < 0.3:
        # A server of the second generation may still hold filters of the first, if no file may have both.
        legacy = rng.sample(_LISTS, 2)
        filters = {**(filters if rng.random() < 0.5 else {}), **{name: _filter(rng, name) for name in legacy}}
    elif habits.is_nested and rng.random() < 0.3:
        filters = _nested(filters)
    if habits.has_unknown:
        _maybe(rng, filters, "x_new", (True, "text", ["n", "m"]), 0.1)
        empty, value = rng.choice((("ageRange", []), ("ageRange", None), ("state", ""), ("state", None)))
        _maybe(rng, filters, empty, (value,), 0.1)
    return filters


def _nested(filters: Document) -> Document:
    result: Document = {}
    for key, value in filters.items():
        group, _, name = key.partition(".")
        parts = result.setdefault(group, {})
        parts[name] = value if isinstance(value, bool) else value["values"]
        if not isinstance(value, bool) and "mode" in value:
            parts[f"{name}Mode"] = value["mode"]
    return result


def _maybe(rng: Random, config: Document, key: str, values: tuple[Any, ...], share: float = 0.5) -> None:
    if rng.random() < share:
        config[key] = rng.choice(values)


def _names(generation: int) -> tuple[str, ...]:
    return (*_LISTS, *_TEXTS, *_FLAGS) if generation == 1 else (*_DOTTED, *_DOTTED_FLAGS)


def _filter(rng: Random, name: str) -> Any:
    if name in _LISTS:
        return rng.sample(_WORDS, rng.randint(1, 3))
    if name in _TEXTS:
        return rng.choice(_WORDS)
    if name in _DOTTED:
        value: Document = {"values": rng.sample(_WORDS, rng.randint(1, 3))}
        _maybe(rng, value, "operator", ("contains",))
        _maybe(rng, value, "mode", ("any", "all"))
        return value
    return rng.random() < 0.5


def definition(rng: Random, live: Mapping[str, Any], generation: int) -> Document:
    """Draw a definition of an audience: often different from it, in any of its fields."""
    wanted: Document = {"id": live["id"], "name": live["name"].replace(_HIDDEN, "")}
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
    wanted["name"] = f"{rng.choice(_NAMES)} {rng.randrange(1000, 2000)}".replace(_HIDDEN, "")


def _turn(rng: Random, wanted: Document, _generation: int) -> None:
    wanted["status"] = rng.choice(STATUSES)


def _aim(rng: Random, wanted: Document, generation: int) -> None:
    config = _config_of(wanted)
    config["topicIds"] = rng.sample(_TOPICS, rng.randint(1, 4))
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
        name = rng.choice(_names(1 if is_legacy else generation))
        filters[name] = _filter(rng, name)


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
        name = rng.choice(_names(generation))
        config["filters"] = {**model.flat(config.get("filters") or {}), name: _filter(rng, name)}
        anew = {"topicIds": [1, 2], "minScore": 13 if generation == 1 else 63}
        return {"config": config if kind == "filters" else anew}
    changes = {"name": f"Mine now {rng.randrange(1000)}", "status": rng.choice(STATUSES)}
    return {kind: changes[kind]} if kind in changes else {"audienceSize": rng.randrange(1000)}
