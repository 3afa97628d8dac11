"""Definitions that overlap: said wherever a plan is shown, of what changes first, and never in its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.organization import FOREIGN, PAUSING, STARTING, STEADY, Organization, audience

if TYPE_CHECKING:
    from tests.cli.conftest import Founding

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

FILTERS = {"seniority": ["vp", "director"]}
STARTS = audience(STARTING, "Twins", topicIds=[117805, 117890], filters=FILTERS)
STAYS = audience(STEADY, "Leads", topicIds=[117890, 117805], filters={"seniority": ["vp", "cxo"]})
SAID = (
    '"Twins" (audiences.d/twins.yaml:2) and "Leads" (audiences.d/leads.yaml:2) would both be active and '
    "differ in one filter only, "
    '"job levels" (directors, vice presidents in the first; chief officers, vice presidents in the second): '
    "one audience for both would take 1 active slot fewer"
)


def organized(found: Founding, twins: dict[str, Any], status: str = "paused") -> Organization:
    stored = [{**STARTS, "status": status}, STAYS, {**STARTS, "id": FOREIGN, "name": "Made by hand"}]
    return found(stored, {"leads.yaml": STAYS, "twins.yaml": twins})


def test_new_overlap_asks_for_a_second_look(found: Founding) -> None:
    organization = organized(found, STARTS)
    plan = organization.run("plan", "--format", "json", "--out", "plan.json").document("plan")
    (warning,) = plan["diagnostics"]

    assert (warning["severity"], warning["code"], warning["summary"]) == (
        "warning",
        "nearly-same-people",
        SAID,
    )
    assert (warning["file"], warning["line"]) == ("audiences.d/twins.yaml", 2)
    for command in (["plan"], ["show", "plan.json"]):
        text, markdown, page = (organization.run(*command, "--format", one).out for one in _FORMATS)
        assert f"  Overlap: {SAID}. Pause or remove" in text
        assert '- **Overlap:** "Twins" (' in markdown
        assert "### Plan: look twice" in markdown
        assert "<b>Overlap:</b>" in page


def test_old_overlap_is_a_note(found: Founding) -> None:
    organization = organized(found, STARTS, "active")
    text, markdown, page = (organization.run("plan", "--format", one).out for one in _FORMATS)

    assert "Look twice" not in text
    assert '\nOverlap: "Leads" (audiences.d/leads.yaml:2) and "Twins" (' in text
    assert "### Plan: nothing to change" in markdown
    assert "<b>Overlap:</b> &quot;Leads&quot; (" in page.partition("Also good to know")[2]


def test_old_overlap_stands_below_the_slots(found: Founding) -> None:
    """Whoever wants a slot may find one in what is there already."""
    guests = audience(PAUSING, "Guests", topicIds=[9])
    organization = found(
        [STARTS, STAYS, guests],
        {"leads.yaml": STAYS, "twins.yaml": STARTS, "guests.yaml": {**guests, "status": "paused"}},
    )
    markdown = organization.run("plan", "--format", "markdown").out
    shown, _, folded = markdown.partition("<details>")

    assert '**Overlap, as it is already:** "Leads" (' in shown.partition("**Active slots:**")[2]
    assert "would both be active" not in folded


@pytest.mark.parametrize("status", ["draft", "paused"])
def test_no_overlap_with_what_is_not_active(found: Founding, status: str) -> None:
    plan = organized(found, {**STARTS, "status": status}).run("plan", "--format", "json").document("plan")
    assert plan["diagnostics"] == []


def test_overlap_moves_no_digest(found: Founding) -> None:
    """Another definition that is as live already is not what a review is of."""
    organization = organized(found, STARTS)
    overlapping = organization.run("plan", "--format", "json").document("plan")
    organization.peer.edit(STEADY, {"config": {"topicIds": [1]}})
    organization.define({"leads.yaml": {**STAYS, "config": {"topicIds": [1]}}})
    apart = organization.run("plan", "--format", "json").document("plan")

    assert (len(overlapping["diagnostics"]), apart["diagnostics"]) == (1, [])
    assert overlapping["digest"] == apart["digest"]


_FORMATS = ("text", "markdown", "html")
