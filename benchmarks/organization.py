"""An organization made from a seed: its definitions, and the live audiences that some of them differ from."""

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from pathlib import Path

INDUSTRIES = ("software development", "banking", "insurance", "retail", "hospitals", "logistics", "energy")
SENIORITIES = ("c_suite", "cxo", "vp", "director", "manager", "head", "owner")
DEPARTMENTS = ("marketing", "finance", "sales", "engineering", "human resources")
_DEFINITION = """\
# yaml-language-server: $schema=../schemas/audience.schema.json
id: {id}
name: {name}
status: {status}
config:
  topicIds: {topicIds}  # by name: {topics}
  minScore: {minScore}
  maxScore: 100
  minTopicOverlap: 1
  filters:
    companyIndustry: {companyIndustry}
    seniority: {seniority}
    department:
      - {department}
    hasBusinessEmail: true
metadata:
  owner: growth-{team}@example.com
  description: Audience {number} of team {team}, which researches what the topics say and has a budget for it
  labels: {{team: t{team}, campaign: always-on}}
"""


def write(folder: Path, size: int, changed: int, seed: int) -> None:
    """Write `audiences.d` and `live.json` into a folder; `changed` of the live audiences differ."""
    chance = random.Random(seed)
    files = folder / "audiences.d"
    files.mkdir()
    differing = set(chance.sample(range(size), changed))
    with (folder / "live.json").open("w", encoding="utf-8") as live:
        for number in range(size):
            audience, text = _audience(chance, number)
            (files / f"audience-{number:06}.yaml").write_text(text, encoding="utf-8")
            if number in differing:
                audience["config"]["minScore"] -= 1
                audience["config"]["filters"]["seniority"].append("intern")
            live.write(f"{json.dumps(audience)}\n")


def spread(folder: Path, count: int) -> dict[str, str]:
    """Give so many organizations the definitions of the folder, and return the variables with their keys."""
    for number in range(count):
        shutil.copytree(folder / "audiences.d", folder / "orgs" / f"client-{number}" / "audiences.d")
    return {f"LEADPIPE_API_KEY__CLIENT_{number}": "sk_benchmark" for number in range(count)}


def _audience(chance: random.Random, number: int) -> tuple[dict[str, Any], str]:
    topics = sorted(chance.sample(range(100_000, 120_000), chance.randint(2, 8)))
    filters = {
        "companyIndustry": chance.sample(INDUSTRIES, 3),
        "seniority": chance.sample(SENIORITIES, 3),
        "department": [chance.choice(DEPARTMENTS)],
        "hasBusinessEmail": True,
    }
    config = {"topicIds": topics, "minScore": chance.randint(50, 90), "maxScore": 100, "minTopicOverlap": 1}
    identity = str(UUID(int=chance.getrandbits(128), version=4))
    name, status = f"Audience {number} of the seeded organization", chance.choice(("paused", "draft"))
    text = _DEFINITION.format(
        id=identity,
        name=name,
        status=status,
        topics=", ".join(_topic(topic) for topic in topics[:3]),
        number=number,
        team=number % 17,
        **{key: json.dumps(value) for key, value in (config | filters).items() if key != "department"},
        department=filters["department"][0],  # type: ignore[index] # a list, as above
    )
    return {
        "id": identity,
        "name": name,
        "status": status,
        "config": {**config, "filters": filters},
        "topics": [{"id": topic, "name": _topic(topic)} for topic in topics],
        "audienceSize": chance.randint(0, 100_000),
        "lastRefreshedAt": "2026-11-25T04:00:00Z",
        "createdAt": "2026-01-05T09:30:00Z",
        "updatedAt": "2026-11-25T04:00:00Z",
    }, text


def _topic(topic: int) -> str:
    return f"Topic {topic}"
