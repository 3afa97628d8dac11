"""The state that a comment holds of a plan, and what follows from it later."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from reconciler.app import pull_request
from reconciler.github import comment_state, sticky
from reconciler.plan import Change, Plan
from reconciler.plan.model import PHASES
from tests.unit import reviews
from tests.unit.strategies import hostile, patient


def change(nth: int, **more: Any) -> Change:
    one = Change(reviews.identity(nth), f"Audience {nth}", "a.yaml", 1, "change", (), {"name": "n"}, {})
    return replace(one, **more)


def plan_of(*changes: Change, **more: Any) -> Plan:
    return Plan("https://api.example.com", 9, changes, **more)


IDS = [reviews.identity(nth) for nth in range(5)]


def test_what_a_plan_shows_is_approved() -> None:
    plan = reviews.forty()
    state = json.loads(json.dumps(comment_state.from_plan(plan, "a" * 40, (81, 2))))

    assert comment_state.digest(state) == plan.digest
    assert comment_state.approved(state) == comment_state.digests(plan)
    assert len(comment_state.digests(plan)) == len(plan.audience_changes)
    assert (state["head"], comment_state.run(state)) == ("a" * 40, (81, 2))


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (change(0, file="b.yaml", line=7), True),
        (change(0, name="Other"), True),
        (change(0, patch={"name": "m"}), False),
        (change(0, before={"name": "m"}), False),
        (change(1), False),
    ],
)
def test_change_is_another_by_what_it_does(other: Change, *, is_same: bool) -> None:
    one, two = (comment_state.digests(plan_of(each)) for each in (change(0), other))
    assert (one == two) is is_same


def test_comment_can_hold_its_state() -> None:
    many = plan_of(*(replace(change(nth), phase=phase) for nth in range(3000) for phase in PHASES[1:]))
    state = comment_state.from_plan(many)

    assert len(sticky.marked("plan-01234567", state, "")) < 50_000
    assert len(comment_state.approved(state)) == comment_state.MAX_CHANGES
    assert comment_state.left_out(many) == 3000 - comment_state.MAX_CHANGES
    used = [one for two in comment_state.approved(state).values() for one in two]
    assert len(sticky.marked("r", comment_state.from_apply(used, (1, 1), is_complete=False), "")) < 50_000


def test_plan_says_what_its_comment_leaves_out() -> None:
    many = plan_of(*(change(nth) for nth in range(comment_state.MAX_CHANGES + 2)))
    (said,) = pull_request._left_out(many)

    assert said.summary == "this comment approves 800 audiences, and leaves out 2 more"
    assert list(pull_request._left_out(plan_of(change(0)))) == []


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"changes": None},
        {"changes": []},
        {"changes": {"x": {}}, "digest": f"sha256:{64 * '0'}"},
        {"changes": {"x": "y"}, "digest": "sha256:0"},
        {"changes": {"x": "y"}, "digest": None},
    ],
)
def test_edited_state_approves_nothing(state: dict[str, Any]) -> None:
    assert comment_state.approved(state) == {}


def test_a_plan_with_an_error_approves_nothing() -> None:
    assert comment_state.approved(comment_state.from_plan(reviews.missing())) == {}


@pytest.mark.parametrize("value", [None, 1, "abc", {"a": 1}, [1, ["a"]]])
def test_broken_result_uses_nothing_up(value: Any) -> None:
    assert comment_state.used({"used": value}) == frozenset()
    assert not comment_state.is_complete({"complete": value})


def test_result_says_what_is_used_up() -> None:
    state = json.loads(json.dumps(comment_state.from_apply({"b", "a"}, (81, 2), is_complete=True)))

    assert comment_state.used(state) == {"a", "b"}
    assert comment_state.is_complete(state)


@pytest.mark.parametrize("value", [None, [1], [True, 1], ["1", "1"], [1, 2, 3], {}])
def test_broken_run_is_the_oldest(value: Any) -> None:
    assert comment_state.run({"run": value}) == (0, 0)
    assert comment_state.run(comment_state.from_plan(plan_of(), "a" * 40, (81, 2))) == (81, 2)


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
