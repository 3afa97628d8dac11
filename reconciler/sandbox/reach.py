"""How many people a config matches: a plain formula that only grows when a config gets wider."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from reconciler.sandbox import catalogue, topics
from reconciler.sandbox.filters import applied
from reconciler.sandbox.people import masked
from reconciler.sandbox.record import seed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.record import Config, Generation

EVERYBODY = 1_000  # the share of a filter that everybody matches
# What a config that leaves them out is run with. The second generation documents no defaults, so there it is
# what limits nothing.
DEFAULTS: Mapping[Generation, Mapping[str, int]] = {
    1: {"minScore": 70, "maxScore": 100, "minTopicOverlap": 1},
    2: {"minScore": 50, "maxScore": 99, "minTopicOverlap": 1},
}
# How many people a preview shows.
MAX_SAMPLE = 5


def people(config: Config, generation: Generation) -> int:
    """Return how many people match; wider topics, scores or values never give fewer."""
    topic_ids = set(config["topicIds"])
    scalars = run_with(config, generation)
    overlap = scalars["minTopicOverlap"]
    # Divided once, at the end, so that no step loses what a wider one would have kept.
    divisor = len(topic_ids) * overlap * 100
    found = sum(map(topics.people_in, topic_ids))
    found *= max(0, len(topic_ids) - overlap + 1)
    found *= max(0, scalars["maxScore"] - scalars["minScore"] + 1)
    for key, value in applied(config, generation).items():
        found *= _share(catalogue.FILTERS[generation][key], value)
        divisor *= EVERYBODY
    return int(found // divisor)


def run_with(config: Config, generation: Generation) -> dict[str, int]:
    """Return the scores and the overlap that a config is run with."""
    given = {key: config[key] for key in DEFAULTS[generation] if config.get(key) is not None}
    return {**DEFAULTS[generation], **given}


def _share(each: catalogue.Filter, value: object) -> int:
    """Return how many of a thousand people match."""
    if isinstance(value, bool):
        return each.other if value else EVERYBODY
    if each.kind == "number_range":
        return each.other
    known = {name.casefold(): share for name, share in each.shares.items()}
    terms = {term.casefold() for term in _terms(value)}
    if not terms:
        return EVERYBODY  # an empty list is a filter that is switched off
    matched = min(EVERYBODY, sum(known.get(term, each.other) for term in terms))
    return EVERYBODY - matched if each.key == "jobTitle.exclude" else matched


def _terms(value: object) -> list[str]:
    """Return the terms of a text, a list, or an object with `values`."""
    listed = value.get("values") if isinstance(value, dict) else value
    if isinstance(listed, str):
        return [listed]
    return [term for term in listed if isinstance(term, str)] if isinstance(listed, list) else []


def config_hash(config: Config) -> str:
    """Return the config's fingerprint, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def preview(config: Config, generation: Generation) -> dict[str, Any]:
    """Return the data of the preview route's response."""
    total, scores = people(config, generation), run_with(config, generation)
    data = {
        "totalCount": total,
        "sample": [masked(number, config, scores) for number in range(min(total, MAX_SAMPLE))],
        "dataDate": seed()["dataDate"],
    }
    if generation == 1:
        return {**data, "previewKey": f"preview_{config_hash(config)[:16]}"}
    breakdowns = {
        "industries": _breakdown(total, catalogue.INDUSTRY),
        "seniorities": _breakdown(total, catalogue.SENIORITY),
    }
    return {**data, **evaluation(config, generation), "breakdowns": breakdowns}


def evaluation(config: Config, generation: Generation) -> dict[str, Any]:
    """Return how the second generation would run a config."""
    return {
        "configHash": config_hash(config),
        "strategy": "sandbox",
        "appliedFilters": list(applied(config, generation)),
    }


def _breakdown(total: int, shares: Mapping[str, int]) -> list[dict[str, Any]]:
    divisor = sum(shares.values())
    return [catalogue.counted_value(value, total * share // divisor) for value, share in shares.items()]
