"""A short campaign, and an oracle that sees each breach that is planted in the evidence of a good run."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.campaign import model, worker
from tests.campaign.__main__ import tell
from tests.campaign.commands import ROOT
from tests.campaign.evidence import Act, Evidence, Process
from tests.campaign.figures import Figures
from tests.campaign.oracle import Violation, judge
from tests.campaign.run import run
from tests.campaign.scenario import Apply, Edit, Moment, Obstacle, Scenario, Strike, draw
from tests.doubles.fork_server import ForkServer
from tests.doubles.peer import KINDS, Entry, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.campaign.scenario import Approval

pytestmark = pytest.mark.slow  # what tests use is the same on every Python

KEY = "sk_canary/+7f="
RELEASED = "0d8b7a35-5a0e-4d57-9f0f-1f7c3a2b9c11"
CHANGED = "6fb81599-f601-4afe-b3ff-e8a211cae27d"
ACTIVATED = "b2f7f0de-8a55-4b0f-9a53-7d1f0c9f4e22"
KEPT = "c0ffee00-0000-4000-8000-000000000001"
FOREIGN = "c0ffee00-0000-4000-8000-000000000002"
CONFIG = {"topicIds": [117805, 117890], "minScore": 60, "filters": {"seniority": ["vp", "cxo"]}}
SHORT = 8


def live(name: str, status: str) -> dict[str, Any]:
    return {"id": name, "name": name[:4], "status": status, "config": deepcopy(CONFIG), "audienceSize": 5}


AUDIENCES = (
    live(RELEASED, "active"),
    live(CHANGED, "paused"),
    live(ACTIVATED, "paused"),
    live(KEPT, "draft"),
    live(FOREIGN, "active"),
)
DEFINITIONS: dict[str, dict[str, Any]] = {
    RELEASED: {"id": RELEASED, "name": RELEASED[:4], "status": "paused"},
    CHANGED: {"id": CHANGED, "name": "Changed", "config": {"topicIds": [117805]}},
    ACTIVATED: {"id": ACTIVATED, "name": ACTIVATED[:4], "status": "active"},
    KEPT: {"id": KEPT, "name": KEPT[:4], "config": deepcopy(CONFIG)},
}


def scenario(approval: Approval = "plan", **changes: Any) -> Scenario:
    calm = Scenario(
        key=KEY,
        generation=1,
        is_strict=False,
        unknown_filters="store",
        config_semantics="replace",
        page_size=None,
        slots=None,
        audiences=AUDIENCES,
        definitions=DEFINITIONS,
        applies=(Apply(approval, parallelism=2, has_journal=True, is_limited=False, start_after=0),),
        faults=(),
        strikes=(),
        edits=(),
        resumes=False,
        obstacle=None,
    )
    return replace(calm, **changes)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    server = ForkServer(is_measured=False)
    yield server
    server.close()


@pytest.fixture(scope="module")
def good(server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Give what a reviewed apply leaves when nothing goes wrong."""
    return run(scenario(), tmp_path_factory.mktemp("good"), server)


