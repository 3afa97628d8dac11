from __future__ import annotations

from typing import Any

import pytest

from reconciler import schema
from reconciler.model import Definition, Fields, Json, normalise
from reconciler.plan.bounds import violations

RULES = schema.rules()
PLACES = {
    ("config",): (4, 3),
    ("config", "topicIds"): (4, 13),
    ("config", "minScore"): (5, 13),
    ("config", "maxScore"): (6, 13),
}
ELEVEN = list(range(1, 12))


def found(config: dict[str, Json], generation: int | None, left_out: str = "") -> list[str]:
    """Return what is wrong with a PATCH of a config, as `line:column: path: code: summary`."""
    fields: Any = normalise({"config": {"topicIds": [1], **config}}, RULES)
    places = {path: place for path, place in PLACES.items() if path[-1] != left_out}
    definition = Definition("x", "A", "audiences.d/a.yaml", 1, 5, fields, places=places)
    return [
        f"{one.line}:{one.column}: {one.path}: {one.code}: {one.summary}"
        for one in violations(definition, fields, RULES, generation)
    ]


@pytest.mark.parametrize(
    ("config", "generation", "wrong"),
    [
        ({"minScore": 1, "maxScore": 100, "minTopicOverlap": 1}, 1, []),
        ({"minScore": 0, "maxScore": 99}, 2, []),
        ({"minScore": 0}, 1, ["5:13: config.minScore: out-of-range: 0 is under 1, the least that"]),
        ({"minScore": 100}, 2, ["5:13: config.minScore: out-of-range: 100 is over 99, the most that"]),
        ({"maxScore": 100}, 2, ["6:13: config.maxScore: out-of-range: 100 is over 99, the most that"]),
        ({"maxScore": 49}, 2, ["6:13: config.maxScore: out-of-range: 49 is under 50, the least that"]),
        ({"topicIds": ELEVEN}, 2, []),
        (
            {"topicIds": ELEVEN},
            1,
            ["4:13: config.topicIds: out-of-range: 11 items is over 10, the most that"],
        ),
        ({"minScore": 0, "maxScore": 100}, None, []),
        (
            {"minScore": 80, "maxScore": 70},
            None,
            ["5:13: config.minScore: out-of-order: 80 is over maxScore"],
        ),
        ({"minTopicOverlap": 2}, 1, ["4:3: config.minTopicOverlap: out-of-order: 2, which is live and left"]),
    ],
)
def test_patch_is_held_to_its_generation(
    config: dict[str, Json], generation: int | None, wrong: list[str]
) -> None:
    said = found(config, generation)

    assert len(said) == len(wrong)
    assert all(one.startswith(start) for one, start in zip(said, wrong, strict=True))


def test_left_out_score_is_named_as_live() -> None:
    (said,) = found({"maxScore": 100}, 2, left_out="maxScore")

    assert said == (
        "4:3: config.maxScore: out-of-range: 100, which is live and left out here, is over 99, "
        "the most that this organization's API takes"
    )


def test_patch_without_config_is_not_checked() -> None:
    fields: Fields = {"name": "A"}
    definition = Definition("x", "A", "audiences.d/a.yaml", 1, 5, fields)

    assert list(violations(definition, fields, RULES, 2)) == []
