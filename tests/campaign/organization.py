"""Random live audiences of one organization, with the looseness that life has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from . import model

if TYPE_CHECKING:
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
TOPICS = (117805, 117890, 117918, 117801, 102391, 100, 20000)
_WORDS = ("director", "vp", "c_suite", "Zoë", "manager", "51 to 100")
HIDDEN = "\u202e"  # may be live; a definition may not hold it
NAMES = ("Directors", "::error::CFO", "Grüße | *all*", "#1 @team <b>", "x" * 60, "no", f"a{HIDDEN}name")
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
        "name": f"{rng.choice(NAMES)} {rng.randrange(1000)}",
        "status": rng.choice(STATUSES),
        "config": _config(rng, habits),
        "audienceSize": rng.randrange(100_000),
    }


def _config(rng: Random, habits: Habits) -> Document:
    topics = rng.sample(TOPICS, rng.randint(1, 4))
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
    names = rng.sample(filter_names(habits.generation), rng.randint(0, 4))
    filters = {name: filter_value(rng, name) for name in names}
    if habits.is_mixed and rng.random() < 0.3:
        # A server of the second generation may still hold filters of the first, if no file may have both.
        kept = filters if rng.random() < 0.5 else {}
        filters = kept | {name: filter_value(rng, name) for name in rng.sample(_LISTS, 2)}
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


def filter_names(generation: int) -> tuple[str, ...]:
    """Give the names of filters that a generation knows."""
    return (*_LISTS, *_TEXTS, *_FLAGS) if generation == 1 else (*_DOTTED, *_DOTTED_FLAGS)


def filter_value(rng: Random, name: str) -> Any:
    """Draw what a filter of this name may hold."""
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