@pytest.fixture(scope="module")
def automatic(server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Give the same of an apply that nobody reviewed."""
    return run(scenario("auto"), tmp_path_factory.mktemp("automatic"), server)


def rules(evidence: Evidence) -> set[str]:
    return {violation.rule for violation in judge(evidence)}


def process(evidence: Evidence) -> Process:
    return evidence.storm.processes[0]


def sent(evidence: Evidence, method: str, audience_id: str) -> Entry:
    return evidence.storm.about(process(evidence), audience_id, method)[0]


def in_storm(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, storm=replace(evidence.storm, **changes))


def with_process(evidence: Evidence, **changes: Any) -> Evidence:
    return in_storm(evidence, processes=(replace(process(evidence), **changes),))


def with_log(evidence: Evidence, change: Callable[[Entry], Entry | None]) -> Evidence:
    changed = [changed for entry in evidence.storm.log if (changed := change(entry)) is not None]
    return in_storm(evidence, log=tuple(sorted(changed, key=lambda entry: entry.number)))


def with_entry(evidence: Evidence, method: str, audience_id: str, **changes: Any) -> Evidence:
    old = sent(evidence, method, audience_id)
    return with_log(evidence, lambda entry: replace(entry, **changes) if entry == old else entry)


def with_more(evidence: Evidence, *entries: Entry) -> Evidence:
    last = evidence.storm.log[-1].number
    numbered = (replace(entry, number=last + nth) for nth, entry in enumerate(entries, start=1))
    return in_storm(evidence, log=(*evidence.storm.log, *numbered))


def with_report(evidence: Evidence, change: Callable[[dict[str, Any]], Any], **changes: Any) -> Evidence:
    report = process(evidence).report
    change(report)
    said = json.dumps(report).encode()
    return with_process(evidence, **{"stdout": said, "saved": said, **changes})


def with_outcome(evidence: Evidence, audience_id: str, outcome: str, **changes: Any) -> Evidence:
    """Let the report, its sums and the journal agree on another outcome: only the server knows better."""

    def change(report: dict[str, Any]) -> None:
        result = next(one for one in report["results"] if one["id"] == audience_id)
        report["summary"][result["outcome"]] -= 1
        report["summary"][outcome] += 1
        report["errored"] = True
        result.update({"outcome": outcome, **changes})

    lines = [json.loads(line) for line in (process(evidence).journal or b"").splitlines()]
    for line in lines:
        if line["event"] == "outcome" and line["id"] == audience_id:
            line["outcome"] = outcome
    journal = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    code = 5 if outcome == "unknown" else 4 if outcome in {"failed", "conflict", "blocked"} else 0
    return disturbed(with_report(evidence, change, journal=journal, returncode=code))


def disturbed(evidence: Evidence) -> Evidence:
    """Let a fault have met the first request, so that not all of it had to go well."""
    first = next(entry for entry in evidence.storm.log if entry in evidence.storm.sent_by(process(evidence)))
    return with_log(evidence, lambda entry: replace(entry, faults=("drip",)) if entry == first else entry)


def theirs(audience: dict[str, Any] | None) -> dict[str, Any]:
    return {**(audience or {}), "name": "Mine now", "updatedAt": "2026-02-02T00:00:00Z"}


def test_a_short_campaign_finds_nothing() -> None:
    options = ["--runs", str(SHORT), "--seed", "20", "--workers", "2"]
    command = [sys.executable, "-m", "tests.campaign", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"runs: {SHORT};" in done.stdout
    assert "violations: 0" in done.stdout


def test_the_seed_alone_decides_a_scenario() -> None:
    assert draw("7:1") == draw("7:1") != draw("7:2")


def test_the_campaign_draws_every_kind_of_trouble() -> None:
    drawn = [draw(f"1:{number}") for number in range(300)]
    assert {fault.kind for one in drawn for fault in one.faults} == set(KINDS)
    assert {number for one in drawn for strike in one.strikes for number in strike.signals} == {
        signal.SIGKILL,
        signal.SIGINT,
        signal.SIGTERM,
    }
    assert {len(one.applies) for one in drawn} == {1, 2}
    assert {(one.generation, one.config_semantics) for one in drawn} == {
        (1, "replace"),
        (1, "merge"),
        (2, "replace"),
        (2, "merge"),
    }
    assert any(edit.changes is None for one in drawn for edit in one.edits)


def test_good_runs_break_no_rule(good: Evidence, automatic: Evidence) -> None:
    assert (judge(good), judge(automatic)) == ((), ())
    written = {entry.id for entry in good.storm.log if entry.stored}
    assert written == {RELEASED, CHANGED, ACTIVATED}


def test_a_killed_process_need_not_say_anything(
    server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    strike = Strike(Moment(1, "PATCH", "received", 0), 0, (signal.SIGKILL,), 0)
    waits = (Fault("delay", method="PATCH", seconds=0.2, when="after", times=None),)
    killed = run(scenario(strikes=(strike,), faults=waits), tmp_path_factory.mktemp("killed"), server)
    assert process(killed).returncode == -signal.SIGKILL
    assert judge(killed) == ()


@pytest.mark.parametrize("kind", ["lie", "echo", "normalised"])
def test_what_is_not_stored_is_not_applied(
    server: ForkServer, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    other = run(
        scenario(faults=(Fault(kind, method="PATCH", id=CHANGED),)), tmp_path_factory.mktemp(kind), server
    )
    said = {result["id"]: result["outcome"] for result in process(other).report["results"]}
    assert (said[CHANGED], judge(other)) == ("failed", ())
    assert "outcome" in rules(with_outcome(other, CHANGED, "applied"))


# What was sent.


def test_bytes_that_are_in_no_plan(good: Evidence) -> None:
    spaced = json.dumps(sent(good, "PATCH", CHANGED).document, indent=1).encode()
    assert rules(with_entry(good, "PATCH", CHANGED, body=spaced)) == {"unplanned", "intent"}


def test_write_to_an_unplanned_audience_is_seen(good: Evidence) -> None:
    target = sent(good, "PATCH", CHANGED).target.replace(CHANGED, FOREIGN)
    read, write = sent(good, "GET", CHANGED), sent(good, "PATCH", CHANGED)
    stray = with_more(good, replace(read, target=target), replace(write, target=target))
    assert rules(stray) == {"unplanned", "intent", "report"}


def test_overwritten_edit_of_the_last_read_is_seen(good: Evidence, automatic: Evidence) -> None:
    for evidence in (good, automatic):
        seen = theirs(sent(evidence, "GET", CHANGED).before)
        assert rules(with_entry(evidence, "GET", CHANGED, before=seen, after=seen)) == {"overwrite"}


def test_edit_after_the_last_read_is_no_violation(good: Evidence) -> None:
    write = sent(good, "PATCH", CHANGED)
    edited = theirs(write.before)
    assert rules(with_entry(good, "PATCH", CHANGED, before=edited)) == set()


def test_a_stale_read_hides_what_was_stored(good: Evidence) -> None:
    write = sent(good, "PATCH", CHANGED)
    again = replace(sent(good, "GET", CHANGED), before=write.after, after=write.after)
    twice = replace(write, before=write.after)
    stale = with_entry(good, "PATCH", CHANGED, faults=("stale", "drop"), status=None)
    assert "overwrite" in rules(with_more(stale, again, twice))
    assert "overwrite" not in rules(with_more(stale, replace(again, faults=("stale",)), twice))


@pytest.mark.parametrize("change", [{"status": 500}, {"status": None}, {"faults": ("html",)}])
def test_a_write_upon_a_read_that_failed(good: Evidence, change: dict[str, Any]) -> None:
    assert "unread" in rules(with_entry(good, "GET", CHANGED, **change))


def test_a_write_without_a_read_of_its_own(good: Evidence) -> None:
    read, write = sent(good, "GET", CHANGED), sent(good, "PATCH", CHANGED)
    assert "unread" in rules(with_log(good, lambda entry: None if entry == read else entry))
    assert "unread" in rules(with_more(good, write, write))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_method_that_a_reconciler_does_not_have(good: Evidence, method: str) -> None:
    assert rules(with_more(good, replace(sent(good, "GET", ACTIVATED), method=method))) == {"method"}


def test_an_activation_before_a_release_is_settled(good: Evidence) -> None:
    early, last = sent(good, "PATCH", ACTIVATED).number, sent(good, "PATCH", RELEASED).number

    def delay(entry: Entry) -> Entry:
        return replace(entry, number=2 * early + 1 if entry.number == last else 2 * entry.number)

    assert "order" in rules(with_log(good, delay))
    never = with_log(good, lambda entry: None if entry.id == RELEASED else entry)
    assert "order" in rules(never)


def test_a_write_without_an_intent(good: Evidence) -> None:
    lines = (process(good).journal or b"").splitlines(keepends=True)
    intents = [line for line in lines if json.loads(line)["event"] == "intent"]
    for line in intents:
        rest = b"".join(other for other in lines if other != line)
        assert rules(with_process(good, journal=rest)) == {"intent"}
    other = b"".join(lines).replace(b'"Changed"', b'"Another"')
    assert rules(with_process(good, journal=other)) == {"intent"}
    assert "intent" in rules(with_process(good, journal=b"".join(lines)[:-9], returncode=-signal.SIGKILL))


def test_an_intent_that_comes_after_its_write(good: Evidence) -> None:
    write = sent(good, "PATCH", CHANGED)
    assert rules(with_entry(good, "PATCH", CHANGED, time_monotonic=write.time_monotonic - 5)) == {"intent"}


def test_run_that_goes_on_after_401_is_seen(good: Evidence) -> None:
    assert "endless" in rules(with_entry(good, "GET", RELEASED, status=401))


@pytest.fixture(scope="module")
def started(server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Give what an apply leaves that starts an audience with another config than it had."""
    wanted = {**DEFINITIONS[ACTIVATED], "config": {"topicIds": [117805]}}
    return run(
        scenario(definitions={**DEFINITIONS, ACTIVATED: wanted}), tmp_path_factory.mktemp("started"), server
    )


def second(evidence: Evidence) -> Entry:
    return evidence.storm.about(process(evidence), ACTIVATED, "PATCH")[-1]


def test_started_audience_takes_two_writes(started: Evidence) -> None:
    writes = started.storm.about(process(started), ACTIVATED, "PATCH")
    assert [set(write.document) for write in writes] == [{"config"}, {"status"}]
    assert judge(started) == ()


def test_status_before_its_config_is_stored_is_seen(started: Evidence) -> None:
    status = second(started)
    wide = {**(status.before or {}), "config": deepcopy(CONFIG)}
    early = with_log(started, lambda entry: replace(entry, before=wide) if entry == status else entry)
    assert rules(early) == {"unverified"}
    edit = replace(status, method="EDIT", headers=(), number=status.number - 1, time_monotonic=0)
    doubled = with_log(early, lambda entry: replace(entry, number=2 * entry.number))
    late = in_storm(doubled, log=(*doubled.storm.log, replace(edit, number=2 * status.number - 1)))
    assert "unverified" not in rules(late)


def test_start_and_config_in_one_write_is_seen(started: Evidence) -> None:
    config, status = started.storm.about(process(started), ACTIVATED, "PATCH")
    body = json.dumps({**config.document, **status.document}, sort_keys=True).encode()
    both = with_log(started, lambda entry: replace(entry, body=body) if entry == config else entry)
    assert {"unverified", "unplanned"} <= rules(both)


def test_second_step_goes_on_from_what_was_verified(started: Evidence) -> None:
    """A server that filled a default with the first step is no conflict, and an edit of the config is one."""
    writes = started.storm.about(process(started), ACTIVATED, "PATCH")

    def filled(entry: Entry) -> Entry:
        if entry.id != ACTIVATED or entry.number < writes[0].number:
            return entry
        after = {**(entry.after or {}), "config": {**(entry.after or {})["config"], "maxScore": 100}}
        return replace(entry, after=after, before=entry.before if entry == writes[0] else after)

    assert "overwrite" not in rules(with_log(started, filled))
    last = max(
        (
            read
            for read in started.storm.about(process(started), ACTIVATED, "GET")
            if read.number < writes[1].number
        ),
        key=lambda read: read.number,
    )
    edited = {**(last.before or {}), "config": {"topicIds": [5]}}
    moved = with_log(
        started, lambda entry: replace(entry, before=edited, after=edited) if entry == last else entry
    )
    assert "overwrite" in rules(moved)


def test_a_limit_and_a_protection_stop_all(good: Evidence) -> None:
    protected = {**DEFINITIONS, ACTIVATED: {**DEFINITIONS[ACTIVATED], "lifecycle": {"protect": True}}}
    assert rules(in_storm(good, definitions=protected)) == {"limit"}
    unlimited = tuple(word for word in process(good).arguments if word not in {"--max-changes", "100%"})
    assert rules(with_process(good, arguments=unlimited)) == set()
    assert good.plan is not None
    change = next({**one, "id": KEPT} for one in good.plan["changes"] if one["id"] == CHANGED)
    four = replace(good, plan={**good.plan, "changes": [*good.plan["changes"], change]})
    assert "plan" in rules(four)


def test_config_that_nobody_asked_about_is_seen(
    server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    strict = scenario(generation=2, is_strict=True)
    asked = run(strict, tmp_path_factory.mktemp("asked"), server)
    assert judge(asked) == ()
    assert rules(with_log(asked, lambda entry: None if entry.method == "POST" else entry)) == {"unasked"}
    doubted = with_log(asked, lambda one: replace(one, faults=("value",)) if one.method == "POST" else one)
    assert rules(doubted) == {"unasked"}


CLAMPED = {**DEFINITIONS[CHANGED], "config": {"topicIds": [117805], "minScore": 40}}


@pytest.mark.parametrize(
    ("obstacle", "changes"),
    [
        (Obstacle(CHANGED, {"config": "text"}, DEFINITIONS[CHANGED]), {}),
        (Obstacle(CHANGED, {"name": 5}, DEFINITIONS[CHANGED]), {"generation": 2}),
        (Obstacle(CHANGED, {}, CLAMPED), {"generation": 2, "is_strict": True}),
    ],
)
def test_obstacle_stops_its_own_audience_alone(
    server: ForkServer, tmp_path_factory: pytest.TempPathFactory, obstacle: Obstacle, changes: dict[str, Any]
) -> None:
    hindered = run(scenario(obstacle=obstacle, **changes), tmp_path_factory.mktemp("hindered"), server)
    assert judge(hindered) == ()
    assert hindered.obstructed is not None
    for nth in range(3):
        done = list(hindered.obstructed.processes)
        done[nth] = replace(done[nth], returncode=5)
        told = replace(hindered, obstructed=replace(hindered.obstructed, processes=tuple(done)))
        assert "obstacle" in rules(told)


# What a careless reconciler does.


STARTED = {
    **DEFINITIONS,
    ACTIVATED: {**DEFINITIONS[ACTIVATED], "config": {"topicIds": [117805], "filters": {"gender": "f"}}},
}


@pytest.mark.parametrize(
    ("plants", "rule", "changes"),
    [
        ("compares nothing", "unread", {}),
        ("believes responses", "outcome", {"faults": (Fault("echo", method="PATCH", id=CHANGED),)}),
        ("believes responses", "outcome", {"faults": (Fault("lie", method="PATCH", id=CHANGED),)}),
        ("writes in another order", "order", {}),
        ("compares nothing, writes in another order", "unverified", {"definitions": STARTED}),
        (
            "compares nothing, starts whatever was stored",
            "unverified",
            {"definitions": STARTED, "faults": (Fault("stripped", method="PATCH", id=ACTIVATED),)},
        ),
        ("asks nothing", "unasked", {"generation": 2}),
        ("starts at once", "plan", {"definitions": STARTED}),
        (
            "calls failed what was never sent",
            "outcome",
            {"faults": (Fault("status", status=400, method="GET", id=CHANGED),)},
        ),
        (
            "calls failed what is unclear",
            "outcome",
            {"faults": (Fault("status", status=503, method="PATCH", id=CHANGED, when="after"),)},
        ),
        (
            "applies whatever is planned now",
            "overwrite",
            {"edits": (Edit(CHANGED, {"status": "active"}, None),)},
        ),
    ],
)
def test_careless_reconciler_is_caught(  # noqa: PLR0917 - pytest names them
    server: ForkServer,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    plants: str,
    rule: str,
    changes: dict[str, Any],
) -> None:
    played = scenario(**changes)
    assert judge(run(played, tmp_path_factory.mktemp("careful"), server)) == ()
    monkeypatch.setenv("CAMPAIGN_PLANTS", plants)
    assert rule in rules(run(played, tmp_path_factory.mktemp("careless"), server))


# What was said.


def test_an_applied_that_the_server_never_held(good: Evidence) -> None:
    write = sent(good, "PATCH", CHANGED)
    lost = with_entry(unseen(good), "PATCH", CHANGED, stored=False, after=write.before)
    halved = with_entry(unseen(good), "PATCH", CHANGED, after={**(write.after or {}), "name": "Half"})
    assert (rules(lost), rules(halved)) == ({"outcome"}, {"outcome"})


def test_an_applied_that_somebody_changed_later_was_applied(good: Evidence) -> None:
    write = sent(good, "PATCH", CHANGED)
    edit = replace(write, method="EDIT", headers=(), before=write.after, after=theirs(write.after))
    assert rules(with_more(good, edit)) == set()


@pytest.mark.parametrize("outcome", ["failed", "conflict", "blocked", "not_attempted", "unchanged"])
def test_nothing_written_where_something_was(good: Evidence, outcome: str) -> None:
    assert "outcome" in rules(with_outcome(good, CHANGED, outcome, written=False))


def test_a_failure_that_nobody_looked_into(good: Evidence) -> None:
    failed = with_outcome(unseen(good), CHANGED, "failed")
    assert rules(failed) == {"outcome"}
    look, stored = sent(good, "GET", CHANGED), sent(good, "PATCH", CHANGED).after
    seen = replace(look, before=stored, after=stored)
    assert rules(with_more(failed, seen)) == {"outcome", "order"}
    assert rules(with_more(failed, replace(seen, faults=("html",)))) == {"order"}


def test_never_sent_is_no_failure(good: Evidence) -> None:
    assert rules(with_outcome(untouched(good), CHANGED, "failed", attempts=0, written=False)) == {"outcome"}


@pytest.mark.parametrize(
    "change",
    [
        {"status": 503, "faults": ("status",)},
        {"status": 408, "faults": ("status",)},
        {"status": 303, "faults": ("status",)},
        {"status": None, "faults": ("drop",)},
        {"faults": ("html",)},
    ],
    ids=str,
)
def test_unclear_response_over_a_stored_write(good: Evidence, change: dict[str, Any]) -> None:
    unclear = with_entry(good, "PATCH", CHANGED, **change)
    edited = theirs(sent(good, "PATCH", CHANGED).after)
    seen = with_more(unclear, replace(sent(good, "GET", CHANGED), before=edited, after=edited))
    assert "outcome" in rules(with_outcome(seen, CHANGED, "failed"))
    assert "outcome" not in rules(with_outcome(unclear, CHANGED, "unknown"))


def test_live_and_wider_is_what_the_server_held(
    server: ForkServer, tmp_path_factory: pytest.TempPathFactory, good: Evidence
) -> None:
    narrower = {"id": RELEASED, "name": "N", "status": "active", "config": {**CONFIG, "minScore": 90}}
    stripped = (Fault("stripped", method="PATCH", id=RELEASED),)
    definitions = {**DEFINITIONS, RELEASED: narrower}
    wide = run(scenario(faults=stripped, definitions=definitions), tmp_path_factory.mktemp("wide"), server)
    said = {result["id"]: result["live_and_wider"] for result in process(wide).report["results"]}
    assert (said[RELEASED], judge(wide)) == (True, ())
    assert "outcome" in rules(with_outcome(wide, RELEASED, "failed", live_and_wider=False))
    assert "outcome" in rules(with_outcome(good, CHANGED, "applied", live_and_wider=True))


def test_unknown_may_be_anything_that_was_sent(good: Evidence) -> None:
    assert rules(with_outcome(good, CHANGED, "unknown")) == set()
    assert rules(with_outcome(good, CHANGED, "unknown", attempts=0)) == {"outcome"}


def test_more_calls_than_attempts(good: Evidence) -> None:
    assert rules(with_outcome(good, CHANGED, "applied", attempts=4)) == {"outcome", "report"}


def unseen(evidence: Evidence) -> Evidence:
    """Let nobody have read one audience after it was written."""
    write = sent(evidence, "PATCH", CHANGED)
    return with_log(
        evidence, lambda entry: None if entry.id == CHANGED and entry.number > write.number else entry
    )


def untouched(evidence: Evidence) -> Evidence:
    """Let nobody have written to one audience, with a read that showed it as it was."""
    write = sent(evidence, "PATCH", CHANGED)
    return with_log(unseen(evidence), lambda entry: None if entry == write else entry)


@pytest.mark.parametrize("outcome", ["conflict", "blocked", "unchanged"])
def test_an_excuse_that_the_server_does_not_know(good: Evidence, outcome: str) -> None:
    excused = with_outcome(untouched(good), CHANGED, outcome, attempts=0, written=False)
    assert "outcome" in rules(excused)


def test_excuses_that_hold(good: Evidence) -> None:
    read = sent(good, "GET", CHANGED)
    for outcome, seen in (
        ("conflict", theirs(read.before)),
        ("unchanged", sent(good, "PATCH", CHANGED).after),
    ):
        excused = with_outcome(untouched(good), CHANGED, outcome, attempts=0, written=False)
        assert "outcome" not in rules(with_entry(excused, "GET", CHANGED, before=seen, after=seen))


def test_an_audience_without_an_outcome(good: Evidence) -> None:
    def forget(report: dict[str, Any]) -> None:
        report["summary"]["applied"] -= 1
        report["results"] = [one for one in report["results"] if one["id"] != CHANGED]

    assert rules(with_report(good, forget)) == {"report"}


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 130])
def test_an_exit_code_that_the_table_has_not(good: Evidence, code: int) -> None:
    assert "report" in rules(with_process(good, returncode=code))


