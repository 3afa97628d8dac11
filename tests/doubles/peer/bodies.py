"""What the contract allows in a body, and what a server makes of the config in it before it stores it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .copying import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .wire import Request

Document = dict[str, Any]

_FIELDS = ("topicIds", "minScore", "maxScore", "minTopicOverlap", "filters", "sourceUrl")
PERSON = "canary.person@example.com"  # one of a preview's sample, whom nobody may ever show
_LEAST_STORED = 50  # of a score that the second generation is given, when it is strict
_SHARED = {"minScore": (1, 100), "maxScore": (1, 100), "minTopicOverlap": (1, 10)}
_STRICT = {"minScore": (0, 99), "maxScore": (50, 99), "minTopicOverlap": (1, 250)}
_FIRST = (
    *("companyIndustry", "companyRevenueRange", "companySize", "companyDomain", "companyName"),
    *("seniority", "department", "jobTitle", "state", "ageRange", "gender", "isB2b"),
    *("hasBusinessEmail", "hasPersonalEmail", "hasLinkedin", "hasPhone"),
)
_SECOND = {
    "company": ("industries", "industryGroups", "revenueRanges", "names", "domains"),
    "role": ("seniority", "departments", "isDecisionMaker", "isCeo", "isVp", "isFinance"),
    "jobTitle": ("include", "exclude", "exact"),
    "contact": ("hasBusinessEmail",),
}
_KNOWN = {
    1: frozenset(_FIRST),
    2: frozenset(f"{group}.{name}" for group, names in _SECOND.items() for name in names),
}


@dataclass(frozen=True, slots=True)
class Bodies:
    """
    How strictly bodies are read.

    `is_strict` is the second generation by its published bounds: what is out of them is refused, and a lower
    `minScore` than 50 becomes 50. `unknown_filters` is what becomes of a filter key that the generation does
    not have: `refuse`, `strip` or `store`.
    """

    generation: int
    is_strict: bool
    unknown_filters: str

    def __post_init__(self) -> None:
        if self.is_strict and self.generation == 1:
            raise ValueError("only generation 2 is strict")
        if self.unknown_filters not in {"refuse", "strip", "store"}:
            raise ValueError(f"unknown filters: refuse, strip or store, not {self.unknown_filters!r}")

    def patch(self, request: Request) -> Document | str:
        """Give the PATCH's fields as they are stored, or the first thing that the contract forbids in it."""
        patch = _object(request)
        if isinstance(patch, str):
            return patch
        problems = (problem for name, value in patch.items() if (problem := self._problem(name, value)))
        if problem := next(problems, None):
            return problem
        return {name: self.normal(value) if name == "config" else value for name, value in patch.items()}

    def validate(self, request: Request) -> Document | str:
        """Give what validation says of the config that a body is; what is wrong with another body."""
        config = _object(request)
        if isinstance(config, str):
            return config
        is_valid = self._config_problem(config) is None
        normal = self.normal(config) if is_valid else config
        keys = filter_keys(normal.get("filters")) if is_valid else ()
        spelled = json.dumps(normal, sort_keys=True).encode()
        return {
            "valid": is_valid,
            "configHash": hashlib.sha256(spelled).hexdigest(),
            "normalizedConfig": {**dict.fromkeys(_FIELDS), **normal},
            "appliedFilters": sorted(keys),
            "strategy": "intent",
        }

    def preview(self, request: Request) -> Document:
        """Give how many people match: 1,000 a topic, less ten a point of the score and fifty a filter."""
        config = json.loads(request.body)
        score = config.get("minScore")
        total = 1000 * len(config["topicIds"]) - 10 * (score if isinstance(score, int) else 0)
        total -= 50 * len(config.get("filters") or {})
        return {"totalCount": max(total, 0), "sample": [{"email": PERSON}], "dataDate": "2026-11-26"}

    def normal(self, config: Document) -> Document:
        """Give a valid config as it is stored."""
        result = copied(config)
        score = result.get("minScore")
        if self.is_strict and score is not None:
            result["minScore"] = max(score, _LEAST_STORED)
        if self.unknown_filters == "strip" and result.get("filters"):
            result["filters"] = strip(result["filters"], self._is_known)
        return result

    def _is_known(self, key: str) -> bool:
        return key in _KNOWN[self.generation]

    def _problem(self, name: str, value: Any) -> str | None:
        if name == "config":
            return self._config_problem(value)
        valid = {
            "name": isinstance(value, str) and 1 <= len(value) <= 255,
            "status": value in ("active", "paused", "draft"),
            "audienceSize": _is_integer(value),
        }
        if name not in valid:
            return f"unknown field {name}"
        return None if valid[name] else f"invalid {name}"

    def _config_problem(self, config: Any) -> str | None:
        if not isinstance(config, dict):
            return "config must be an object"
        most = 250 if self.is_strict else 10
        topics = config.get("topicIds")
        if not isinstance(topics, list) or not 1 <= len(topics) <= most or not all(map(_is_integer, topics)):
            return f"config.topicIds must be 1 to {most} integers"
        for name, (least, largest) in (_STRICT if self.is_strict else _SHARED).items():
            value = config.get(name, largest)
            if value is None and name == "minScore" and self.is_strict:
                continue
            if not _is_integer(value) or not least <= value <= largest:
                return f"config.{name} must be {least} to {largest}"
        filters = config.get("filters", {})
        if not isinstance(filters, dict):
            return "config.filters must be an object"
        unknown = [key for key in filter_keys(filters) if not self._is_known(key)]
        return f"unknown filter {unknown[0]}" if unknown and self.unknown_filters == "refuse" else None


def filter_keys(filters: Document | None) -> tuple[str, ...]:
    """Give the catalogue's keys of filters in the dotted form, the nested one, or both."""
    return tuple(dict.fromkeys(key for key, _ in _places(filters or {})))


def strip(filters: Document, is_kept: Callable[[str], bool]) -> Document:
    """Leave out the filters that are not kept, in whichever form they are; an empty group goes as well."""
    dropped = [place for key, place in _places(filters) if not is_kept(key)]
    result = copied(filters)
    for group, *inner in dropped:
        if inner:
            result[group].pop(inner[0])
        else:
            result.pop(group)
    return {key: value for key, value in result.items() if value != {} or key not in _SECOND}


def _places(filters: Document) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each filter's catalogue key and where it stands; a mode beside its terms counts as theirs."""
    for key, value in filters.items():
        if key in _SECOND and isinstance(value, dict):
            yield from ((f"{key}.{inner.removesuffix('Mode')}", (key, inner)) for inner in value)
        else:
            yield key, (key,)


def _object(request: Request) -> Document | str:
    if (request.header("Content-Type") or "").split(";")[0] != "application/json":
        return "the content type must be application/json"
    try:
        document = json.loads(request.body)
    except ValueError:
        return "the body is not JSON"
    return document if isinstance(document, dict) else "the body must be an object"


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
