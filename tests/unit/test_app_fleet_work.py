"""The work on one organization as an engine has it done: whatever goes wrong is in the result."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.app import planning
from reconciler.app.fleet import collected
from reconciler.app.fleet.documents import Documents
from reconciler.app.fleet.engine import Job
from reconciler.app.fleet.keys import Keys
from reconciler.app.fleet.local import Local
from reconciler.app.fleet.pull_comment import PullComment
from reconciler.app.fleet.run import FleetRun, How
from reconciler.app.fleet.selection import Selection, select
from reconciler.app.fleet.work import FleetRequest, Worker
from reconciler.apply import Stop
from reconciler.errors import ApiError, FileError, Interrupted
from reconciler.github import comment_state
from reconciler.github import environment as runner
from reconciler.plan import organization as results
from reconciler.plan.organization import FleetReport
from reconciler.render import json_output
from tests.cli.agency import Agency

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.plan.organization import OrganizationResult


@pytest.fixture
def agency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agency]:
    """Give two organizations, of which one asks for a change, and work where they are."""
    made = Agency(tmp_path, ("acme", "globex"))
    made.define("acme", 0, 80)
    with made.running():
        monkeypatch.setenv("LEADPIPE_BASE_URL", made.settings["LEADPIPE_BASE_URL"])
        monkeypatch.chdir(tmp_path)
        yield made


def done(
    agency: Agency, *jobs: Job, request: FleetRequest | None = None, out: Path | None = None
) -> list[OrganizationResult]:
    """Do jobs one after the other, and return their results in that order."""

    async def run() -> list[OrganizationResult]:
        stop = Stop()
        worker = Worker(request or FleetRequest(), Keys(agency.settings), Documents(out), stop)
        return [one async for one in Local(worker.process, stop, 1).run(jobs)]

    return asyncio.run(run())


def codes(result: OrganizationResult) -> list[str]:
    return [one.code for one in result.diagnostics]


def test_apply_may_be_repeated_by_its_digests(agency: Agency) -> None:
    (plan,) = done(agency, Job("acme", "plan"))
    by_both = Job("acme", "apply", plan.digest, plan.changes)
    jobs = (Job("acme", "apply", plan.digest), by_both, by_both)
    assert [one.outcome for one in done(agency, *jobs)] == ["applied", "unchanged", "unchanged"]
    assert agency.written() == {"acme": 1}


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (Job("acme", "apply"), "not-approved"),
        (Job("acme", "apply", f"sha256:{64 * '0'}"), "stale-plan"),
        (Job("acme", "apply", None, ()), "stale-plan"),
    ],
)
def test_unapproved_job_is_refused(agency: Agency, job: Job, code: str) -> None:
    (result,) = done(agency, job)
    assert (result.outcome, codes(result)) == ("refused", [code])
    assert agency.written() == {}


def test_result_has_no_key_and_survives_its_data(agency: Agency) -> None:
    (plan,) = done(agency, Job("acme", "plan"))
    document = results.to_document(plan)
    assert "sk_acme" not in str(document)
    assert results.from_document(document) == plan


@pytest.mark.parametrize("action", ["plan", "apply"])
def test_bug_in_one_stops_no_other(agency: Agency, monkeypatch: pytest.MonkeyPatch, action: Any) -> None:
    real = planning.load

    def load(paths: Any) -> Any:
        if "acme" in paths[0]:
            raise KeyError("secret")
        return real(paths)

    monkeypatch.setattr(planning, "load", load)
    request = FleetRequest(is_approved=True)
    bug, fine = done(agency, Job("acme", action), Job("globex", action), request=request)
    assert (bug.outcome, fine.outcome) == ("failed", "no_changes" if action == "plan" else "unchanged")
    (said,) = bug.diagnostics
    assert "this is a bug in reconciler" in said.summary
    assert "secret" not in said.summary


def test_folder_that_cannot_be_made_is_named(agency: Agency) -> None:
    (agency.folder / "file").write_text("")
    (result,) = done(agency, Job("acme", "apply"), out=agency.folder / "file")
    assert "file/acme cannot be made: Not a directory" in result.diagnostics[0].summary


def test_unsaved_result_of_an_apply_is_told(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    def keep_result(*given: object) -> None:
        raise FileError(f"no room for {given[1]}")

    monkeypatch.setattr(Documents, "keep_result", keep_result)
    (result,) = done(agency, Job("acme", "apply"), request=FleetRequest(is_approved=True))
    assert (result.outcome, result.is_written) == ("in_part", True)
    assert result.diagnostics[0].summary == "no room for acme"


def test_wrong_key_is_named_as_the_organizations(agency: Agency) -> None:
    agency.settings["LEADPIPE_API_KEY__ACME"] = "sk_other"
    (result,) = done(agency, Job("acme", "plan"))
    assert result.diagnostics[0].detail == "Check the key of acme: it is wrong, or was revoked"
    assert agency.fleet.strangers == 1


def test_conflict_alone_is_refused(agency: Agency) -> None:
    from tests.doubles.peer import Fault

    peer = agency.peers["acme"]
    changed = Fault("edit", route="one", changes={"name": "Somebody else's"}, when="before")
    peer.inject(changed)
    (result,) = done(agency, Job("acme", "apply"), request=FleetRequest(is_approved=True))
    assert (result.outcome, result.lines[0].text.partition(":")[0]) == ("refused", "conflict")


def test_stop_leaves_the_rest_not_attempted(agency: Agency) -> None:
    async def run() -> list[OrganizationResult]:
        stop = Stop()
        worker = Worker(FleetRequest(), Keys(agency.settings), Documents(), stop)
        stop.request()
        return [
            one
            async for one in Local(worker.process, stop, 2).run([Job("acme", "plan"), Job("globex", "plan")])
        ]

    assert [one.outcome for one in asyncio.run(run())] == ["not_attempted"] * 2


@pytest.mark.parametrize(
    ("action", "error", "outcome"),
    [
        ("plan", Interrupted("stopped"), "not_attempted"),
        ("plan", ApiError("x"), "failed"),
        ("apply", ApiError("x"), "unknown"),
    ],
)
def test_broken_off_run_names_every_organization(
    agency: Agency, action: Any, error: Any, outcome: str
) -> None:
    run = FleetRun(action, select(), FleetRequest(), How())
    report = run.report(error)
    assert [one.outcome for one in report.results] == [outcome] * len(agency.names)
    assert bool(report.diagnostics) != isinstance(error, Interrupted)
    assert not run.is_written


def test_only_organization_is_known_by_name(agency: Agency) -> None:
    assert select(["acme"]).only == "acme"
    assert select().only is None
    assert Selection(()).only is None
    assert len(agency.names) == 2


def test_comment_without_room_says_what_it_leaves_out(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.define("acme", 1, 80)
    out = agency.folder / "out"
    found = tuple(done(agency, Job("acme", "plan"), Job("globex", "plan"), out=out))
    for name, report in (("report", FleetReport("plan", found)), ("x/report", FleetReport("drift", found))):
        (out / name).parent.mkdir(exist_ok=True)
        (out / f"{name}.json").write_text(json_output.fleet_report(report, 0))
    monkeypatch.setattr(comment_state, "MAX_CHANGES", 1)
    summary = agency.folder / "summary"
    environment = runner.read({"GITHUB_REPOSITORY": "a/b", "GITHUB_STEP_SUMMARY": str(summary)})
    comment = PullComment(environment, collected.collect(str(out), "plan", select()))
    comment.publish_summary()
    comment.publish_comment()  # there is no pull request
    assert (
        "this comment approves 1 audience of all organizations, and leaves out 1 more"
        in summary.read_text("utf-8")
    )