def test_sums_that_are_no_sums(good: Evidence) -> None:
    assert rules(with_report(good, lambda report: report["summary"].update(applied=9))) == {"report"}


def test_an_interrupt_that_nobody_sent(good: Evidence) -> None:
    def interrupt(report: dict[str, Any]) -> None:
        report.update(interrupted=True, errored=True)

    claimed = with_report(disturbed(good), interrupt, returncode=130)
    assert rules(claimed) == {"report"}
    assert rules(with_process(claimed, signals=(signal.SIGINT,))) == set()


def test_a_saved_result_that_is_another(good: Evidence) -> None:
    assert rules(with_process(good, saved=b"{}")) == {"report"}


@pytest.mark.parametrize("stdout", [b"", b"{", b"Applied.\n", b"{}", b"{}\n{}"])
def test_a_stdout_that_is_no_report(good: Evidence, stdout: bytes) -> None:
    assert "json" in rules(with_process(good, stdout=stdout, returncode=130, signals=(signal.SIGTERM,)))


def test_a_traceback(good: Evidence) -> None:
    assert rules(with_process(good, stderr=b"Traceback (most recent call last):\n")) == {"noise"}


def test_a_process_that_never_ends(good: Evidence) -> None:
    assert rules(with_process(good, is_hung=True)) == {"noise"}


