"""How many people a config matches: a plain formula that only grows when a config gets wider."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from reconciler.sandbox import catalogue, topics
from reconciler.sandbox.filters import applied
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
# Example domains only, so that no preview can name a real person.
PEOPLE = (
    ("Ana", "northwind.example", "director", "director of demand generation"),
    ("Bo", "contoso.example", "vp", "vp marketing"),
    ("Chidi", "initech.example", "c_suite", "chief revenue officer"),
    ("Dana", "umbrella.example", "manager", "revenue operations manager"),
    ("Emil", "globex.example", "director", "director of finance"),
)
# The other fields of a person: a client may read each, and a preview masks it or does not know it.
HIDDEN_FIELDS = (
    "ageRange",
    "gender",
    "headline",
    "linkedinUrl",
    "incomeRange",
    "netWorth",
    "isB2b",
    "isB2c",
    "city",
    "state",
    "department",
    "company",
    "companyDomain",
    "companyIndustry",
    "companySize",
    "companyRevenue",
    "companyRevenueRange",
    "companyLinkedinUrl",
    "companyNaics",
    "companySic",
    "directNumbers",
    "businessEmail",
)


def people(config: Config, generation: Generation) -> int:
    """Return how many people match; wider topics, scores or values never give fewer."""
    topic_ids = set(config["topicIds"])
    scalars = _scalars(config, generation)
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


def _scalars(config: Config, generation: Generation) -> dict[str, int]:
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
    total = people(config, generation)
    data = {
        "totalCount": total,
        "sample": [_masked(number, config, generation) for number in range(min(total, len(PEOPLE)))],
        "previewKey": f"preview_{config_hash(config)[:16]}",
        "dataDate": seed()["dataDate"],
    }
    if generation == 1:
        return data
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


def _masked(number: int, config: Config, generation: Generation) -> dict[str, Any]:
    first_name, domain, seniority, title = PEOPLE[number]
    scalars = _scalars(config, generation)
    topic = config["topicIds"][number % len(config["topicIds"])]
    matched = sorted(set(config["topicIds"]))
    return {
        **dict.fromkeys(HIDDEN_FIELDS),
        "intentScore": max(scalars["minScore"], scalars["maxScore"] - 4 * number),
        "topicId": topic,
        "topicName": next((each["name"] for each in topics.named([topic])), None),
        "matchedTopicIds": matched,
        "topicOverlap": len(matched),
        "firstName": first_name,
        "lastName": "***",
        "email": f"***@{domain}",
        "emailHashes": {"sha256": None, "sha1": None, "md5": None},
        "jobTitle": title,
        "seniority": seniority,
        "masked": True,
    }


def _breakdown(total: int, shares: Mapping[str, int]) -> list[dict[str, Any]]:
    divisor = sum(shares.values())
    return [catalogue.counted_value(value, total * share // divisor) for value, share in shares.items()]
