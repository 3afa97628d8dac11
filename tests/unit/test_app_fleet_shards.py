"""Shards are stable and even."""

from __future__ import annotations

from collections import Counter

import pytest

from reconciler.app.fleet.shards import number_of

NAMES = [f"client-{number}" for number in range(1000)]


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_shards_are_even_within_a_fifth(count: int) -> None:
    sizes = Counter(number_of(name, count) for name in NAMES)
    assert sorted(sizes) == [*range(1, count + 1)]
    assert all(abs(size - 1000 / count) <= 0.2 * 1000 / count for size in sizes.values())


def test_shard_depends_on_name_alone() -> None:
    # These never change: a shard's keys lie where its number says.
    assert [number_of(name, 6) for name in ("acme", "globex", "hooli", "initech")] == [1, 4, 3, 5]


def test_more_shards_move_only_what_goes_into_them() -> None:
    moved = {number_of(name, 7) for name in NAMES if number_of(name, 6) != number_of(name, 7)}
    assert moved == {7}
