"""`reconciler restore`: what an apply changed, put back into files that people wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.organization import ABSENT, AUTO, CHANGING, FOREIGN, Organization, audience, live

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cli.conftest import Founding

BEFORE = f"""id: {CHANGING}   # ours
name: Chief financial officers
config:
  topicIds: [117805]
  minScore: 60    # agreed
  filters:
    seniority: [vp, cxo]
"""
AFTER = BEFORE.replace("60 ", "80 ").replace("[vp, cxo]", "[cxo]   # the core") + "    hasPhone: true\n"
BACK = BEFORE.replace("[vp, cxo]", "[cxo, vp]   # the core")
APPLIED = {
    "config": {"topicIds": [117805], "minScore": 80, "filters": {"seniority": ["cxo"], "hasPhone": True}}
}

NAMED = {"name": "Chief financial officers", "status": "active"}


@pytest.fixture
def applied(found: Founding) -> Organization:
    """Give an organization after an apply, whose plan and result were saved."""
    organization = found(live(), {})
    (organization.definitions / "cfo.yaml").write_text(AFTER)
    assert organization.run("plan", "--out", "plan.json").code == 0
    assert organization.run(*AUTO, "--out", "result.json").code == 0
    return organization


def text_of(organization: Organization) -> str:
    return (organization.definitions / "cfo.yaml").read_text()


def resave(organization: Organization, **fields: Any) -> None:
    """Let the saved result say something else of its audience; None takes a key out."""
    result = organization.result()
    one = result["results"][0] | fields
    result["results"] = [{key: value for key, value in one.items() if value is not None}]
    (organization.folder / "result.json").write_text(json.dumps(result))


@pytest.mark.parametrize("saved", ["plan.json", "result.json"])
def test_saved_file_alone_leads_back(applied: Organization, saved: str) -> None:
    said = applied.run("restore", saved)

    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("Restored what was before: 1 file written.\n")
    assert text_of(applied) == BACK
    assert len(applied.patched) == 1  # by the apply
    assert "config.minScore: 80 -> 60" in applied.run("plan").out
    assert applied.run(*AUTO).code == 0
    assert applied.stored()[CHANGING]["config"]["minScore"] == 60
    # Now it is as it was, and so is its file.
    assert "is live as it was before. Its file is left" in applied.run("restore", saved).err


def test_dry_run_prints_diff_alone(applied: Organization) -> None:
    said = applied.run("restore", "result.json", "Chief*", "--dry-run")

    assert said.code == 0
    assert "-    hasPhone: true\n" in said.out
    assert text_of(applied) == AFTER


def test_audience_changed_since_needs_force(applied: Organization) -> None:
    applied.peer.edit(CHANGING, {"config": APPLIED["config"] | {"maxScore": 90, "minScore": 70}})

    said = applied.run("restore", "result.json")

    assert (said.code, said.out) == (3, "")
    # A score that the API filled in is nobody's edit.
    assert '"Chief financial officers": somebody changed it since: config.minScore. Look' in said.err
    assert text_of(applied) == AFTER
    assert applied.run("restore", "result.json", "--force").code == 0
    assert text_of(applied) == BACK


@pytest.mark.parametrize(
    ("fields", "stored", "expected", "after"),
    [
        (
            {"outcome": "unknown"},
            APPLIED,
            (
                0,
                (
                    'Warning: "Chief financial officers": the apply ended as unknown, and live has of it: '
                    "config.minScore, config.filters.seniority, config.filters.hasPhone. "
                ),
            ),
            BACK,
        ),
        ({"outcome": "failed", "written": False}, live()[1], (0, "is live as it was before"), AFTER),
        ({"outcome": "blocked", "written": False}, live()[1], (0, "was not applied (blocked)"), AFTER),
        (
            {"outcome": "not_attempted", "written": False},
            live()[1],
            (0, "was not applied (not attempted)"),
            AFTER,
        ),
        ({"outcome": "unchanged", "written": False}, APPLIED, (0, ""), AFTER),
        ({"before": None}, APPLIED, (1, "this result does not say what was before"), AFTER),
        (
            {"before": {"config": {"topicIds": ["x"]}}},
            APPLIED,
            (1, "before.config.topicIds is not a list"),
            AFTER,
        ),
        (
            {"id": FOREIGN},
            APPLIED,
            (1, f'no definition owns audience {FOREIGN} ("Chief financial officers")'),
            AFTER,
        ),
        (
            {
                "before": NAMED | {"status": "archived", "config": {"topicIds": [117805]}},
                "patch": {"status": "active"},
            },
            {"status": "active", "config": {"topicIds": [117805]}},
            (1, 'no definition can say this: status: "archived" is not'),
            AFTER,
        ),
        (
            {"before": NAMED | {"config": {"topicIds": [117805], "filters": {"seniority": ["vp"]}}}},
            APPLIED,
            (0, "config.minScore had no value before, which no definition can bring back"),
            AFTER.replace("[cxo]", "[vp]").replace("    hasPhone: true\n", ""),
        ),
    ],
)
def test_what_is_live_decides(
    applied: Organization,
    fields: dict[str, Any],
    stored: Mapping[str, Any],
    expected: tuple[int, str],
    after: str,
) -> None:
    resave(applied, **fields)
    applied.peer.edit(CHANGING, {key: stored[key] for key in ("status", "config") if key in stored})

    said = applied.run("restore", "result.json")

    assert expected[1] in said.err
    assert (said.code, text_of(applied)) == (expected[0], after)


def test_path_ignored_since_is_left(applied: Organization) -> None:
    ignoring = "lifecycle: {ignore: [config.filters.hasPhone]}\n"
    (applied.definitions / "cfo.yaml").write_text(AFTER.replace("    hasPhone: true\n", "") + ignoring)
    resave(applied, before=audience(CHANGING, "Chief financial officers", filters={"hasPhone": False}))

    said = applied.run("restore", "result.json")

    assert "config.filters.hasPhone is in lifecycle.ignore. It stays as it is live" in said.err
    assert said.code == 0


@pytest.mark.parametrize("message", ["does not exist in this organization", "cannot be read"])
def test_audience_that_is_gone_or_odd_is_named(applied: Organization, message: str) -> None:
    if message == "cannot be read":
        applied.peer.edit(CHANGING, {"config": {"topicIds": [True]}})
    else:
        resave(applied, id=ABSENT)
        (applied.definitions / "cfo.yaml").write_text(AFTER.replace(CHANGING, ABSENT))

    said = applied.run("restore", "result.json")

    assert said.code == 1
    assert f'audiences.d/cfo.yaml:1:1: "Chief financial officers": {message}' in said.err


def test_plan_of_another_organization_is_refused(applied: Organization) -> None:
    said = applied.run("restore", "plan.json", "--sandbox")

    assert said.code == 3
    assert f"plan.json is a plan for {applied.url}, and not for sandbox" in said.err


def test_file_that_already_leads_back_is_left(applied: Organization) -> None:
    (applied.definitions / "cfo.yaml").write_text(BEFORE)

    said = applied.run("restore", "result.json")

    assert (said.code, text_of(applied)) == (0, BEFORE)
    assert said.out.startswith("Nothing to restore")
