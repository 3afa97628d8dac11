"""`apply` from an approved plan to the report: what it sends, how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import FAST, FULL, SECONDS, Said, checked, through_python
from tests.cli.organization import (
    AUTO,
    CHANGING,
    ORDER,
    PAUSING,
    STEADY,
    Organization,
    audience,
    live,
    many,
    outcomes,
)
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Founding

REPORT = """\
  applied  Webinar guests
  applied  Chief financial officers
  applied  Marketing directors

Apply complete: 3 applied.
"""
PROGRESS = """\
1/3 applied: Webinar guests
2/3 applied: Chief financial officers
3/3 applied: Marketing directors
"""
BAD_BODY = Fault("status", id=CHANGING, method="PATCH", status=400, message="no such filter")


def test_apply_sends_the_plan_phase_by_phase(organization: Organization) -> None:
    plan = organization.run("plan", "--no-reach").out
    said = organization.run(*AUTO, is_fresh=True)

    assert said == Said(0, plan + REPORT, PROGRESS)
    assert organization.patched == ORDER
    assert [entry.document for entry in organization.peer.patches()] == [
        {"status": "paused"},
        {"config": {"topicIds": [117805], "minScore": 80, "filters": {"seniority": ["c_suite", "cxo"]}}},
        {"status": "active"},
    ]


def test_a_second_apply_sends_nothing(organization: Organization) -> None:
    organization.run(*AUTO)
    said = organization.run(*AUTO)

    assert said.code == 0
    assert said.out.endswith("Apply complete: nothing to do.\n")
    assert said.err == ""
    assert len(organization.patched) == 3


def test_json_has_stdout_to_itself(organization: Organization) -> None:
    plan = organization.run("plan", "--no-reach").out
    code, result, err = organization.apply("--auto-approve")

    assert code == 0
    assert err == plan + PROGRESS
    assert plan.endswith(f"Digest: {result['digest']}\n")
    assert result["summary"]["applied"] == 3
    assert (result["errored"], result["interrupted"], result["diagnostics"]) == (False, False, [])
    assert [one["id"] for one in result["results"]] == ORDER


def test_a_target_is_applied_alone(organization: Organization) -> None:
    assert organization.run(*AUTO, "--target", "Chief*").code == 0
    assert organization.patched == [CHANGING]


@pytest.mark.parametrize(("parallelism", "is_together"), [("1", False), ("4", True)])
def test_parallelism_bounds_calls_at_once(found: Founding, parallelism: str, *, is_together: bool) -> None:
    organization = found(*many(2))
    organization.peer.inject(Fault("delay", method="PATCH", seconds=2))
    with organization.started(*AUTO, "--parallelism", parallelism):
        first = organization.arrival("PATCH")
        organization.arrival("PATCH", after=first)

    assert (organization.peer.patches()[0].status is None) is is_together


# How it ends, by the table of exit codes. (0, 1 and 3 are above too.)


def test_4_when_one_change_failed_and_others_applied(organization: Organization) -> None:
    organization.peer.inject(
        Fault("status", id=CHANGING, method="PATCH", status=400, message="no such filter")
    )
    code, result, err = organization.apply("--auto-approve")

    assert code == 4
    assert outcomes(result) == ["applied", "failed", "applied"]
    assert "no such filter" in result["results"][1]["detail"]
    assert "\n2/3 failed: Chief financial officers\n" in err


def test_5_when_an_outcome_is_unknown(organization: Organization) -> None:
    organization.peer.inject(
        Fault("drop", id=CHANGING, method="PATCH", when="after"),
        Fault("drop", id=CHANGING, method="GET", skip=1, times=None),
    )
    code, result, _ = organization.apply("--auto-approve", program=FAST)

    assert code == 5
    assert outcomes(result) == ["applied", "unknown", "applied"]


def test_3_when_a_conflict_precedes_any_write(organization: Organization) -> None:
    foreign = Fault("edit", method="GET", route="list", target=PAUSING, changes={"name": "Renamed by hand"})
    organization.peer.inject(foreign)
    code, result, _ = organization.apply("--auto-approve", "--target", "Webinar*")

    assert code == 3
    assert outcomes(result) == ["conflict"]
    assert organization.methods == {"GET", "EDIT"}


def test_1_when_nothing_was_written_for_another_reason(organization: Organization) -> None:
    organization.peer.inject(Fault("status", method="PATCH", status=401, message="revoked"))
    code, result, _ = organization.apply("--auto-approve")

    assert code == 1
    assert outcomes(result) == ["failed", "not_attempted", "not_attempted"]
    assert organization.stored() == {one["id"]: one for one in live()}


@pytest.mark.parametrize(("status", "code"), [(500, 5), (503, 5), (400, 1)])
def test_unclear_write_is_unknown_and_sent_once(organization: Organization, status: int, code: int) -> None:
    organization.peer.inject(Fault("status", method="PATCH", status=status, times=None))
    ended, result, _ = organization.apply("--auto-approve", "--target", "Chief*", program=FAST)

    assert (ended, outcomes(result)) == (code, ["unknown" if code == 5 else "failed"])
    assert organization.patched == [CHANGING]


@pytest.mark.parametrize("status", [500, 503])
def test_unclear_write_that_was_stored_is_applied(organization: Organization, status: int) -> None:
    organization.peer.inject(
        Fault("status", method="PATCH", status=status, when="after"), Fault("stale", reads=3)
    )
    code, result, _ = organization.apply("--auto-approve", "--target", "Chief*", program=FAST)

    assert (code, outcomes(result)) == (0, ["applied"])
    assert organization.patched == [CHANGING]


def test_1_when_no_audience_could_be_read_again(organization: Organization) -> None:
    organization.peer.inject(Fault("status", method="GET", route="one", status=500, times=None))
    code, result, _ = organization.apply("--auto-approve", program=FAST)

    assert (code, outcomes(result)) == (1, ["not_attempted"] * 3)
    assert "PATCH" not in organization.methods


def storing(filters: dict[str, Any]) -> Fault:
    """Let the API store these filters instead, and answer with an echo of what it was asked for."""
    config = {"topicIds": [117805], "minScore": 80, "filters": filters}
    return Fault("edit", method="PATCH", id=CHANGING, changes={"config": config})


def test_normalising_api_is_reported_with_what_it_holds(organization: Organization) -> None:
    organization.peer.inject(storing({"seniority": ["CXO", "c_suite"]}))
    code, result, _ = organization.apply("--auto-approve")

    assert (code, outcomes(result)) == (4, ["applied", "failed", "applied"])
    assert result["results"][1]["detail"].endswith(
        'config.filters.seniority: asked "cxo", the API holds "CXO"'
    )


def test_live_and_wider_is_said_first(organization: Organization) -> None:
    organization.peer.inject(storing({}))
    said = organization.run(*AUTO, "--target", "Chief*", "--out", "result.json")
    report = said.out.partition("Digest: ")[2]
    shown = organization.run("show", "result.json", "--format", "markdown").out

    assert said.code == 4
    assert report.splitlines()[1:3] == [
        'Live and wider than defined: "Chief financial officers".',
        "Pause it now: in the dashboard, or with `status: paused` in its file and an apply.",
    ]
    assert shown.startswith(
        "> [!CAUTION]\n> **Live and wider than defined:** Chief financial officers. **Pause it now: "
    )
    assert [one["live_and_wider"] for one in organization.result()["results"]] == [True]


def test_the_text_report_says_what_is_left(organization: Organization) -> None:
    organization.peer.inject(
        Fault("status", id=CHANGING, method="PATCH", status=400, message="no such filter")
    )
    said = organization.run(*AUTO)

    assert said.code == 4
    assert said.out.endswith(
        "Apply ended in part: 2 applied, 1 failed.\nRun `reconciler plan` to see what is left.\n"
    )


# Progress.


def test_a_terminal_shows_a_live_count(organization: Organization) -> None:
    with organization.terminal(*AUTO, piped="stdout") as terminal:
        assert terminal.end() == 0

    assert terminal.shown == "".join(f"\r\x1b[KApplying: {done} of 3 done" for done in range(4)) + "\r\x1b[K"


def test_a_dumb_terminal_shows_plain_lines(organization: Organization) -> None:
    with organization.terminal(*AUTO, settings={"TERM": "dumb"}, piped="stdout") as terminal:
        assert terminal.end() == 0

    assert terminal.shown == PROGRESS


def test_a_name_in_the_progress_is_data(found: Founding) -> None:
    name = "##[error]x"
    organization = found([audience(STEADY, name)], {"a.yaml": audience(STEADY, name, "paused")})

    assert organization.run(*AUTO).err == "1/1 applied: #\\#[error]x\n"


# --out, when something is in its way.


def test_unwritable_out_stops_apply_before_any_request(organization: Organization) -> None:
    said = organization.run(*AUTO, "--format", "json", "--out", "nowhere/result.json")

    assert said.code == 1
    assert said.err == (
        "Error: nowhere/result.json cannot be written: No such file or directory."
        " Name a file that can be written.\n"
    )
    assert said.document("apply-result")["results"] == []
    assert organization.peer.log == ()


def test_out_and_journal_must_differ(organization: Organization) -> None:
    code, _, err = organization.apply("--auto-approve", "--journal", "./result.json")

    assert code == 1
    assert err == "Error: --out and --journal name the same file. Name two.\n"
    assert organization.peer.log == ()


def test_result_that_cannot_be_saved_changes_no_outcome(organization: Organization) -> None:
    place = organization.folder / "results"
    place.mkdir()
    organization.peer.inject(Fault("delay", method="PATCH", seconds=0.3))
    with organization.started(*AUTO, "--format", "json", "--out", "results/one.json") as process:
        organization.arrival("PATCH")
        place.rmdir()
        out, err = process.communicate(timeout=SECONDS)

    assert process.returncode == 0
    assert outcomes(checked(out, "apply-result")) == ["applied"] * 3
    assert err.endswith(
        "Error: results/one.json cannot be written: No such file or directory."
        " Name a file that can be written.\n"
    )


@pytest.mark.parametrize("is_first", [True, False], ids=["applied", "nothing-to-do"])
def test_result_that_stdout_cannot_take_is_unknown(organization: Organization, *, is_first: bool) -> None:
    if not is_first:
        organization.run(*AUTO)
    with FULL.open("wb") as full:
        said = organization.run(*AUTO, "--format", "json", "--out", "result.json", stdout=full)

    assert said.code == (5 if is_first else 1)
    assert outcomes(organization.result()) == (["applied"] * 3 if is_first else [])
    assert said.err.endswith(
        "Error: stdout cannot be written: No space left on device. Make room, or send it elsewhere.\n"
    )


def test_partial_result_that_stdout_cannot_take_is_unknown(organization: Organization) -> None:
    organization.peer.inject(BAD_BODY)
    with FULL.open("wb") as full:
        said = organization.run(*AUTO, "--format", "json", "--out", "result.json", stdout=full)

    assert said.code == 5
    assert set(outcomes(organization.result())) >= {"applied", "failed"}


@pytest.mark.parametrize("stream", [1, 2])
def test_nobody_who_reads_does_not_stop_it(organization: Organization, stream: int) -> None:
    said = organization.run(*AUTO, through=["/bin/sh", "-c", f'exec "$@" {stream}>&-', "sh"])

    assert said.code == 0
    assert organization.patched == ORDER


@pytest.mark.parametrize("how", ["1>&-", "| true"])
def test_result_that_no_program_reads_is_unknown(organization: Organization, how: str) -> None:
    shell = f'trap "" PIPE; {{ "$@"; echo $? > code; }} {how}; cat code >&2'
    said = organization.run(*AUTO, "--format", "json", through=["/bin/bash", "-c", shell, "bash"])

    reason = "it is closed" if how == "1>&-" else "Broken pipe"
    error = f"Error: stdout cannot be written: {reason}. Make room, or send it elsewhere."
    assert said.err.splitlines()[-2:] == [error, "5"]
    assert organization.patched == ORDER


# --journal


def journal(organization: Organization) -> list[Any]:
    return [json.loads(line) for line in (organization.folder / "journal").read_text().splitlines()]


def test_journal_has_intent_and_outcome_of_every_write(organization: Organization) -> None:
    _, result, _ = organization.apply("--auto-approve", "--journal", "journal", "--parallelism", "1")
    records = journal(organization)

    assert [(record["event"], record["id"]) for record in records] == [
        (event, identity) for identity in ORDER for event in ("intent", "outcome")
    ]
    assert {record["digest"] for record in records} == {result["digest"]}
    assert [one["patch"] for one in records[::2]] == [entry.document for entry in organization.peer.patches()]
    assert (organization.folder / "journal").stat().st_mode & 0o777 == 0o600


def test_intent_is_on_disk_before_its_patch(organization: Organization) -> None:
    organization.peer.inject(Fault("delay", method="PATCH", seconds=SECONDS))
    with organization.started(*AUTO, "--journal", "journal") as process:
        organization.arrival("PATCH")
        process.kill()
        process.wait(SECONDS)
    (intent,) = journal(organization)

    assert (intent["event"], intent["id"]) == ("intent", PAUSING)
    assert intent["patch"] == {"status": "paused"}
    assert organization.run(*AUTO, "--journal", "journal").code == 0
    assert len(journal(organization)) == 7


def test_without_a_durable_intent_nothing_is_sent(organization: Organization) -> None:
    most = 8 * 1024 * 1024
    with (organization.folder / "journal").open("wb") as file:
        file.truncate(most)
    # A limit on the size of files is a full disk for this file alone.
    full = through_python(f"import resource as r\nr.setrlimit(r.RLIMIT_FSIZE, ({most}, {most}))")
    code, result, err = organization.apply("--auto-approve", "--journal", "journal", through=full)

    assert code == 1
    assert outcomes(result) == ["not_attempted"] * 3
    assert result["results"][0]["detail"] == "the journal journal cannot be written: File too large"
    assert "1/3 not attempted: Webinar guests" in err
    assert "PATCH" not in organization.methods


@pytest.mark.parametrize("name", ["nowhere/journal", "link", "audiences.d"])
def test_unwritable_journal_stops_apply_before_the_question(organization: Organization, name: str) -> None:
    (organization.folder / "link").symlink_to("elsewhere")
    with organization.terminal("apply", "--journal", name, "--out", "result.json") as terminal:
        assert terminal.end() == 1

    assert f"Error: the journal {name} cannot be written: " in terminal.shown
    assert "Only `yes`" not in terminal.shown
    assert outcomes(organization.result()) == ["not_attempted"] * 3
    assert "PATCH" not in organization.methods


# Whatever goes wrong in the middle, nothing is claimed that is not so.

_BROKEN = """
import sys
from reconciler.cli import main
from reconciler.cli.output import Progress
def add(self, result):
    raise ZeroDivisionError("sk_test")
