"""The contract of the bodies that the API takes: its own table of types and bounds, by generation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.sandbox import constraints, filters
from reconciler.sandbox.constraints import OBJECT, URI, integer, integer_or_null, one_of, text, topic_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.sandbox.constraints import Constraint
    from reconciler.sandbox.options import Options
    from reconciler.sandbox.record import Generation

STATUSES = ("active", "paused", "draft")
QUERY: Mapping[Generation, Mapping[str, Constraint]] = {
    1: {
        "topicIds": topic_ids(10),
        "minScore": integer(1, 100),
        "maxScore": integer(1, 100),
        "minTopicOverlap": integer(1, 10),
        "filters": OBJECT,
    },
    2: {
        "topicIds": topic_ids(250),
        "minScore": integer_or_null(0, 99),
        "maxScore": integer(50, 99),
        "minTopicOverlap": integer(1, 250),
        "filters": OBJECT,
    },
}
LOOKUP: Mapping[str, Constraint] = {
    "audienceId": text(36, 36),
    "date": text(10, 10),
    "limit": integer(1, 100),
    "cursor": constraints.TEXT_OR_NULL,
}
SOURCE: Mapping[str, Constraint] = {"sourceUrl": URI}
AUDIENCE: Mapping[str, Constraint] = {
    "name": text(1, 255),
    "status": one_of(*STATUSES),
    "config": OBJECT,
    "audienceSize": integer(0, constraints.MAX_INTEGER),
}


class Problem(NamedTuple):
    """What is wrong with a body; malformed where it is a type or a key, and not a bound, that is wrong."""

    text: str
    is_malformed: bool


def change_problems(body: object, options: Options) -> Iterator[Problem]:
    """Yield what is wrong with the body of a PATCH."""
    yield from _problems(body, AUDIENCE)
    yield from _saved_config_problems(body, options)


def new_problems(body: object, options: Options) -> Iterator[Problem]:
    """Yield what is wrong with the body that makes an audience."""
    yield from _problems(body, AUDIENCE, required=("name", "config"))
    yield from _saved_config_problems(body, options)


def preview_problems(body: object, options: Options) -> Iterator[Problem]:
    """Yield what is wrong with the body of a preview, which is a config's query alone."""
    yield from _config_problems(body, QUERY[options.generation], "", options)


def lookup_problems(body: object, options: Options) -> Iterator[Problem]:
    """Yield what is wrong with the body of a query for people; a saved audience stands for its config."""
    has_saved = isinstance(body, dict) and "audienceId" in body
    table = {**QUERY[options.generation], **LOOKUP}
    yield from _config_problems(body, table, "", options, required=() if has_saved else ("topicIds",))


def config_problems(body: object, options: Options) -> Iterator[Problem]:
    """Yield what is wrong with a whole config, as the validate route takes it."""
    yield from _config_problems(body, {**QUERY[options.generation], **SOURCE}, "", options)


def _saved_config_problems(body: object, options: Options) -> Iterator[Problem]:
    config = _object_in(body, "config")
    if config is not None:
        yield from _config_problems(config, {**QUERY[options.generation], **SOURCE}, "config.", options)


def _config_problems(
    config: object,
    table: Mapping[str, Constraint],
    prefix: str,
    options: Options,
    required: Iterable[str] = ("topicIds",),
) -> Iterator[Problem]:
    # The first generation is closed; the second grows, and stores what this table does not know yet.
    is_open = options.generation != 1
    yield from _problems(config, table, prefix, required=required, is_open=is_open)
    found = _object_in(config, "filters")
    if found is not None:
        yield from _filter_problems(found, f"{prefix}filters.", options)


def _filter_problems(found: Mapping[str, object], prefix: str, options: Options) -> Iterator[Problem]:
    for leaf in filters.leaves(found, options.generation):
        constraint = filters.constraint(leaf, options.generation)
        if constraint is not None:
            yield from _unmet(constraint, leaf.value, f"{prefix}{leaf.key}")
        elif options.unknown_filters == "refuse":
            yield Problem(f"{prefix}{leaf.key} is not a field of this API", is_malformed=False)


def _object_in(value: object, key: str) -> dict[str, object] | None:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else None


def _problems(
    value: object,
    table: Mapping[str, Constraint],
    prefix: str = "",
    *,
    required: Iterable[str] = (),
    is_open: bool = False,
) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem("The body must be an object", is_malformed=True)
        return
    yield from (
        Problem(f"{prefix}{key} is required", is_malformed=True) for key in required if key not in value
    )
    for key, item in value.items():
        if key in table:
            yield from _unmet(table[key], item, f"{prefix}{key}")
        elif not is_open:
            yield Problem(f"{prefix}{key} is not a field of this API", is_malformed=True)


def _unmet(constraint: Constraint, value: object, where: str) -> Iterator[Problem]:
    if not constraint.is_met_by(value):
        yield Problem(f"{where} must be {constraint.expected}", is_malformed=not constraint.is_typed(value))
