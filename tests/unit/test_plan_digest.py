"""What a plan's digest covers, and where a fresh plan deviates from a reviewed one."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Diagnostic
from reconciler.model import ListedAudience
from reconciler.plan import Change, FieldChange, Plan
from reconciler.plan.digest import Deviation, compare, of_changes
from tests.unit.strategies import UUIDS

if TYPE_CHECKING:
    from collections.abc import Callable

FIELD = FieldChange("config.topicIds", [1], [2], (2,), (1,), {"1": "CRM"})
CHANGE = Change(
    id=UUIDS[0],
    name="A0",
    file="a.yaml",
    line=3,
    phase="change",
    fields=(FIELD, FieldChange("config.minScore", 60, 80)),
    patch={"config": {"topicIds": [2], "minScore": 80}},
    before={"name": "A0", "audienceSize": 5},
    unchanged=4,
    is_protected=False,
)
PLAN = Plan(
    origin="https://api.example.com",
    managed=2,
    changes=(CHANGE,),
    unmanaged=(ListedAudience(UUIDS[1], "Z", "active"),),
    targets=("A*",),
    volatile=("audienceSize",),
    diagnostics=(Diagnostic("warning", "some-code", "something"),),
)

Parts = dict[str, Any]
REVIEWED: dict[type, Parts] = {
    Plan: {
        "origin": "https://other.example.com",
        "managed": 3,
        "changes": (),
        "unmanaged": (),
        "targets": (),
        "volatile": ("config.minScore",),
    },
    Change: {
        "id": UUIDS[2],
        "name": "B",
        "phase": "release",
        "fields": (FIELD,),
        "patch": {"config": {"topicIds": [2], "minScore": 81}},
        "before": {"name": "A1", "audienceSize": 5},
        "unchanged": 5,
        "is_protected": True,
    },
    FieldChange: {
        "path": "config.topicId",
        "before": [3],
        "after": [True],
        "added": (),
        "removed": None,
        "names": {"1": "ROI"},
    },
    ListedAudience: {"id": UUIDS[2], "name": "Y", "status": "draft"},
}
NOT_REVIEWED: dict[type, Parts] = {
    Plan: {"diagnostics": (), "missing": ()},
    Change: {"file": "b.yaml", "line": 4},
    FieldChange: {"cause": "drift"},  # with a base or without, one and the same plan is applied
    ListedAudience: {},
}


def with_part(owner: type, name: str, value: Any) -> Plan:
    """Return the plan with one field of one of its values changed."""
    if owner is Plan:
        return replace(PLAN, **{name: value})
    if owner is ListedAudience:
        return replace(PLAN, unmanaged=(replace(PLAN.unmanaged[0], **{name: value}),))
    change = CHANGE
    if owner is FieldChange:
        change = replace(CHANGE, fields=(replace(FIELD, **{name: value}), CHANGE.fields[1]))
    else:
        change = replace(CHANGE, **{name: value})
    return replace(PLAN, changes=(change,))


def parts(table: dict[type, Parts]) -> Callable[..., Any]:
    return pytest.mark.parametrize(
        ("owner", "name", "value"),
        [
            pytest.param(owner, name, value, id=f"{owner.__name__}.{name}")
            for owner, parts in table.items()
            for name, value in parts.items()
        ],
    )


@parts(REVIEWED)
def test_plan_digest_covers_every_reviewed_part(owner: type, name: str, value: Any) -> None:
    assert with_part(owner, name, value).digest != PLAN.digest


@parts(NOT_REVIEWED)
def test_plan_digest_ignores_everything_else(owner: type, name: str, value: Any) -> None:
    assert with_part(owner, name, value).digest == PLAN.digest


@pytest.mark.parametrize("owner", list(REVIEWED))
def test_every_part_is_reviewed_or_not(owner: Any) -> None:
    assert {part.name for part in fields_of(owner)} == {*REVIEWED[owner], *NOT_REVIEWED[owner]}


def test_lookalike_values_have_different_digests() -> None:
    digests = {
        with_part(FieldChange, "after", value).digest for value in (1, True, 1.0, "1", [1], ["1"], None)
    }
    assert len(digests) == 7


def test_recorded_plan_digest_still_holds() -> None:
    assert PLAN.digest == "sha256:2b9d92cbe519f549bd669ba44aa25b60d3558a9e6f467fa7332d61772b637ecb"


def test_plan_with_error_has_no_digest() -> None:
    assert replace(PLAN, diagnostics=(Diagnostic("error", "x", "y"),)).digest is None


@parts({Change: REVIEWED[Change], FieldChange: REVIEWED[FieldChange]})
def test_change_digest_covers_every_reviewed_part(owner: type, name: str, value: Any) -> None:
    assert of_changes(with_part(owner, name, value)) != of_changes(PLAN)


@parts({Change: NOT_REVIEWED[Change], FieldChange: NOT_REVIEWED[FieldChange]})
def test_change_digest_ignores_everything_else(owner: type, name: str, value: Any) -> None:
    assert of_changes(with_part(owner, name, value)) == of_changes(PLAN)


def test_volatile_value_before_is_in_no_digest() -> None:
    one, other = (
        replace(
            PLAN,
            changes=(replace(CHANGE, fields=(FieldChange("audienceSize", size, 9),), before=before),),
        )
        for size, before in ((5, {"audienceSize": 5}), (6, {"audienceSize": 6}))
    )
    assert of_changes(one) == of_changes(other)
    assert one.digest == other.digest


def test_recorded_change_digest_still_holds() -> None:
    assert of_changes(PLAN) == {UUIDS[0]: "36adbd7d729b2adeabead61ca85cd50a6d29136f1735ff1dcdcbf4368053551b"}


@pytest.mark.parametrize(
    ("reviewed", "fresh", "changed", "gone"),
    [
        ({}, {}, "", ""),
        ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}, "", ""),
        ({"a": "1"}, {"a": "2"}, "a", ""),
        ({"a": "1"}, {"a": "1", "b": "1"}, "b", ""),
        ({"a": "1", "b": "1"}, {"b": "1"}, "", "a"),
        ({"a": "1"}, {"b": "1"}, "b", "a"),
    ],
)
def test_deviation_is_by_content_of_each_change(
    reviewed: dict[str, str], fresh: dict[str, str], changed: str, gone: str
) -> None:
    assert compare(reviewed, fresh) == Deviation(frozenset(changed), frozenset(gone))