Progress.add = add
main()
"""
_UNPRINTABLE = """
from reconciler.cli import main
from reconciler.render import text
def result(value, ink):
    raise ZeroDivisionError("sk_test")
text.result = result
main()
"""


def broken(organization: Organization, script: str, *arguments: str) -> Said:
    (organization.folder / "broken.py").write_text(script)
    return organization.run(*arguments, program=["broken.py"])


def test_bug_in_the_middle_leaves_unknown_outcomes(organization: Organization) -> None:
    said = broken(organization, _BROKEN, *AUTO, "--format", "json", "--out", "result.json")
    result = said.document("apply-result")

    assert said.code == 5
    assert outcomes(result) == ["applied", "unknown", "unknown"]
    assert result == organization.result()
    assert said.err.endswith(
        "Error: this is a bug in reconciler 0.1.0 (ZeroDivisionError at broken.py:6)."
        " Please report it with this line.\n"
    )
    assert "Nothing was written" not in said.err


def test_a_bug_in_the_report_changes_no_outcome(organization: Organization) -> None:
    said = broken(organization, _UNPRINTABLE, *AUTO)

    assert said.code == 0
    assert organization.patched == ORDER
    assert "(ZeroDivisionError at broken.py:5)" in said.err
    assert "sk_test" not in said.err + said.out
