"""What is read of an organization, whatever its API makes of it: lists, odd audiences, forms of filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.organization import CHANGING, FOREIGN, PAUSING, STEADY, audience, desired, live, many, outcomes
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Founding
    from tests.cli.organization import Organization

ODD = f'audience {CHANGING} ("Chief financial officers") cannot be read: GET /v1/intent/audiences'
NESTED = {
    "role": {"isDecisionMaker": True},
    "contact": {"hasBusinessEmail": True},
    "jobTitle": {"include": ["Head of Growth", "CFO"], "includeMode": "any"},
}
DOTTED = {
    "role.isDecisionMaker": True,
    "contact.hasBusinessEmail": True,
    "jobTitle.include": {"values": ["CFO", "Head of Growth"], "mode": "any"},
}


def plan_of(organization: Organization, *arguments: str) -> Any:
    return organization.run("plan", "--format", "json", *arguments).document("plan")


# The list.


def test_list_that_may_be_short_is_a_warning(found: Founding) -> None:
    audiences, documents = many(25)
    for number, one in enumerate([*audiences, *documents.values()]):
        one["config"] = {**one["config"], "topicIds": [100_000 + number % 25]}  # so that no two are the same
    organization = found(
        [{**one, "config": {**one["config"], "minScore": 80}} for one in audiences], documents
    )
    said = organization.run("plan", "--detailed-exitcode")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(
        "Warning: the API's list of audiences may not be all of it: it has exactly 25 audiences, and the API "
    )
    assert said.out.endswith("\n\nNo changes. The live audiences match the definitions.\n")
    assert plan_of(organization)["diagnostics"][0]["code"] == "list-may-be-short"


@pytest.mark.parametrize("generation", [1, 2])
def test_pages_are_followed_without_a_word(found: Founding, generation: int) -> None:
    organization = found(live(), desired(), generation=generation, page_size=2)
    plan = plan_of(organization)

    assert (len(plan["changes"]), [one["id"] for one in plan["unmanaged"]]) == (3, [FOREIGN])
    assert plan["diagnostics"] == []
    queries = [entry.target.partition("?")[2] for entry in organization.peer.log]
    assert list(filter(None, queries)) == [
        "limit=100",
        f"cursor={CHANGING}&limit=100",
        f"cursor={STEADY}&limit=100",
    ]


def test_one_id_with_two_contents_is_an_error(organization: Organization) -> None:
    organization.peer.inject(Fault("value", path="data.id", value=STEADY, route="list"))
    said = organization.run("plan")

    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"Error: GET /v1/intent/audiences: data[1]: audience {STEADY} came before with other content. "
        "Try again; if it stays so, report this to the vendor.\n"
    )


def test_too_long_list_in_one_piece_still_applies(organization: Organization) -> None:
    organization.peer.inject(Fault("huge", size=11 * 1024**2, route="list", times=None))
    plan = plan_of(organization)
    code, result, _ = organization.apply("--auto-approve")

    assert [one["code"] for one in plan["diagnostics"]] == ["list-may-be-short"]
    assert "it is over 10 MiB in one piece" in plan["diagnostics"][0]["summary"]
    assert (plan["summary"]["update"], plan["unmanaged"]) == (3, [])
    assert (code, outcomes(result)) == (0, ["applied"] * 3)


# An audience that cannot be read.


@pytest.mark.parametrize("generation", [1, 2])
def test_odd_audience_is_an_error_of_its_own(found: Founding, generation: int) -> None:
    audiences = live()
    audiences[1]["config"]["minScore"] = "high"
    organization = found(audiences, desired(), generation=generation)
    said = organization.run("plan", "--format", "json")
    plan = said.document("plan")

    assert said.code == 1
    assert said.err.startswith(f"audiences.d/cfo.yaml:2:2: id: {ODD}")
    assert "config.minScore is not a whole number, as the contract says" in said.err
    assert [(one["id"], one["name"]) for one in plan["unreadable"]] == [
        (CHANGING, "Chief financial officers")
    ]
    assert len(plan["changes"]) == 2
    numbers = plan["summary"]
    assert numbers["managed"] == numbers["update"] + numbers["unchanged"] + numbers["missing"] + 1
    refused = organization.run("apply", "--auto-approve")
    assert (refused.code, organization.patched) == (1, [])


def test_target_plans_and_applies_the_others(found: Founding) -> None:
    audiences = live()
    audiences[1]["config"] = {"topicIds": [1], "filters": {"role": {"isDecisionMaker": True}, **DOTTED}}
    organization = found(audiences, desired())
    whole = organization.run("plan")
    code, result, _ = organization.apply("--auto-approve", "--target", "Webinar*")

    assert "config.filters: role.isDecisionMaker is there in two forms at once" in whole.err
    assert (code, outcomes(result), organization.patched) == (0, ["applied"], [PAUSING])


def test_odd_config_that_nobody_manages_is_a_warning(found: Founding) -> None:
    audiences = live()
    audiences[0]["config"]["filters"] = {"seniority": "vp"}
    audiences[4]["config"]["topicIds"] = "all"
    documents = desired()
    del documents["guests.yaml"]["config"]
    organization = found(audiences, documents)
    plan = plan_of(organization)
    code, result, _ = organization.apply("--auto-approve")

    assert [(one["severity"], one["code"]) for one in plan["diagnostics"]] == [
        ("warning", "unreadable-audience")
    ]
    assert plan["unreadable"] == []
    assert (code, outcomes(result)) == (0, ["applied"] * 3)
    assert organization.stored()[PAUSING]["config"]["filters"] == {"seniority": "vp"}


def test_audience_that_turns_odd_is_its_own_outcome(organization: Organization) -> None:
    organization.peer.inject(
        Fault("value", path="data.config.minScore", value="high", id=CHANGING, route="one", times=None)
    )
    code, result, _ = organization.apply("--auto-approve")

    found = {one["id"]: one for one in result["results"]}
    assert found[CHANGING]["outcome"] in {"failed", "not_attempted"}
    assert "data.config.minScore is not a whole number" in found[CHANGING]["detail"]
    assert outcomes(result).count("applied") == 2
    assert (code, CHANGING in organization.patched) == (4, False)


# The forms of filters.


@pytest.mark.parametrize("generation", [1, 2])
def test_nested_filters_are_the_dotted_ones(found: Founding, generation: int) -> None:
    held = [audience(STEADY, "Security leads", filters={**NESTED, "state": "", "department": []})]
    organization = found(
        held, {"a.yaml": audience(STEADY, "Security leads", filters=DOTTED)}, generation=generation
    )

    assert organization.run("plan").out == "No changes. The live audiences match the definitions.\n"


def test_nested_filters_are_written_dotted_and_verified(found: Founding) -> None:
    unknown = {"employees": {"min": 51, "steps": [3, 1, 2]}}
    held = [audience(STEADY, "Security leads", filters={**NESTED, "company": unknown})]
    wanted = audience(STEADY, "Security leads", filters=DOTTED | {"role.isDecisionMaker": False})
    organization = found(held, {"a.yaml": wanted})
    code, result, _ = organization.apply("--auto-approve")

    assert (code, outcomes(result)) == (0, ["applied"])
    assert organization.stored()[STEADY]["config"]["filters"] == {
        **wanted["config"]["filters"], "company": unknown
    }  # fmt: skip


def test_reordered_unknown_list_is_no_conflict(found: Founding) -> None:
    held = [audience(STEADY, "Security leads", minScore=60, xNew=[3, 1, {"b": [2, 1]}])]
    organization = found(held, {"a.yaml": audience(STEADY, "Security leads", minScore=70)})
    organization.peer.inject(Fault("reordered", route="one", times=None))
    code, result, _ = organization.apply("--auto-approve")

    assert (code, outcomes(result)) == (0, ["applied"])
    assert organization.peer.patches()[0].document["config"]["xNew"] == [3, 1, {"b": [2, 1]}]


# Memory.


@pytest.mark.slow
@pytest.mark.parametrize("generation", [1, 2])
def test_five_thousand_audiences_take_little_memory(found: Founding, generation: int) -> None:
    audiences, documents = many(5000)
    for number, one in enumerate([*audiences, *documents.values()]):
        topics = [100_000 + 10 * (number % 5000) + nth for nth in range(10)]
        one["config"] = {"topicIds": topics, "minScore": 60, "filters": {"seniority": ["vp", "director"]}}
    for document in list(documents.values())[:50]:
        document["config"]["minScore"] = 80
    organization = found(audiences, documents, generation=generation)
    code, err, peak = organization.measured("plan", "--detailed-exitcode", "--out", "plan.json")

    assert (code, err) == (2, "")
    assert peak < 200
