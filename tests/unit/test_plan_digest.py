"""What a plan's digest covers, and where a fresh plan deviates from a reviewed one."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Diagnostic
from reconciler.model import ListedAudience, Origin
from reconciler.plan import Change, FieldChange, Plan
from reconciler.plan.digest import Deviation, compare, of_audiences, of_change
from reconciler.plan.finding import Finding
from reconciler.plan.model import Commit, Handover, Ownership, PieceEdit, Reach, Step
from tests.unit.strategies import UUIDS

if TYPE_CHECKING:
    from collections.abc import Callable

FINDING = Finding("few", "Few.", "warn", ("ana",), UUIDS[0], "A0", "a.yaml", 3, 1, "warned", ("ana",))
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
        "changes": (),
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
}
NOT_REVIEWED: dict[type, Parts] = {
    Plan: {
        "managed": 3,
        "diagnostics": (),
        "missing": (),
        "unmanaged": (),
        "unchanged": (ListedAudience(UUIDS[1], "Z", "active"),),
        "unreadable": (),
        "active": 7,
        "active_slots": 8,
        "pieces": (PieceEdit("shared/base.yaml", 1),),
        "policies": (FINDING,),
        "ownership": Ownership(moved=(Handover("1", "A", "active", "a.yaml", "b.yaml"),)),
    },
    Change: {
        "file": "b.yaml",
        "line": 4,
        "owner": "growth@example.com",
        "description": "Another",
        "updated_at": "2026-11-27T08:00:00Z",
        "reach": Reach(1, 2, "2026-11-26", funnel=(Step("config", 9),)),
        "commit": Commit("0" * 40, "Ana", "2026-11-27"),
    },
    FieldChange: {
        "cause": "drift",  # with a base or without, one and the same plan is applied
        "origins": (Origin("shared/base.yaml", 1, 1),),  # the same PATCH, whichever file says it
    },
}
# What an approval of one change is bound to; all else is how it is shown.
BOUND: dict[type, Parts] = {
    Plan: {"origin": "https://other.example.com", "volatile": ("config.minScore", "name")},
    Change: {name: REVIEWED[Change][name] for name in ("id", "patch", "before")},
}
NOT_BOUND: dict[type, Parts] = {
    Plan: NOT_REVIEWED[Plan] | {"targets": ()},
    Change: NOT_REVIEWED[Change]
    | {name: REVIEWED[Change][name] for name in ("name", "phase", "fields", "unchanged", "is_protected")},
    FieldChange: NOT_REVIEWED[FieldChange] | REVIEWED[FieldChange],
}


def with_part(owner: type, name: str, value: Any) -> Plan:
    """Return the plan with one field of one of its values changed."""
    if owner is Plan:
        return replace(PLAN, **{name: value})
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
    assert PLAN.digest == "sha256:6d611304d72b3758a456f9a7cbe8c1ff156773b38dc1f042e1f935b0e05eed5f"


def test_plan_with_error_has_no_digest() -> None:
    assert replace(PLAN, diagnostics=(Diagnostic("error", "x", "y"),)).digest is None


def change_digest(plan: Plan) -> str:
    return of_change(plan.changes[0], plan)


@parts(BOUND)
def test_change_digest_covers_what_approval_needs(owner: type, name: str, value: Any) -> None:
    assert change_digest(with_part(owner, name, value)) != change_digest(PLAN)


@parts(NOT_BOUND)
def test_change_digest_ignores_everything_else(owner: type, name: str, value: Any) -> None:
    assert change_digest(with_part(owner, name, value)) == change_digest(PLAN)


def test_order_of_any_list_is_in_no_digest() -> None:
    values: list[Any] = [{"config": {"x": new}} for new in ([1, 2, {"y": [3, 4]}], [{"y": [4, 3]}, 2, 1])]
    one, other = (replace(PLAN, changes=(replace(CHANGE, before=value, patch=value),)) for value in values)
    assert (one.digest, change_digest(one)) == (other.digest, change_digest(other))


def test_audience_digest_covers_both_of_its_changes() -> None:
    second = replace(CHANGE, phase="activate", patch={"status": "active"})
    digests = [
        of_audiences(replace(PLAN, changes=changes))[CHANGE.id]
        for changes in ((CHANGE,), (CHANGE, second), (CHANGE, replace(second, before={})), (second,))
    ]
    assert len(set(digests)) == 4


def test_volatile_value_before_is_in_no_digest() -> None:
    one, other = (
        replace(
            PLAN,
            changes=(replace(CHANGE, fields=(FieldChange("audienceSize", size, 9),), before=before),),
        )
        for size, before in ((5, {"audienceSize": 5}), (6, {"audienceSize": 6}))
    )
    assert change_digest(one) == change_digest(other)
    assert one.digest == other.digest


def test_recorded_change_digest_still_holds() -> None:
    assert change_digest(PLAN) == "sha256:791ff6e933c03db265553891833b2f70ccddf3f7789918f8a05ec62d1897b292"


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
