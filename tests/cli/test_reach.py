"""How many people the changes reach: asked of the API, tolerated where it fails, and never who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import FAST
from tests.cli.organization import CHANGING, PAUSING, STARTING, STEADY, Organization, live
from tests.doubles.peer import Fault
from tests.doubles.peer.bodies import PERSON

if TYPE_CHECKING:
    from tests.cli.conftest import Founding

LIVE = {one["id"]: one for one in live()}
NAMES = {PAUSING: "guests.yaml", CHANGING: "cfo.yaml", STARTING: "marketing.yaml", STEADY: "security.yaml"}


def config(*topics: int, **more: Any) -> dict[str, Any]:
    return {"topicIds": [*topics], **more}


def defined(**wanted: dict[str, Any]) -> dict[str, Any]:
    """Return definitions that are as live, but for these fields of the audiences with these files."""
    return {file: {**LIVE[key], **wanted.get(file.removesuffix(".yaml"), {})} for key, file in NAMES.items()}


def previews(organization: Organization) -> list[Any]:
    return [entry.document for entry in organization.peer.log if entry.target.endswith("/preview")]


def planned(organization: Organization, *arguments: str, **how: Any) -> dict[str, Any]:
    plan = organization.run("plan", "--format", "json", *arguments, **how).document("plan")
    return {**plan, "reach": {one["name"]: one["reach"] for one in plan["changes"]}}


def test_people_before_and_after_are_asked_for(found: Founding) -> None:
    organization = found(
        live(), defined(cfo={"config": config(1, 2, 3, minScore=80)}, guests={"status": "paused"})
    )
    plan = planned(organization)
    shown = organization.run("plan").out

    before = LIVE[CHANGING]["config"]
    assert before["minScore"] in [one.get("minScore") for one in previews(organization)]
    assert plan["reach"]["Chief financial officers"] == {
        "before": 1000 * len(before["topicIds"]) - 10 * before["minScore"] - 50,
        "after": 2200,
        "data_date": "2026-11-26",
    }
    assert plan["reach"]["Webinar guests"]["before"] == plan["reach"]["Webinar guests"]["after"]
    assert "-> 2,200, 6.3 times as many (data of 2026-11-26)" in shown
    assert organization.peer.patches() == ()


def test_digest_is_the_same_without_it(found: Founding) -> None:
    organization = found(live(), defined(cfo={"config": config(1, 2, 3)}))
    with_, without = planned(organization), planned(organization, "--no-reach")

    assert with_["digest"] == without["digest"]
    assert [one["digest"] for one in with_["changes"]] == [one["digest"] for one in without["changes"]]
    assert set(without["reach"].values()) == {None}
    assert (without["diagnostics"], len(previews(organization))) == ([], 2)


def test_equal_configs_are_asked_about_once(found: Founding) -> None:
    same = {"config": config(1, 2)}
    organization = found(live(), defined(cfo=same, guests=same, marketing=same, security=same))
    planned(organization)
    asked = [str(one) for one in previews(organization)]

    assert len(asked) == len(set(asked))


def test_budget_bounds_the_requests(found: Founding) -> None:
    organization = found(live(), defined(cfo={"config": config(1)}, marketing={"config": config(2)}))
    plan = planned(organization, "--reach-budget", "3")
    (warning,) = plan["diagnostics"]

    assert len(previews(organization)) == 3
    assert [one is None for one in plan["reach"].values()].count(True) == 1
    assert warning["code"] == "reach-not-known"
    assert "the budget of 3 requests is used up" in warning["summary"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "status", "status": 404}, "the API has no preview"),
        ({"kind": "status", "status": 400, "message": "No"}, "the API does not count it: No"),
        ({"kind": "status", "status": 403, "message": "No"}, "403"),
        ({"kind": "status", "status": 503}, "503"),
        ({"kind": "html"}, "not JSON"),
        ({"kind": "body", "text": '{"data": {"totalCount": "many"}}'}, "says no number"),
        ({"kind": "body", "text": '{"data": {"totalCount": -1, "dataDate": "x"}}'}, "says no number"),
        ({"kind": "body", "text": "[]"}, "says no number"),
        ({"kind": "reset"}, ""),
        ({"kind": "delay", "seconds": 60}, ""),
        ({"kind": "huge"}, ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_failed_preview_fails_no_plan(found: Founding, fault: dict[str, Any], reason: str) -> None:
    organization = found(live(), defined(cfo={"config": config(1, 2, 3)}, guests={"status": "paused"}))
    organization.peer.inject(Fault(**fault, route="preview", times=None))
    plan = planned(organization, program=FAST)

    assert set(plan["reach"].values()) == {None}
    assert {one["code"] for one in plan["diagnostics"]} == {"reach-not-known"}
    assert reason in plan["diagnostics"][0]["summary"]
    assert not plan["errored"]
    assert plan["digest"] is not None


def test_counts_of_two_days_are_not_compared(found: Founding) -> None:
    organization = found(live(), defined(cfo={"config": config(1, 2, 3)}))
    other = '{"data": {"totalCount": 5, "dataDate": "2026-11-27"}}'
    organization.peer.inject(Fault("body", route="preview", text=other, nth=2))
    plan = planned(organization)

    assert set(plan["reach"].values()) == {None}
    assert "the API's data changed between two counts" in plan["diagnostics"][0]["summary"]


GROWN = {"config": config(*range(1, 9))}
NOBODY = {"config": config(1, minScore=100)}


@pytest.mark.parametrize(
    ("wanted", "settings", "said"),
    [
        (GROWN, "", "over 3 times as many"),
        (GROWN, 'max_growth = "100x"\n', ""),
        (NOBODY, "", "would be active and reach 0 people"),
        (NOBODY, "min_people = 0\n", ""),
        (GROWN, "min_people = 100000\n", "over 3 times as many"),
    ],
)
def test_growth_and_dearth_are_warnings(
    found: Founding, wanted: dict[str, Any], settings: str, said: str
) -> None:
    organization = found(live(), defined(security=wanted))
    (organization.folder / "reconciler.toml").write_text(f"[limits]\n{settings}")
    found_ = [one["summary"] for one in planned(organization)["diagnostics"]]

    assert len(found_) == bool(said)
    assert said in "".join(found_)


@pytest.mark.parametrize("is_known", [True, False])
def test_denied_reach_refuses_an_apply(found: Founding, *, is_known: bool) -> None:
    organization = found(live(), defined(security=GROWN))
    (organization.folder / "reconciler.toml").write_text("[limits]\ndeny_reach = true\n")
    if not is_known:
        organization.peer.inject(Fault("status", route="preview", status=404, times=None))
    said = organization.run("apply", "--auto-approve")

    assert (said.code, organization.peer.patches()) == (3, ())
    assert ("over 3 times" if is_known else "is not known: the API has no preview") in said.err


def test_apply_asks_only_where_somebody_decides(found: Founding) -> None:
    organization = found(live(), defined(security={"name": "Security"}))
    assert organization.run("apply", "--auto-approve").code == 0
    assert previews(organization) == []


def test_nobody_of_a_sample_is_anywhere(found: Founding) -> None:
    organization = found(live(), defined(cfo={"config": config(1, 2, 3)}))
    odd = f'{{"data": {{"totalCount": true, "sample": [{{"email": "{PERSON}"}}]}}}}'
    for inject in (False, True):
        if inject:
            organization.peer.inject(Fault("body", route="preview", text=odd, times=None))
        for arguments in (
            ("plan", "--out", "plan.json"),
            ("plan", "--format", "markdown"),
            ("plan", "--format", "html"),
            ("apply", "--plan", "plan.json", "--journal", "journal", "--out", "result.json"),
        ):
            said = organization.run(*arguments)
            assert PERSON not in said.out + said.err
    for path in organization.folder.rglob("*"):
        assert path.is_dir() or PERSON.encode() not in path.read_bytes(), path
