"""What each filter takes away: asked of the API's preview within the budget, drawn, and never in a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import FAST
from tests.cli.organization import CHANGING, PAUSING, Organization, audience
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Founding

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

FILTERS = {"xNew": 1, "hasPhone": True, "seniority": ["vp"]}  # neither the schema's order nor all its own
WIDE: dict[str, Any] = {"topicIds": [1, 2], "filters": {"state": "Ohio"}}
STEPS = [
    {"path": "config", "people": 400},
    {"path": "config.filters.seniority", "people": 350},
    {"path": "config.filters.hasPhone", "people": 300},
    {"path": "config.filters.xNew", "people": 250},
]


@pytest.fixture
def organization(found: Founding) -> Organization:
    """Give one whose config changes with three filters, and one that pauses."""
    stored = [
        audience(CHANGING, "CFOs", minScore=70, filters=FILTERS),
        audience(PAUSING, "Guests", topicIds=[9], filters={"state": "Ohio"}),
    ]
    return found(stored, {"cfo.yaml": defined(minScore=60), "guests.yaml": {**stored[1], "status": "paused"}})


def defined(**config: Any) -> dict[str, Any]:
    return audience(CHANGING, "CFOs", filters={"hasPhone": True, "seniority": ["vp"]}, **config)


def planned(organization: Organization, *arguments: str) -> tuple[dict[str, Any], dict[str, Any]]:
    plan = organization.run("plan", "--format", "json", *arguments, program=FAST).document("plan")
    return plan, {one["name"]: (one["reach"] or {}).get("funnel") for one in plan["changes"]}


def asked(organization: Organization) -> int:
    return sum(entry.target.endswith("/preview") for entry in organization.peer.log)


def test_steps_are_in_the_schemas_order(organization: Organization) -> None:
    plan, funnels = planned(organization)

    assert funnels == {"CFOs": STEPS, "Guests": None}
    assert asked(organization) == 3 + 3  # two sides of one, the other one that stays, and the new steps
    assert plan["digest"] == planned(organization, "--no-reach")[0]["digest"]


@pytest.mark.parametrize(("budget", "requests", "is_drawn"), [("5", 3, False), ("6", 6, True)])
def test_only_whole_ones_within_the_budget(
    organization: Organization, budget: str, requests: int, *, is_drawn: bool
) -> None:
    plan, funnels = planned(organization, "--reach-budget", budget)

    assert asked(organization) == requests
    assert (funnels["CFOs"] is not None) is is_drawn
    assert plan["diagnostics"][1:] == []  # one of the unknown live filter


def test_largest_effect_comes_first(organization: Organization) -> None:
    organization.peer.edit(PAUSING, {"config": {"topicIds": [9]}})
    organization.define({"guests.yaml": audience(PAUSING, "Guests", **WIDE)})
    _, funnels = planned(organization, "--reach-budget", "5")

    assert [name for name, funnel in funnels.items() if funnel] == ["Guests"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 400, "message": "No"},
        {"kind": "body", "text": '{"data": {"totalCount": 5, "dataDate": "2026-11-27"}}'},
    ],
)
def test_failed_step_leaves_out_only_itself(organization: Organization, fault: dict[str, Any]) -> None:
    organization.peer.inject(Fault(**fault, route="preview", nth=5, times=None))
    plan, funnels = planned(organization)

    assert set(funnels.values()) == {None}
    assert [one["reach"] and one["reach"]["after"] for one in plan["changes"]] == [950, 250]
    assert [one["code"] for one in plan["diagnostics"]] == ["unknown-live-field"]


def test_saved_plan_shows_the_same(organization: Organization) -> None:
    organization.run("plan", "--out", "plan.json")
    for form in ("text", "markdown", "html", "json"):
        assert organization.run("show", "plan.json", "--format", form).out == (
            organization.run("plan", "--format", form).out
        )


def test_page_and_text_say_what_is_taken_away(organization: Organization) -> None:
    organization.define({"cfo.yaml": defined(minScore=95)})
    text, markdown, page = (
        organization.run("plan", "--format", form).out for form in ("text", "markdown", "html")
    )

    assert "people: 150 -> 0" in text
    cut = '50 without filters; most are taken away by "job levels" (all)'
    assert (cut in text, f"<br><sub>{cut}</sub> |" in markdown) == (True, True)
    funnel = page.partition("How the filters narrow it down</h4>")[2].partition("</ol>")[0]
    assert [part in funnel for part in ("Topics and scores alone", "Job levels", "nobody is left")] == [
        True
    ] * 3
    assert "<bdi>config.filters.xNew" in funnel


def test_apply_asks_for_no_steps(organization: Organization) -> None:
    (organization.folder / "reconciler.toml").write_text("[limits]\ndeny_reach = true\n")
    assert organization.run("apply", "--auto-approve").code == 0
    assert asked(organization) == 3


def test_reason_is_kept_in_a_saved_plan(organization: Organization) -> None:
    organization.peer.inject(Fault("status", route="preview", status=404, times=None))
    plan, _ = planned(organization, "--out", "plan.json")

    assert {one["reach_unknown"] for one in plan["changes"]} == {"the API has no preview"}
    forms = ("text", "markdown", "html")
    *others, page = (organization.run("show", "plan.json", "--format", form).out for form in forms)
    assert [*others, page] == [organization.run("plan", "--format", form).out for form in forms]
    assert "How many people this reaches is not known: the API has no preview." in page
