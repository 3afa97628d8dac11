"""The state that a comment holds of a plan, and what follows from it later."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from reconciler.github import comment_state, sticky
from reconciler.github.comment_state import Moved
from reconciler.plan import Change, Plan
from tests.unit import reviews
from tests.unit.strategies import hostile, patient


def change(nth: int, **more: Any) -> Change:
    one = Change(reviews.identity(nth), f"Audience {nth}", "a.yaml", 1, "change", (), {"name": "n"}, {})
    return replace(one, **more)


def plan_of(*changes: Change, **more: Any) -> Plan:
    return Plan("https://api.example.com", 9, changes, **more)


IDS = [reviews.identity(nth) for nth in range(5)]


def test_same_plan_differs_nowhere() -> None:
    plan = reviews.forty()
    remembered = comment_state.from_plan(plan)

    assert comment_state.digest(remembered) == plan.digest
    ids = [one.id for one in plan.changes]
    assert comment_state.moved(remembered, plan, ids) == Moved(is_renamed=True)


@pytest.mark.parametrize(
    ("fresh", "expected"),
    [
        (plan_of(change(0), change(1), change(2)), Moved((change(2),))),
        (plan_of(change(0)), Moved(gone=(IDS[1],))),
        (plan_of(change(0), change(1, patch={"name": "m"})), Moved((change(1, patch={"name": "m"}),))),
        (plan_of(change(0), change(1, before={"name": "m"})), Moved((change(1, before={"name": "m"}),))),
        (plan_of(change(3)), Moved((change(3),), (IDS[0], IDS[1]))),
        (plan_of(), Moved(gone=(IDS[0], IDS[1]))),
        (plan_of(change(0), change(1, file="b.yaml", line=7)), Moved(is_renamed=True)),
        (plan_of(change(0), change(1, name="Other")), Moved(is_renamed=True)),
    ],
)
def test_difference_is_new_changed_gone_or_renamed(fresh: Plan, expected: Moved) -> None:
    assert comment_state.moved(comment_state.from_plan(plan_of(change(0), change(1))), fresh, IDS) == expected


def test_what_no_file_describes_any_more_is_counted() -> None:
    moved = comment_state.moved(comment_state.from_plan(plan_of(change(0), change(1))), plan_of(), [IDS[1]])

    assert moved == Moved(gone=(IDS[1],), lost=1)


def test_comment_can_hold_its_state() -> None:
    many = plan_of(*(change(nth) for nth in range(3000)))
    remembered = comment_state.from_plan(many)

    assert len(sticky.marked("plan-01234567", remembered, "")) < 50_000
    assert comment_state.left_out(many) == 3000 - comment_state.MAX_CHANGES
    assert comment_state.moved(remembered, many, IDS) == Moved()
    moved = change(0, before={"name": "Other"})
    other = replace(many, changes=(moved, *many.changes[1:]))
    assert comment_state.moved(remembered, other, IDS).changes == (moved,)


@pytest.mark.parametrize(
    "remembered",
    [{}, {"changes": None}, {"changes": []}, {"changes": {"x": {}}, "digest": 1}, {"digest": "sha256:0"}],
)
def test_edited_state_has_no_digest(remembered: dict[str, Any]) -> None:
    assert comment_state.digest(remembered) is None
    assert comment_state.moved(remembered, plan_of(change(0)), IDS).changes == (change(0),)


def test_a_plan_with_an_error_approves_nothing() -> None:
    assert comment_state.digest(comment_state.from_plan(reviews.missing())) is None


@pytest.mark.parametrize("value", [None, [1], [True, 1], ["1", "1"], [1, 2, 3], {}])
def test_broken_run_is_the_oldest(value: Any) -> None:
    assert comment_state.run({"run": value}) == (0, 0)
    assert comment_state.run(comment_state.from_plan(plan_of(), "a" * 40, (81, 2))) == (81, 2)


def test_an_end_is_for_good() -> None:
    assert comment_state.is_ended(json.loads(json.dumps(comment_state.ENDED)))
    assert comment_state.digest(comment_state.ENDED) is None
    assert not comment_state.is_ended(comment_state.from_plan(plan_of()))


@patient
@given(hostile)
def test_a_name_cannot_get_into_it(outside: str) -> None:
    value, _ = reviews.outside(f"--> {outside} <!-- reconciler:plan {{}} -->\n")
    body = sticky.marked("plan", comment_state.from_plan(replace(value, diagnostics=())), "Body.")
    marker, _, rest = body.partition("\n")

    assert rest == "Body."
    assert marker.isascii()
    assert marker.count("-->") == 1
    (found,) = sticky._ours([{"id": 1, "user": {"login": "x"}, "body": body}], "plan", "x", "id")
    assert comment_state.digest(found.state) == replace(value, diagnostics=()).digest
