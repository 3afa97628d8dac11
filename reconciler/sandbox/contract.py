"""The contract of the bodies that the API takes: its own table of types and bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.sandbox import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reconciler.sandbox.record import Generation

# The largest integer that a JSON reader which holds numbers as doubles keeps exact.
MAX_INTEGER = 2**53 - 1
MAX_TOPICS = 10
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")
STATUSES = ("active", "paused", "draft")


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a value must be: in words, for the response, and as a test."""

    expected: str
    is_met_by: Callable[[object], bool]


def _is_integer(value: object, minimum: int, maximum: int) -> bool:
    # A boolean is an integer to Python, and not to the contract.
    return isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= maximum


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_topics(value: object) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= MAX_TOPICS
        and all(_is_integer(item, 1, MAX_INTEGER) for item in value)
    )


def _is_terms(value: object) -> bool:
    if not isinstance(value, dict) or not _is_texts(value.get("values")):
        return False
    return all(
        isinstance(value[key], str) and key in {"operator", "mode"} for key in value if key != "values"
    )


def _integer(minimum: int, maximum: int) -> Constraint:
    return Constraint(
        f"an integer from {minimum} to {maximum}", lambda value: _is_integer(value, minimum, maximum)
    )


def _text(minimum: int, maximum: int) -> Constraint:
    return Constraint(
        f"a text of {minimum} to {maximum} characters",
        lambda value: isinstance(value, str) and minimum <= len(value) <= maximum,
    )


def _one_of(*choices: str) -> Constraint:
    return Constraint(f"one of {', '.join(choices)}", lambda value: value in choices)


TEXT = Constraint("a text", lambda value: isinstance(value, str))
TEXTS = Constraint("a list of texts", _is_texts)
BOOLEAN = Constraint("true or false", lambda value: isinstance(value, bool))
OBJECT = Constraint("an object", lambda value: isinstance(value, dict))
TERMS = Constraint(
    'an object with a list of texts as "values", and at most an "operator" and a "mode"', _is_terms
)
BY_KIND: Mapping[catalogue.Kind, Constraint] = {
    "multi_select": TERMS,
    "text_terms": TERMS,
    "boolean": BOOLEAN,
}
FILTERS: Mapping[str, Constraint] = {
    "companyIndustry": TEXTS,
    "seniority": TEXTS,
    "companySize": TEXTS,
    "department": TEXTS,
    "state": TEXT,
    "companyRevenueRange": TEXTS,
    "ageRange": TEXTS,
    "gender": TEXT,
    "isB2b": _one_of("y", "n"),
    "jobTitle": _text(0, 200),
    "hasBusinessEmail": BOOLEAN,
    "hasPersonalEmail": BOOLEAN,
    "hasLinkedin": BOOLEAN,
    "hasPhone": BOOLEAN,
    "companyDomain": _text(0, 255),
    "companyName": _text(0, 255),
    **{each.key: BY_KIND[each.kind] for each in catalogue.SECOND.values()},
}
QUERY: Mapping[str, Constraint] = {
    "topicIds": Constraint(f"a list of 1 to {MAX_TOPICS} topic ids, which are integers", _is_topics),
    "minScore": _integer(1, 100),
    "maxScore": _integer(1, 100),
    "minTopicOverlap": _integer(1, 10),
    "filters": OBJECT,
}
CONFIG: Mapping[str, Constraint] = {
    **QUERY,
    "sourceUrl": Constraint(
        "a URI", lambda value: isinstance(value, str) and URI.fullmatch(value) is not None
    ),
}
NEW: Mapping[str, Constraint] = {"name": _text(1, 255), "status": _one_of(*STATUSES), "config": OBJECT}
CHANGE: Mapping[str, Constraint] = {**NEW, "audienceSize": _integer(0, MAX_INTEGER)}


def change_problems(body: object, generation: Generation) -> Iterator[str]:
    """Yield what is wrong with the body of a PATCH."""
    yield from _problems(body, CHANGE)
    yield from _saved_config_problems(body, generation)


def new_problems(body: object, generation: Generation) -> Iterator[str]:
    """Yield what is wrong with the body that makes an audience."""
    yield from _problems(body, NEW, required=("name", "config"))
    yield from _saved_config_problems(body, generation)


def query_problems(body: object, generation: Generation) -> Iterator[str]:
    """Yield what is wrong with the body of a preview, which is a config's query alone."""
    yield from _config_problems(body, generation, QUERY, "")


def _saved_config_problems(body: object, generation: Generation) -> Iterator[str]:
    config = _object_in(body, "config")
    if config is not None:
        yield from _config_problems(config, generation, CONFIG, "config")


def _config_problems(
    config: object, generation: Generation, constraints: Mapping[str, Constraint], where: str
) -> Iterator[str]:
    # The first generation is closed; the second grows, and stores what this table does not know yet.
    is_open = generation != 1
    yield from _problems(config, constraints, where, required=("topicIds",), is_open=is_open)
    filters = _object_in(config, "filters")
    if filters is not None:
        yield from _problems(filters, FILTERS, f"{where}.filters".lstrip("."), is_open=is_open)


def _object_in(value: object, key: str) -> dict[str, object] | None:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else None


def _problems(
    value: object,
    constraints: Mapping[str, Constraint],
    where: str = "",
    *,
    required: Iterable[str] = (),
    is_open: bool = False,
) -> Iterator[str]:
    if isinstance(value, dict):
        prefix = f"{where}." if where else ""
        yield from (f"{prefix}{key} is required" for key in required if key not in value)
        for key, item in value.items():
            constraint = constraints.get(key)
            if constraint is None and not is_open:
                yield f"{prefix}{key} is not a field of this API"
            elif constraint is not None and not constraint.is_met_by(item):
                yield f"{prefix}{key} must be {constraint.expected}"
    else:
        yield "The body must be an object"