@pytest.mark.parametrize("place", ["stdout", "stderr", "journal", "saved"])
@pytest.mark.parametrize(
    "form", [KEY, quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode()], ids=["raw", "url", "base64"]
)
def test_the_key_anywhere(good: Evidence, place: str, form: str) -> None:
    assert "key" in rules(with_process(good, **{place: f'{{"message": "{form}"}}'.encode()}))


# What came of it.


def in_calm(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, calm=replace(evidence.calm, **changes))


def test_a_plan_that_is_not_what_is_defined(good: Evidence) -> None:
    assert good.plan is not None
    changes = good.plan["changes"]
    for nth, change in enumerate(changes):
        wrong = {**change, "patch": {**change["patch"], "name": "Wrong"}}
        for planned in ([*changes[:nth], wrong, *changes[nth + 1 :]], [*changes[:nth], *changes[nth + 1 :]]):
            assert rules(replace(good, plan={**good.plan, "changes": planned})) == {"plan"}
    assert rules(replace(good, plan={**good.plan, "changes": changes[::-1]})) == {"plan"}


def test_a_calm_that_does_not_converge(good: Evidence, automatic: Evidence) -> None:
    final = {**good.calm.final, CHANGED: theirs(good.calm.final[CHANGED])}
    assert rules(in_calm(good, final=final)) == {"convergence"}
    undone = {**good.calm.initial, CHANGED: automatic.storm.initial[CHANGED]}
    assert rules(in_calm(good, initial=undone)) == {"convergence"}


