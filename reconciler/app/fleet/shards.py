"""Shares of the organizations: each always falls into the same one, whatever others there are."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SHARDS = 50
_TEXT = re.compile(r"([1-9][0-9]?)/([1-9][0-9]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` shares, numbered from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard | None:
        """Return the shard that a text such as `2/6` means, None for any other text."""
        found = _TEXT.fullmatch(text)
        shard = None if found is None else cls(int(found[1]), int(found[2]))
        return shard if shard is not None and shard.number <= shard.count <= MAX_SHARDS else None

    def holds(self, organization: str) -> bool:
        return number_of(organization, self.count) == self.number


def number_of(organization: str, count: int) -> int:
    """Return the number of an organization's shard: the one whose hash with its name is the greatest.

    With one shard more, only what moves into it moves at all.
    """
    return max(range(1, count + 1), key=lambda number: _weight(number, organization))


def _weight(number: int, organization: str) -> bytes:
    return hashlib.sha256(f"{number}/{organization}".encode()).digest()


def matrix(names: Sequence[str], count: int) -> list[dict[str, str | int]]:
    """Return a job, as in `schemas/fleet-matrix.schema.json`, for each shard that has an organization."""
    sizes = Counter(number_of(name, count) for name in names)
    return [
        {"shard": f"{number}/{count}", "number": number, "organizations": sizes[number]}
        for number in sorted(sizes)
    ]
