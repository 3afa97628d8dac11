from __future__ import annotations

import pytest

from reconciler.wording import count


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 live audiences"), (1, "1 live audience"), (2, "2 live audiences")]
)
def test_noun_is_singular_for_one_alone(number: int, words: str) -> None:
    assert count(number, "live audience") == words
