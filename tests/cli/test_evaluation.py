"""A plan asks the second generation of the API what it would store, before anybody is asked to apply it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import FAST
from tests.cli.organization import CHANGING, PAUSING, Organization, audience
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Founding

FILTERS: dict[str, Any] = {"role.seniority": {"values": ["vp"]}}
STEADY: dict[str, Any] = {"minScore": 60, "maxScore": 90, "filters": FILTERS}
VALID = '{"data": {"valid": true, "normalizedConfig": %s}}'
CFO = {"cfo.yaml": audience(CHANGING, "CFO", **{**STEADY, "minScore": 70})}


def founded(found: Founding, files: dict[str, Any], **options: Any) -> Organization:
    audiences = [audience(CHANGING, "CFO", **STEADY), audience(PAUSING, "Guests", **STEADY)]
    return found(audiences, files, **({"generation": 2, "is_strict": True} | options))


def asked(organization: Organization) -> list[Any]:
    return [entry.document for entry in organization.peer.log if entry.target.endswith("/validate")]


def test_changed_config_is_asked_about_once(found: Founding) -> None:
    guests = audience(PAUSING, "Guests", **{**STEADY, "minScore": 70})
    organization = founded(found, {**CFO, "guests.yaml": guests})
    plan = organization.run("plan", "--detailed-exitcode")

    assert (plan.code, plan.err) == (2, "")
    assert asked(organization) == [{"topicIds": [117805], **STEADY, "minScore": 70}]
    assert organization.methods == {"GET", "POST"}
    assert organization.run("apply", "--auto-approve").code == 0


def test_unchanged_config_is_not_asked_about(found: Founding) -> None:
    organization = founded(found, {"cfo.yaml": audience(CHANGING, "Renamed", **STEADY)})

    assert organization.run("plan", "--detailed-exitcode").code == 2
    assert asked(organization) == []


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve")])
def test_clamped_score_is_an_error_at_its_line(found: Founding, command: tuple[str, ...]) -> None:
    organization = founded(found, {"cfo.yaml": audience(CHANGING, "CFO", **{**STEADY, "minScore": 30})})
    said = organization.run(*command)

    assert said.code == 1
    assert "audiences.d/cfo.yaml:" in said.err
    assert "config.minScore: 30 would be stored as 50. Write 50 if that is meant." in said.err
    assert organization.patched == []


def test_plan_that_was_refused_has_no_digest(found: Founding) -> None:
    organization = founded(found, {"cfo.yaml": audience(CHANGING, "CFO", **{**STEADY, "minScore": 30})})
    said = organization.run("plan", "--format", "json", "--out", "plan.json")
    plan = said.document("plan")

    assert (said.code, plan["errored"], plan["digest"]) == (1, True, None)
    assert [
        (one["code"], one["line"], one["path"]) for one in plan["diagnostics"] if one["severity"] == "error"
    ]
    assert organization.run("apply", "--plan", "plan.json").code == 3
    assert organization.patched == []


def test_asking_changes_nothing_of_a_plan(found: Founding) -> None:
    organization = founded(found, CFO)
    asking = organization.run("plan", "--format", "json").document("plan")
    organization.peer.inject(Fault("status", route="validate", method="POST", status=404))
    unasked = organization.run("plan", "--format", "json").document("plan")

    assert [one["code"] for one in unasked.pop("diagnostics")] == ["not-evaluated"]
    assert asking.pop("diagnostics") == []
    assert asking == unasked


def test_score_that_is_left_out_is_named(found: Founding) -> None:
    live = audience(CHANGING, "CFO", **{**STEADY, "minScore": 30})
    wanted = audience(CHANGING, "CFO", maxScore=80, filters=FILTERS)
    said = found([live], {"cfo.yaml": wanted}, generation=2, is_strict=True).run("plan")

    assert said.code == 1
    assert "config.minScore: 30, which is live and left out here, would be stored as 50." in said.err


def test_unknown_nested_filter_is_carried_through(found: Founding) -> None:
    live = audience(CHANGING, "CFO", **{**STEADY, "filters": {"role": {"seniority": ["vp"], "isNew": True}}})
    organization = found([live], CFO, generation=2, is_strict=True, unknown_filters="store")

    assert organization.run("apply", "--auto-approve").code == 0
    assert organization.patched == [CHANGING]


def test_refusal_stops_all_but_a_target(found: Founding) -> None:
    guests = audience(PAUSING, "Guests", **{**STEADY, "filters": {"role.isDecisionMaker": True}})
    organization = founded(found, {**CFO, "guests.yaml": guests})
    refusal = '{"data": {"valid": false, "errors": ["no"]}}'
    organization.peer.inject(Fault("body", route="validate", method="POST", times=2, text=refusal))
    said = organization.run("apply", "--auto-approve")

    assert (said.code, organization.patched) == (1, [])
    for file in ("cfo", "guests"):
        assert f"audiences.d/{file}.yaml:5:12: config: the API refuses this config: no." in said.err
    assert organization.run("apply", "--auto-approve", "--target", "CFO").code == 0
    assert organization.patched == [CHANGING]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ('{"data": {"valid": false}}', "the API refuses this config."),
        ('{"data": {"valid": false, "message": "too wide"}}', "this config: too wide."),
        ('{"data": {"valid": false, "errors": [{"message": "a"}, 5, "b"]}}', "this config: a; b."),
    ],
)
def test_refusal_says_what_the_api_says(found: Founding, response: str, reason: str) -> None:
    organization = founded(found, CFO)
    organization.peer.inject(Fault("body", route="validate", method="POST", text=response))

    assert reason in organization.run("plan").err


def test_bad_request_is_a_refusal(found: Founding) -> None:
    organization = founded(found, CFO)
    organization.peer.inject(Fault("status", route="validate", method="POST", status=422, message="too wide"))
    said = organization.run("plan")

    assert said.code == 1
    assert "audiences.d/cfo.yaml:5:12: config: the API refuses this config: too wide." in said.err


def test_what_is_wrong_in_itself_is_not_asked(found: Founding) -> None:
    organization = founded(found, {"cfo.yaml": audience(CHANGING, "CFO", **{**STEADY, "maxScore": 100})})

    assert organization.run("plan").code == 1
    assert asked(organization) == []


@pytest.mark.parametrize("status", [404, 405])
def test_missing_route_is_a_warning(found: Founding, status: int) -> None:
    organization = founded(found, CFO)
    organization.peer.inject(Fault("status", route="validate", method="POST", status=status))
    said = organization.run("plan")

    assert said.code == 0
    assert "the API has no route that tells what it would store, so nobody asked." in said.out


def test_route_there_for_some_only_is_error(found: Founding) -> None:
    guests = audience(PAUSING, "Guests", **{**STEADY, "filters": {"role.isDecisionMaker": True}})
    organization = founded(found, {**CFO, "guests.yaml": guests})
    organization.peer.inject(Fault("status", route="validate", method="POST", status=404))
    said = organization.run("plan")

    assert said.code == 1
    assert "POST validate answers for some configs, and is not there for others." in said.err


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "status", "status": 401}, "POST /v1/intent/audiences/validate returned 401"),
        ({"kind": "status", "status": 403}, "POST /v1/intent/audiences/validate returned 403"),
        ({"kind": "drop", "times": None}, "cannot be reached: "),
        ({"kind": "status", "status": 503, "times": None}, "POST /v1/intent/audiences/validate returned 503"),
        ({"kind": "body", "text": '{"data": {}}'}, "POST validate: data.valid is not true or false"),
        (
            {"kind": "body", "text": VALID % "[]"},
            "POST validate: data.normalizedConfig is not an object",
        ),
        (
            {
                "kind": "body",
                "text": '{"data": {"valid": true, "normalizedConfig": {}, "appliedFilters": [1]}}',
            },
            "POST validate: data.appliedFilters is not a list of texts",
        ),
    ],
)
def test_failure_to_ask_ends_the_plan(found: Founding, fault: dict[str, Any], reason: str) -> None:
    organization = founded(found, CFO)
    organization.peer.inject(Fault(route="validate", method="POST", **fault))
    said = organization.run("plan", program=FAST)

    assert said.code == 1
    assert reason in said.err


@pytest.mark.parametrize("kind", ["drop", "html", "truncate"])
def test_question_that_was_lost_is_asked_again(found: Founding, kind: str) -> None:
    organization = founded(found, CFO)
    organization.peer.inject(Fault(kind, route="validate", method="POST"))

    assert organization.run("plan", "--detailed-exitcode").code == 2
