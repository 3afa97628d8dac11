"""Who approves an apply, and what is refused whoever approves."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import Said, checked
from tests.cli.organization import (
    ABSENT,
    AUTO,
    CHANGING,
    FOREIGN,
    KEY,
    ORDER,
    PAUSING,
    STARTING,
    STEADY,
    Organization,
    audience,
    desired,
    live,
    many,
    outcomes,
)
from tests.cli.terminal import END_OF_INPUT, INTERRUPT
from tests.doubles.peer import Fault, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cli.conftest import Founding

QUESTION = "\nChange 3 audiences? Only `yes` is a yes: "


def at_a_terminal(organization: Organization, answer: str, *arguments: str) -> tuple[int, str]:
    with organization.terminal("apply", *arguments) as terminal:
        terminal.wait_for("Only `yes` is a yes: ")
        terminal.type(answer)
        return terminal.end(), terminal.shown


def test_a_yes_at_the_terminal_applies(organization: Organization) -> None:
    plan = organization.run("plan", settings={"FORCE_COLOR": "1"}).out
    code, shown = at_a_terminal(organization, "yes\n")

    assert code == 0
    assert shown.startswith(plan + QUESTION + "yes\n")
    assert "Apply complete: 3 applied." in shown
    assert organization.patched == ORDER


@pytest.mark.parametrize(
    "answer",
    [
        "y\n",
        "YES\n",
        " yes\n",
        "yes \n",
        "yess\n",
        "\n",
        "no\n",
        "\xff\n",
        END_OF_INPUT,
        f"yes{END_OF_INPUT * 2}",
    ],
)
def test_nothing_else_is_a_yes(organization: Organization, answer: str) -> None:
    code, shown = at_a_terminal(organization, answer, "--out", "result.json", "--journal", "journal")

    assert code == 3
    assert shown.endswith("\n\x1b[31mError: not approved. Nothing was sent.\x1b[0m\n")
    assert organization.methods == {"GET"}
    assert outcomes(organization.result()) == ["not_attempted"] * 3
    assert (organization.folder / "journal").read_text() == ""


def test_one_change_is_asked_for_in_the_singular(organization: Organization) -> None:
    code, shown = at_a_terminal(organization, "no\n", "--target", "Chief*")

    assert code == 3
    assert "\nChange 1 audience? Only `yes` is a yes: no\n" in shown


def test_ctrl_c_at_the_question_sends_nothing(organization: Organization) -> None:
    code, shown = at_a_terminal(organization, INTERRUPT, "--out", "result.json")
    result = organization.result()

    assert code == 130
    assert shown.endswith("^C\n\x1b[31mError: interrupted. Nothing was written.\x1b[0m\n")
    assert organization.methods == {"GET"}
    assert (result["interrupted"], outcomes(result)) == (True, ["not_attempted"] * 3)


def test_where_nothing_changes_nobody_is_asked(organization: Organization) -> None:
    organization.run(*AUTO)
    with organization.terminal("apply") as terminal:
        assert terminal.end() == 0

    assert "Only `yes`" not in terminal.shown


NOBODY = (
    "Error: nobody can be asked: this is not a terminal."
    " Give --plan FILE or --digest DIGEST of a reviewed plan, or --auto-approve.\n"
)


def test_a_yes_through_a_pipe_is_none(organization: Organization) -> None:
    assert organization.run("apply", stdin="yes\n") == Said(3, "", NOBODY)
    assert organization.peer.log == ()


def test_piped_yes_at_a_terminal_is_refused(organization: Organization) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"yes\n")
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe, organization.terminal("apply", stdin=pipe) as terminal:
        assert terminal.end() == 3

    assert terminal.shown == f"\x1b[31m{NOBODY[:-1]}\x1b[0m\n"
    assert organization.peer.log == ()


def test_who_cannot_see_the_question_is_not_asked(organization: Organization) -> None:
    with organization.terminal("apply", piped="stderr") as terminal:
        assert terminal.end() == 3
        assert terminal.process.stderr is not None
        assert terminal.process.stderr.read() == NOBODY

    assert organization.peer.log == ()


def test_json_goes_to_stdout_beside_a_question(organization: Organization) -> None:
    everything = ("apply", "--format", "json")
    with organization.terminal(*everything, piped="stdout") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type("yes\n")
        assert terminal.end() == 0
        assert terminal.process.stdout is not None
        result = checked(terminal.process.stdout.read(), "apply-result")

    assert outcomes(result) == ["applied"] * 3


# --plan and --digest.


def reviewed(organization: Organization, *arguments: str) -> str:
    """Save a plan, and return its digest."""
    organization.run("plan", "--out", "plan.json", *arguments)
    digest: str = json.loads((organization.folder / "plan.json").read_text())["digest"]
    return digest


def test_a_reviewed_plan_is_applied_without_asking(organization: Organization) -> None:
    digest = reviewed(organization)

    assert organization.run("apply", "--plan", "plan.json", "--digest", digest).code == 0
    assert organization.patched == ORDER


def test_a_reviewed_digest_is_applied_without_asking(organization: Organization) -> None:
    assert organization.run("apply", "--digest", reviewed(organization)).code == 0
    assert organization.patched == ORDER


def test_size_and_refresh_time_make_no_plan_stale(organization: Organization) -> None:
    reviewed(organization)
    organization.peer.edit(CHANGING, {"audienceSize": 31_000, "lastRefreshedAt": "2026-02-01T00:00:00Z"})

    assert organization.run("apply", "--plan", "plan.json").code == 0


@pytest.mark.parametrize("how", ["--plan", "--digest"])
def test_what_is_not_ours_outdates_no_review(organization: Organization, how: str) -> None:
    digest = reviewed(organization)
    organization.peer.edit(FOREIGN, {"name": "Renamed by hand", "status": "paused"})

    assert organization.run("apply", how, "plan.json" if how == "--plan" else digest).code == 0
    assert organization.patched == ORDER


def test_saved_plan_goes_on_with_what_is_left(organization: Organization) -> None:
    reviewed(organization)
    organization.peer.inject(Fault("status", method="PATCH", id=CHANGING, status=400))

    assert organization.run("apply", "--plan", "plan.json").code == 4
    assert organization.run("apply", "--plan", "plan.json").code == 0
    assert organization.patched == [*ORDER, CHANGING]
    done = organization.run("apply", "--plan", "plan.json")
    assert (done.code, organization.patched) == (0, [*ORDER, CHANGING])
    assert done.out.startswith("No changes.")


def test_reviewed_start_goes_on_after_its_config(found: Founding) -> None:
    wanted = {"x.yaml": audience(STARTING, "Directors", "active", minScore=80)}
    organization = found([audience(STARTING, "Directors", "paused", minScore=60)], wanted)
    reviewed(organization)
    organization.peer.inject(Fault("status", method="PATCH", skip=1, status=400))

    assert organization.run("apply", "--plan", "plan.json").code == 4
    assert organization.run("apply", "--plan", "plan.json").code == 0
    assert [sorted(entry.document) for entry in organization.peer.patches()] == [
        ["config"],
        ["status"],
        ["status"],
    ]


def test_reviewed_change_made_by_hand_is_fine(organization: Organization) -> None:
    reviewed(organization)
    organization.peer.edit(PAUSING, {"status": "paused"})

    assert organization.run("apply", "--plan", "plan.json").code == 0
    assert organization.patched == [CHANGING, STARTING]


def refused(organization: Organization, *arguments: str) -> str:
    """Hold that an apply is refused with nothing sent, and return what it says last."""
    code, result, err = organization.apply(*arguments)
    assert code == 3
    assert "PATCH" not in organization.methods
    assert set(outcomes(result)) <= {"not_attempted"}
    assert result["errored"] is True
    return err.splitlines(keepends=True)[-1]


def stale(what: str) -> str:
    return (
        f"Error: this is not the reviewed plan any more: {what}."
        " Nothing was sent. Review the plan above, save it, and apply that one.\n"
    )


@pytest.mark.parametrize(
    ("identity", "changes", "moved"),
    [
        (CHANGING, {"config": {"topicIds": [117805], "minScore": 61}}, '"Chief financial officers"'),
        (STEADY, {"status": "paused"}, '"Security leads"'),
    ],
)
def test_foreign_edit_makes_plan_stale_and_is_named(
    organization: Organization, identity: str, changes: Mapping[str, Any], moved: str
) -> None:
    reviewed(organization)
    organization.peer.edit(identity, changes)

    assert refused(organization, "--plan", "plan.json") == stale(moved)


def test_a_plan_of_another_organization_is_refused(organization: Organization) -> None:
    reviewed(organization)
    with Peer(live(), key=KEY).running() as other:
        organization.settings["LEADPIPE_BASE_URL"] = other
        said = refused(organization, "--plan", "plan.json")

    assert said == stale(f"it was made for {organization.url}, not {other}")


def test_a_plan_for_other_targets_is_refused(organization: Organization) -> None:
    reviewed(organization, "--target", "Web*", "--target", "Chief*")

    assert refused(organization, "--plan", "plan.json") == stale(
        "it was made for --target Chief*, Web*, not for every definition"
    )


def test_a_wrong_digest_is_refused(organization: Organization) -> None:
    wrong = "sha256:" + "0" * 64
    right = reviewed(organization)

    assert refused(organization, "--digest", wrong, "--plan", "plan.json") == (
        f"Error: the plan's digest is {right}, not the reviewed {wrong}."
        " Nothing was sent. Review the plan above, and apply it by its own digest.\n"
    )


@pytest.mark.parametrize("digest", ["", "latest", "sha256:" + "0" * 63])
def test_what_is_no_digest_is_an_error(organization: Organization, digest: str) -> None:
    code, result, err = organization.apply("--digest", digest)

    assert (code, err) == (
        1,
        "Error: --digest is not a digest. Copy all of it from the plan: sha256: and 64 more characters.\n",
    )
    assert result["diagnostics"][0]["code"] == "settings"
    assert organization.peer.log == ()


def test_approval_does_not_outweigh_the_reviewed_plan(organization: Organization) -> None:
    reviewed(organization)
    organization.peer.edit(PAUSING, {"name": "Renamed"})

    assert refused(organization, "--plan", "plan.json", "--auto-approve") == stale('"Webinar guests"')


def test_plan_with_an_error_is_never_applied(found: Founding) -> None:
    organization = found(live(), desired() | {"absent.yaml": audience(ABSENT, "Nobody")})
    reviewed(organization)

    assert refused(organization, "--plan", "plan.json") == (
        "Error: the saved plan has errors and cannot be applied. Fix them and plan again.\n"
    )


# What is refused whoever approves.


def test_more_changes_than_the_limit_are_refused(found: Founding) -> None:
    organization = found(*many(5))

    assert refused(organization, "--auto-approve").startswith(
        "Error: 5 of 5 audiences would change at once; the limit is 3."
    )


@pytest.mark.parametrize(("most", "code"), [("100%", 0), ("4", 3), ("99%", 3)])
def test_the_limit_can_be_moved_this_once(found: Founding, most: str, code: int) -> None:
    organization = found(*many(5))

    assert organization.run(*AUTO, "--max-changes", most).code == code
    assert len(organization.patched) == (0 if code else 5)


def test_limit_of_two_refuses_three_changes(organization: Organization) -> None:
    assert refused(organization, "--auto-approve", "--max-changes", "2").startswith(
        "Error: 3 of 4 audiences would change at once; the limit is 2."
    )


def test_the_settings_file_can_raise_the_limit(found: Founding) -> None:
    organization = found(*many(5))
    (organization.folder / "reconciler.toml").write_text("[limits]\nmax_changes = 5\n")

    assert organization.run(*AUTO).code == 0


def test_a_protected_audience_is_never_changed(organization: Organization) -> None:
    organization.define({"guests.yaml": desired()["guests.yaml"] | {"lifecycle": {"protect": True}}})

    assert refused(organization, "--auto-approve", "--max-changes", "100%").startswith(
        'Error: "Webinar guests" is protected and would change.'
    )


def test_more_activations_than_free_slots_are_refused(
    organization: Organization,
) -> None:
    (organization.folder / "reconciler.toml").write_text("[limits]\nactive_slots = 2\n")

    assert "slots" in refused(organization, "--auto-approve", "--max-changes", "3")
    assert organization.result()["diagnostics"][0]["code"] == "slot-limit"


def test_a_missing_audience_stops_all_of_it(found: Founding) -> None:
    organization = found(live(), desired() | {"absent.yaml": audience(ABSENT, "Nobody")})
    code, result, err = organization.apply("--auto-approve")

    assert code == 1
    assert err.endswith("create the audience in the dashboard, or remove the file.\n")
    assert [one["code"] for one in result["diagnostics"]] == ["missing-audience"]
    assert outcomes(result) == ["not_attempted"] * 3
    assert organization.methods == {"GET"}