def test_a_second_apply_that_sends_something(good: Evidence) -> None:
    write = sent(good, "PATCH", CHANGED)
    headers = tuple((name, value.replace("+apply0", "+second")) for name, value in write.headers)
    assert "convergence" in rules(in_calm(good, log=(*good.calm.log, replace(write, headers=headers))))


def test_an_apply_that_fails_although_nothing_is_wrong(good: Evidence) -> None:
    calm = with_outcome(good, CHANGED, "unknown")
    quiet = with_log(calm, lambda entry: replace(entry, faults=()))
    assert rules(quiet) == {"calm"}


def test_a_server_that_merges_keeps_what_it_keeps(
    server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("merged")
    merged = run(scenario(config_semantics="merge"), folder, server)
    assert judge(merged) == ()
    assert [process.returncode for process in merged.calm.processes] == [4, 4]
    assert rules(in_calm(merged, merges=False)) == {"convergence"}


def test_deleted_audience_is_refused_and_left_alone(
    server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gone = [entry for entry in AUDIENCES if entry["id"] != KEPT]
    absent = scenario(
        audiences=tuple(gone), definitions={one: DEFINITIONS[one] for one in (RELEASED, CHANGED)}
    )
    evidence = run(absent, tmp_path_factory.mktemp("gone"), server)
    assert (judge(evidence), evidence.missing) == ((), None)
    said = Process("missing", (), 0)
    assert rules(replace(evidence, missing=said)) == {"missing"}
    assert rules(replace(evidence, missing=replace(said, returncode=1))) == set()


# A reviewed plan once more.


@pytest.fixture(scope="module")
def partial(server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Give what it leaves to apply a plan again whose first apply ended in part."""
    refusal = Fault("status", status=400, method="PATCH", id=CHANGED)
    return run(scenario(faults=(refusal,), resumes=True), tmp_path_factory.mktemp("partial"), server)


def resumed(evidence: Evidence, **changes: Any) -> Evidence:
    """Let the second apply of the plan have left something else."""
    assert evidence.resumed is not None
    apply, after = evidence.resumed.processes
    processes = (replace(apply, **changes), after)
    return replace(evidence, resumed=replace(evidence.resumed, processes=processes))


def test_resumed_plan_goes_on_with_what_is_left(partial: Evidence) -> None:
    assert judge(partial) == ()
    assert partial.resumed is not None
    apply, after = partial.resumed.processes
    assert (process(partial).returncode, apply.returncode, after.returncode) == (4, 0, 0)
    assert [entry.id for entry in partial.resumed.log if entry.method == "PATCH"] == [CHANGED]


def test_resumed_plan_that_stops_or_oversteps_is_seen(partial: Evidence) -> None:
    assert partial.resumed is not None
    assert "resumed" in rules(resumed(partial, returncode=3))
    unsent = tuple(entry for entry in partial.resumed.log if entry.method != "PATCH")
    assert "resumed" in rules(replace(partial, resumed=replace(partial.resumed, log=unsent)))
    planned = replace(partial.resumed.processes[1], saved=json.dumps(partial.plan).encode())
    processes = (partial.resumed.processes[0], planned)
    assert rules(replace(partial, resumed=replace(partial.resumed, processes=processes))) == {"plan"}


@pytest.mark.parametrize("changes", [{"name": "Theirs"}, None])
def test_resumed_plan_is_refused_where_something_moved(
    server: ForkServer, tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any] | None
) -> None:
    edit = Edit(CHANGED, changes, None)
    moved = run(scenario(edits=(edit,), resumes=True), tmp_path_factory.mktemp("moved"), server)
    assert judge(moved) == ()
    assert moved.resumed is not None
    assert moved.resumed.processes[0].returncode == (3 if changes else 1)
    assert rules(resumed(moved, returncode=0)) >= {"resumed"}


# How it is told.


def test_violation_names_what_plays_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    broken = Violation("overwrite", "apply0", "what shows it")
    counted = Figures(runs=1)
    counted.violations["overwrite"] += 1
    assert tell(5, [(3, counted, [broken]), (4, Figures(runs=1), [])]) == 1
    told = capsys.readouterr().out
    assert "VIOLATION --seed 5 --only 3: overwrite: apply0: what shows it\n" in told
    assert "runs: 2;" in told
    assert "violations: 1\n    overwrite 1\n" in told
    assert tell(5, [(4, Figures(runs=1), [])]) == 0


def test_run_that_breaks_the_campaign_is_violation() -> None:
    # Without a server there is nothing to run with.
    counted, violations = worker.play(1, 1, None)
    assert [violation.rule for violation in violations] == ["campaign"]
    assert counted.violations.total() == 1


# What a definition means.


@pytest.mark.parametrize(
    ("live_config", "wanted", "patch"),
    [
        ({"topicIds": [1, 2]}, {"topicIds": [2, 1]}, None),
        ({"topicIds": [1], "minScore": 70}, {"topicIds": [1]}, None),
        ({"topicIds": [1], "minScore": 50}, {"topicIds": [1]}, None),
        ({"topicIds": [1], "minScore": 50}, {"topicIds": [2]}, {"topicIds": [2], "minScore": 50}),
        ({"topicIds": [1], "minScore": None, "filters": {}}, {"topicIds": [1]}, None),
        ({"topicIds": [1], "filters": {"state": "Ohio"}}, {"topicIds": [1]}, {"topicIds": [1]}),
        ({"topicIds": [1], "sourceUrl": "https://a.example"}, {"topicIds": [1]}, None),
        ({"topicIds": [1], "x_beta": 1}, {"topicIds": [2]}, {"topicIds": [2], "x_beta": 1}),
    ],
)
def test_the_patch_that_an_audience_needs(
    live_config: dict[str, Any], wanted: dict[str, Any], patch: dict[str, Any] | None
) -> None:
    audience = {"id": KEPT, "name": "a", "status": "draft", "config": live_config}
    due = model.patch_for({"id": KEPT, "name": "a", "config": wanted}, audience)
    assert due == (None if patch is None else {"config": patch})


def test_an_act_tells_how_long_each_state_reigned(good: Evidence) -> None:
    act: Act = good.storm
    write = sent(good, "PATCH", CHANGED)
    first, second = act.reigns(CHANGED)
    assert (first[0], first[2]) == (write.before, write.number)
    assert (second[0], second[1]) == (write.after, write.number)
