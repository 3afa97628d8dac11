"""Names of definition files: readable, safe on every disk, and never one for two audiences."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions.file_names import assign, slug
from reconciler.model import ListedAudience
from tests.unit.strategies import UUIDS, hostile, patient


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CFOs at fintech companies", "cfos-at-fintech-companies"),
        ("Größe & Straße: ÉTÉ", "grosse-strasse-ete"),
        ("Łódź, øre, æon, \u0130stanbul", "lodz-ore-aeon-istanbul"),
        ("q\u0303 \ufb01nance \u2460", "q-finance-1"),
        ("Директора по маркетингу", "директора-по-маркетингу"),
        ("日本のが 한국어 हिन्दी", "日本のが-한국어-हिन्दी"),
        ("next year's, next year\u2019s", "next-years-next-years"),
        ("A/B\\C: ../../etc/passwd", "a-b-c-etc-passwd"),
        ("...dots... v1.2 ", "dots-v1-2"),
        ("\U0001f680 \u2764\ufe0f", ""),
        ("x" * 250, "x" * 60),
        ("日" * 250, "日" * 60),
        ("\U00020000" * 250, "\U00020000" * 50),
        ("word " * 50, "-".join(["word"] * 12)),
    ],
)
def test_slug_keeps_what_can_be_read(name: str, expected: str) -> None:
    assert slug(name) == expected


def named(*names: str) -> list[ListedAudience]:
    ids = [f"{number}{UUIDS[0][1:]}" for number in range(len(names))]
    return [ListedAudience(key, name, "") for key, name in zip(ids, names, strict=True)]


def test_names_that_come_to_the_same_get_ids() -> None:
    audiences = named("Naïve café", "naive cafe", "\U0001f680", "CON", "Lpt1", "Taken", "Free")
    assert list(assign(audiences, ["TAKEN.yaml"]).values()) == [
        "naive-cafe-00000000.yaml",
        "naive-cafe-10000000.yaml",
        "audience-20000000.yaml",
        "con-30000000.yaml",
        "lpt1-40000000.yaml",
        "taken-50000000.yaml",
        "free.yaml",
    ]


def test_ids_that_begin_alike_are_written_out() -> None:
    twins = [ListedAudience(key, "Twin", "") for key in UUIDS[:3]]
    taken = [f"twin-{UUIDS[2]}.yaml"]
    assert list(assign(twins, taken).values()) == [
        "twin-00000000.yaml", f"twin-{UUIDS[1]}.yaml", f"{UUIDS[2]}.yaml"
    ]  # fmt: skip


@given(st.lists(hostile | st.text(), max_size=8), st.integers())
@patient
def test_names_are_distinct_and_safe_in_any_order(names: list[str], seed: int) -> None:
    audiences = [ListedAudience(key, name, "") for key, name in zip(UUIDS, names, strict=False)]
    files = assign(audiences, ())
    assert len({name.casefold() for name in files.values()}) == len(audiences)
    assert all(len(name.encode()) <= 255 and name[0] not in ".-" for name in files.values())
    assert not {char for name in files.values() for char in name} & set('/\\:*?"<>|\0\n ')
    assert assign(random.Random(seed).sample(audiences, len(audiences)), ()) == files
