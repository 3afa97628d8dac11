"""One saved audience as the sandbox stores it, and what a fresh organization holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

Config = dict[str, Any]
Generation = Literal[1, 2]


@dataclass(frozen=True, slots=True)
class Record:
    """`position` is the place in the list, given by the store; 0 until then."""

    id: str
    name: str
    status: str
    config: Config
    audience_size: int
    created_at: str
    updated_at: str
    last_refreshed_at: str | None = None
    position: int = 0


@cache
def seed() -> dict[str, Any]:
    """Return what a fresh organization holds: `organizationId`, `dataDate`, `topics`, `audiences`."""
    text = resources.files("reconciler.sandbox").joinpath("seed.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
