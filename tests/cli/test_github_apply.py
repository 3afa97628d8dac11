"""`reconciler github apply`: exactly what was reviewed, once, or nothing; and every end told."""

from __future__ import annotations

import json
import re
import shutil
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cli.command import FAST, ROOT, SECONDS, checked, started
from tests.cli.hosted import PERMISSIONS, Files, Merge, Team, founded, unlinked
from tests.cli.organization import ABSENT, CHANGING, KEY, PAUSING, STARTING, STEADY, audience, live
from tests.doubles.git import git
from tests.doubles.github_peer import Fault, account
from tests.doubles.oracles.runner_commands import commands
from tests.doubles.peer import Fault as VendorFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.cli.hosted import Ran
    from tests.doubles.github_peer.accounts import Account

pytestmark = pytest.mark.once  # git and GitHub are the same under every Python

RUN = "[The run, with its log and summary](https://github.com/acme/audiences/actions/runs/8100000001)"
COMMENTS = "/repos/acme/audiences/issues/1/comments"
SAMPLES = ROOT / "audiences.d"
HIT = "\N{DIRECT HIT}"
FILES = {PAUSING: "guests.yaml", CHANGING: "cfo.yaml", STARTING: "marketing.yaml", STEADY: "security.yaml"}
LIVE: dict[str, dict[str, Any]] = {one["id"]: one for one in live()}


def changed(identity: str, **fields: Any) -> Files:
    return {FILES[identity]: {**LIVE[identity], **fields}}


PAUSED = changed(PAUSING, status="paused")
RENAMED = changed(STEADY, name="Security leads, all of them")
THREE: Files = {**PAUSED, **changed(STARTING, status="active"), **RENAMED}


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Give a team whose definitions are as live, with a limit that nothing here meets."""
    files: Files = {FILES[one]: LIVE[one] for one in FILES}
    with founded(tmp_path, live(), {**files, "./reconciler.toml": "[limits]\nmax_changes = 4\n"}) as team:
        yield team


def reviewed(team: Team, files: Files) -> int:
    """Open a pull request, and let its plan be shown."""
    number = team.open(files)
    assert team.plan(number).code == 0
    return number


def hold_untouched(team: Team, ran: Ran, code: int) -> None:
    """Hold that nothing was sent, and that the summary says so."""
    assert (ran.code, team.patched) == (code, {}), ran.err
    assert "**Nothing was changed.**" in ran.summary


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_what_is_applied_is_what_was_reviewed(team: Team, how: Merge) -> None:
    number = team.open(THREE)
    plan = checked(team.plan(number).file("plan.json"), "plan")
    (own,) = team.comments(number)
    ran = team.apply(team.merge(number, how))
    body = team.ended(number)

    assert ran.code == 0
    assert team.patched == {change["id"]: change["patch"] for change in plan["changes"]}
    assert [entry.id for entry in team.vendor.patches()] == [change["id"] for change in plan["changes"]]
    assert "### Audiences: applied" in body
    assert "**3 audiences changed as planned.**" in body
    for name in ("Webinar guests", "Marketing directors", "Security leads, all of them"):
        assert f"| {name} | changed as planned" in body
    assert RUN in body
    assert team.comments(number)[0] == own
    assert body.partition("\n")[2].strip() == ran.summary.strip()
    assert checked(ran.file("result.json"), "apply-result")["digest"] == plan["digest"]
    counts = checked(ran.file("result.json"), "apply-result")["summary"]
    assert ran.outputs == {
        "outcome": "applied",
        "digest": plan["digest"],
        **{name: str(count) for name, count in counts.items()},
        "comment": f"https://github.com/acme/audiences/pull/1#issuecomment-{team.comments(number)[-1].id}",
        "result": str(ran.folder / "runner_temp" / "reconciler-result.json"),
        "journal": str(ran.folder / "runner_temp" / "reconciler-journal.jsonl"),
    }
    assert len(ran.file("journal.jsonl").splitlines()) == 6
    assert "Apply complete: 3 applied." in ran.out


@pytest.mark.slow
def test_names_of_topics_go_all_the_way(team: Team) -> None:
    """Reviewed by name, applied by id; then a merge of the catalogue alone means another topic."""

    def catalogue(crm: int) -> Files:
        topics = [{"id": 117805, "name": "Marketing ROI"}, {"id": crm, "name": "CRM Software"}]
        head = {"format_version": "1.0", "generation": 1, "status": "catalog", "filters": {}}
        return {"./catalogue.json": json.dumps({**head, "topics": topics})}

    config = {key: value for key, value in LIVE[STEADY]["config"].items() if key != "topicIds"}
    named = changed(STEADY, config={**config, "topics": ["CRM Software", "Marketing ROI"]})
    first = reviewed(team, {**catalogue(117801), **named})
    assert "Topic 117801" in team.comment(first)  # as the API calls it
    assert team.apply(team.merge(first)).code == 0
    assert team.patched == {STEADY: {"config": {**config, "topicIds": [117801, 117805]}}}

    team.vendor.edit(STEADY, {"config": {**config, "topicIds": [117801, 117999]}})
    assert team.drift().code == 2
    team.vendor.edit(STEADY, {"config": {**config, "topicIds": [117801, 117805]}})
    assert team.drift().code == 0

    second = reviewed(team, catalogue(117822))
    assert '"CRM Software" is topic 117822 by catalogue.json' in team.comment(second).replace("\\", "")
    assert team.apply(team.merge(second)).code == 0
    assert team.patched[STEADY]["config"]["topicIds"] == [117805, 117822]


def test_a_review_counts_once(team: Team) -> None:
    number = reviewed(team, PAUSED)
    plan, merge = team.comment(number), team.merge(number)
    assert team.apply(merge).code == 0
    again = team.apply(merge)

    assert (again.code, len(team.patched)) == (0, 1)
    assert "Nothing had to change." in again.summary
    assert len(team.ours(number, "result")) == 1

    team.vendor.edit(PAUSING, {"status": "active"})
    back = team.apply(merge)

    assert (back.code, len(team.vendor.patches())) == (3, 1)
    assert "pull request 1 was acted upon already, and a review counts once" in back.summary
    assert "| Webinar guests | **pauses**" in unlinked(team.ended(number))
    assert len(team.ours(number, "result")) == 2
    assert team.comment(number) == plan


def test_outcome_is_told_in_a_word(team: Team) -> None:
    number = reviewed(team, {**PAUSED, **RENAMED})
    merge = team.merge(number)
    failed = team.apply(merge, settings={"LEADPIPE_API_KEY": "sk_other"})
    team.vendor.edit(PAUSING, {"name": "By hand"})
    strict = team.apply(merge, "--all-or-nothing")
    part = team.apply(merge)
    team.vendor.edit(PAUSING, {"name": "Webinar guests", "status": "paused"})
    nothing = team.apply(merge)
    team.vendor.edit(PAUSING, {"status": "active"})
    team.vendor.inject(VendorFault("drop", method="PATCH", when="before", times=9))
    lost = team.apply(team.merge(reviewed(team, changed(PAUSING, status="draft"))), program=FAST)

    outcomes = [ran.outputs["outcome"] for ran in (failed, strict, part, nothing, lost)]
    assert outcomes == ["", "refused", "in-part", "unchanged", "unknown"]
    assert failed.outputs["applied"] == ""


def test_edit_after_review_is_refused_by_name(team: Team) -> None:
    number = reviewed(team, {**PAUSED, **RENAMED})
    merge = team.merge(number)
    team.vendor.edit(STEADY, {"status": "draft"})
    ran = team.apply(merge)

    assert (ran.code, list(team.patched)) == (4, [PAUSING])
    assert "Error: what this merge would do now is not what was reviewed." in ran.err
    for text in (team.ended(number), ran.summary):
        done, _, refused = text.partition("**Refused, and left as it is live:**")
        assert "### Audiences: applied in part" in done
        assert "| Webinar guests | changed as planned" in done
        assert "reviewed in pull request 1" in done
        assert "**Out of date:** what this merge would do now is not what was reviewed." in refused
        assert "| Security leads, all of them | **starts**" in unlinked(refused)
        assert "open another pull request for these files" in refused
        assert RUN in refused
    details = {
        one["name"]: one["detail"] for one in checked(ran.file("result.json"), "apply-result")["results"]
    }
    assert details["Security leads, all of them"] == "refused: nobody reviewed this change as it would be now"

    assert team.apply(merge).code == 3
    team.vendor.edit(STEADY, {"status": "active"})
    assert team.apply(merge).code == 0
    assert list(team.patched) == [PAUSING, STEADY]
    assert [body.splitlines()[1] for body in team.ours(number, "result")] == [
        "### Audiences: applied in part",
        "### Audiences: refused",
        "### Audiences: applied",
    ]


def test_all_or_nothing_lets_nothing_go_on(team: Team) -> None:
    number = reviewed(team, {**PAUSED, **RENAMED})
    team.vendor.edit(STEADY, {"status": "draft"})
    ran = team.apply(team.merge(number), "--all-or-nothing")

    hold_untouched(team, ran, 3)
    assert "### Audiences: refused" in team.ended(number)
    assert "What would happen now, and is not what was reviewed:" in ran.summary
    assert "Webinar guests" not in team.ended(number)


def test_change_made_elsewhere_holds_up_nothing(team: Team) -> None:
    number = reviewed(team, {**PAUSED, **RENAMED})
    team.vendor.edit(PAUSING, {"status": "paused"})

    assert team.apply(team.merge(number)).code == 0
    assert list(team.patched) == [STEADY]


def test_refused_says_what_is_done_already(team: Team) -> None:
    number = reviewed(team, {**PAUSED, **RENAMED})
    team.vendor.edit(PAUSING, {"status": "paused"})
    team.vendor.edit(STEADY, {"status": "draft"})
    ran = team.apply(team.merge(number))

    hold_untouched(team, ran, 3)
    assert "Of what was reviewed, nothing is left to do for: Webinar guests." in team.ended(number)


def test_what_is_not_ours_refuses_no_merge(team: Team) -> None:
    number = reviewed(team, PAUSED)
    team.vendor.edit(next(one for one in LIVE if one not in FILES), {"name": "Renamed by hand"})

    assert team.apply(team.merge(number)).code == 0
    assert team.patched == {PAUSING: {"status": "paused"}}


def test_merge_in_between_refuses_only_reviews_it_touches(team: Team) -> None:
    narrower = changed(PAUSING, config={"topicIds": [117805], "minScore": 80})
    same, other, first = (reviewed(team, files) for files in (PAUSED, RENAMED, narrower))
    assert team.apply(team.merge(first)).code == 0
    assert team.apply(team.merge(other)).code == 0
    sent = len(team.vendor.patches())
    ran = team.apply(team.merge(same))

    assert (ran.code, sent, len(team.vendor.patches())) == (3, 2, 2)
    assert "### Audiences: applied" in team.ended(other)
    assert "### Audiences: refused" in team.ended(same)
    assert "| Webinar guests | **pauses**" in unlinked(team.ended(same))


@pytest.mark.slow
class TestSeveralMerges:
    """The newest job ends what the ones before it left."""

    @pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
    def test_one_push_of_two_merges_applies_both(self, team: Team, how: Merge) -> None:
        first, second = reviewed(team, PAUSED), reviewed(team, RENAMED)
        ran = team.apply(team.merge_queue(first, second, how=how))

        assert (ran.code, set(team.patched)) == (0, {PAUSING, STEADY})
        for number in (first, second):
            assert "**2 audiences changed as planned.**" in team.ended(number)
            assert f"reviewed in pull request {number}" in team.ended(number)

    def test_merge_about_something_else_is_no_reason(self, team: Team) -> None:
        first, other = reviewed(team, PAUSED), team.open({"./README.md": "Ours."})
        team.repository.seed_comments(other, 1)
        push = team.merge_queue(first, other)
        team.vendor.edit(PAUSING, {"name": "By hand"})
        ran = team.apply(push)

        assert (ran.code, team.patched) == (3, {})
        assert "what this merge would do now is not what was reviewed" in ran.err
        assert "pull request 2" not in ran.err + ran.summary
        assert len(team.comments(other)) == 1

    def test_an_outage_is_made_up_by_the_next(self, team: Team) -> None:
        first, second = reviewed(team, PAUSED), reviewed(team, RENAMED)
        begin = team.merge(first)
        assert team.apply(begin, settings={"LEADPIPE_API_KEY": "sk_other"}).code == 1
        ran = team.apply(team.merge(second))

        assert (ran.code, set(team.patched)) == (0, {PAUSING, STEADY})
        assert "### Audiences: failed" in team.ours(first, "result")[0]
        assert "**2 audiences changed as planned.**" in team.ended(first)

    def test_complete_apply_ends_every_earlier_review(self, team: Team) -> None:
        first, second = reviewed(team, PAUSED), reviewed(team, RENAMED)
        begin = team.merge(first)
        team.apply(begin)
        team.vendor.edit(PAUSING, {"status": "active"})
        ran = team.apply(team.merge(second))

        assert (ran.code, len(team.vendor.patches())) == (4, 2)
        assert "| Webinar guests | **pauses**" in unlinked(team.ended(second).partition("**Refused")[2])
        assert len(team.ours(first, "result")) == 1

    def test_rerun_of_older_merge_brings_nothing_back(self, team: Team) -> None:
        first, second = reviewed(team, PAUSED), reviewed(team, RENAMED)
        begin = team.merge(first)
        team.apply(team.merge(second))
        team.vendor.edit(PAUSING, {"status": "active"})
        ran = team.apply(begin)

        assert (ran.code, len(team.vendor.patches())) == (3, 2)
        assert "acted upon already" in ran.summary

    def test_partial_apply_goes_on_where_it_ended(self, team: Team) -> None:
        number = reviewed(team, THREE)
        team.vendor.inject(VendorFault("status", method="PATCH", id=STEADY, status=400, message="No"))
        merge = team.merge(number)
        assert team.apply(merge).code == 4
        team.vendor.edit(PAUSING, {"status": "active"})
        ran = team.apply(merge)

        assert (ran.code, [entry.id for entry in team.vendor.patches()][3:]) == (4, [STEADY])
        assert "| Webinar guests | **pauses**" in unlinked(team.ended(number).partition("**Refused")[2])

    def test_killed_apply_goes_on_where_it_ended(self, team: Team) -> None:
        number = reviewed(team, THREE)
        merge = team.merge(number)
        team.vendor.inject(VendorFault("delay", method="PATCH", id=STARTING, seconds=SECONDS))
        with team.started("apply", merge, "--parallelism", "1") as step:
            team.vendor.wait(lambda entry: (entry.method, entry.id) == ("PATCH", STARTING), SECONDS)
            step.process.kill()
        ran = team.apply(merge)

        assert ran.code == 0
        assert {
            key: one["status"] for key, one in team.vendor.state.items() if key in {PAUSING, STARTING}
        } == {
            PAUSING: "paused",
            STARTING: "active",
        }
        assert "### Audiences: applied" in team.ended(number)


@pytest.mark.slow
class TestByHand:
    """A run that somebody starts takes the newest commit, and the reviews that are not used up."""

    def test_it_goes_on_with_what_is_left(self, team: Team) -> None:
        first, other = reviewed(team, PAUSED), team.open({"./README.md": "Ours."})
        team.apply(team.merge(first), settings={"LEADPIPE_API_KEY": "sk_other"})
        team.merge(other)
        ran = team.apply(team.dispatch())

        assert (ran.code, list(team.patched)) == (0, [PAUSING])
        assert "reviewed in pull request 1" in team.ended(first)
        assert team.comments(other) == ()

    def test_edit_that_nobody_reviewed_is_refused(self, team: Team) -> None:
        first = reviewed(team, PAUSED)
        team.apply(team.merge(first))
        team.vendor.edit(PAUSING, {"status": "active"})
        ran = team.apply(team.dispatch())

        assert (ran.code, len(team.patched)) == (3, 1)
        assert "no merged pull request whose review is not used up shows this" in ran.summary
        assert "Open a pull request for these files" in ran.err
        assert "push" not in ran.err

    def test_target_uses_up_nothing_else(self, team: Team) -> None:
        number = reviewed(team, {**PAUSED, **RENAMED})
        team.merge(number)
        first = team.apply(team.dispatch(), "--target", "Webinar*")
        second = team.apply(team.dispatch(), "--target", "Webinar*")
        rest = team.apply(team.dispatch())

        assert [ran.code for ran in (first, second, rest)] == [0, 0, 0]
        assert [entry.id for entry in team.vendor.patches()] == [PAUSING, STEADY]
        shown = team.ours(number, "result")
        assert [text.count("| changed as planned (") for text in shown] == [1, 0, 1]

    def test_target_refuses_only_what_it_matches(self, team: Team) -> None:
        number = reviewed(team, {**PAUSED, **RENAMED})
        team.merge(number)
        team.vendor.edit(PAUSING, {"name": "By hand"})
        ran = team.apply(team.dispatch(), "--target", "Webinar*")

        assert (ran.code, team.patched) == (3, {})
        assert "nothing is left to do for" not in ran.summary
        assert team.apply(team.dispatch(), "--target", STEADY).code == 0


@pytest.mark.parametrize("kind", ["push", "dispatch"])
def test_dry_run_writes_nothing_and_names_reviews(team: Team, kind: str) -> None:
    number = reviewed(team, {**PAUSED, **RENAMED})
    merge = team.merge(number)
    before = len(team.github.writes())
    event = merge if kind == "push" else team.dispatch()
    ran = team.apply(event, "--dry-run")

    assert (ran.code, team.patched, ran.outputs) == (0, {}, {})
    assert {entry.path for entry in team.github.writes()[before:]} <= {"/graphql"}
    assert not (ran.folder / "runner_temp" / "reconciler-journal.jsonl").exists()
    assert "Dry run: nothing was sent.\n  would write it, reviewed in pull request 1: Webinar" in ran.out
    assert "| Webinar guests | would write it, reviewed in pull request 1 |" in ran.summary
    assert "| Webinar guests | **pauses**" in ran.summary

    team.vendor.edit(STEADY, {"status": "draft"})
    edited = team.apply(event, "--dry-run")
    assert edited.code == 3
    assert "  would refuse it: Security leads" in edited.out
    reason = {"push": "what this merge would do now is not what", "dispatch": "no merged pull request whose"}
    assert reason[kind] in edited.summary
    team.vendor.edit(STEADY, {"status": "active"})
    assert (team.apply(event).code, set(team.patched)) == (0, {PAUSING, STEADY})
    assert "There is nothing to apply." in team.apply(event, "--dry-run").out


@pytest.mark.parametrize(
    ("arguments", "files", "code", "said"),
    [
        (["--max-changes", "0"], PAUSED, 3, "would refuse it"),
        (["--without-pull-request"], PAUSED, 3, "would refuse it"),
        ([], {"guests.yaml": "id: 1"}, 1, ""),
    ],
    ids=["limit", "unreviewed", "error"],
)
def test_dry_run_ends_as_the_apply_would(
    team: Team, arguments: list[str], files: Files, code: int, said: str
) -> None:
    number = team.open(files)
    if "--without-pull-request" in arguments:
        team.repository.seed_comments(number, 1)
    else:
        team.plan(number)
    merge = team.merge(number)
    shown, real = team.apply(merge, "--dry-run", *arguments), team.apply(merge, *arguments)

    assert (shown.code, real.code, team.patched) == (code, code, {})
    assert said in shown.out
    assert shown.summary.partition("\n")[0] == "### Audiences: dry run"


@pytest.mark.slow
def test_unreviewed_push_is_shown_as_such(team: Team) -> None:
    ran = team.apply(team.push(PAUSED), "--without-pull-request", "--dry-run")

    assert (ran.code, team.patched) == (0, {})
    assert "would write it, reviewed by no pull request: Webinar guests" in ran.out


def test_required_approval_is_asked_for_and_named(team: Team) -> None:
    first, second = reviewed(team, PAUSED), reviewed(team, RENAMED)
    team.repository.review(first, "ana", "COMMENTED")
    team.repository.review(second, "ana")
    alone = team.apply(team.merge(first), "--require-approval")
    approved = team.apply(team.merge(second), "--require-approval")

    assert (alone.code, approved.code, list(team.patched)) == (3, 4, [STEADY])
    for text in (alone.summary, team.ended(first), approved.summary):
        assert "pull request 1 has no approving review of the commit that was merged" in text
    assert "reviewed in pull request 2" in team.ended(second)


@pytest.mark.slow
class TestEvidence:
    """Reviewed means: shown before the merge, for the commit that was merged."""

    def refused(self, team: Team, number: int, said: str, merge: Any = None) -> None:
        ran = team.apply(merge or team.merge(number))
        hold_untouched(team, ran, 3)
        assert said in team.ended(number)

    def test_comment_edited_after_the_merge_approves_nothing(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        (own,) = team.comments(number)
        merge = team.merge(number)
        team.repository.change_comment(own.id, own.body)
        self.refused(team, number, "pull request 1 was posted or edited after the merge", merge)

    @pytest.mark.parametrize("who", [account("mallory"), account("dependabot[bot]"), None])
    def test_comment_edited_by_somebody_else_approves_nothing(self, team: Team, who: Account | None) -> None:
        number = reviewed(team, PAUSED)
        (own,) = team.comments(number)
        team.repository.change_comment(own.id, own.body, who)
        self.refused(team, number, "was edited by somebody else than the job")

    def test_edited_result_brings_no_review_back(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        merge = team.merge(number)
        team.apply(merge)
        result = team.comments(number)[-1]
        body = result.body.replace('"complete":true', '"complete":false')
        team.repository.change_comment(
            result.id, re.sub(r'"used":\[.*?\]', '"used":[]', body), account("mallory")
        )
        team.vendor.edit(PAUSING, {"status": "active"})

        assert (team.apply(merge).code, len(team.vendor.patches())) == (3, 1)

    def test_hidden_or_rewritten_comment_still_approves(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        (own,) = team.comments(number)
        team.plan(number)
        merge = team.merge(number)
        team.repository.hide_comment(own.id)

        assert team.apply(merge).code == 0

    def test_comment_of_another_commit_approves_nothing(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        team.update(number, RENAMED)
        self.refused(team, number, "shows the plan of another commit than the one that was merged")

    def test_plan_that_ends_after_merge_approves_nothing(self, team: Team) -> None:
        number = team.open(PAUSED)
        team.repository.seed_comments(number, 1)
        event = team.told(number)
        merge = team.merge(number)
        team.run("plan", event)
        self.refused(team, number, "pull request 1 has no comment with a plan", merge)

    def test_list_that_lags_behind_is_asked_again(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        merge = team.merge(number)
        team.github.inject(
            Fault("empty_list", path="/repos/*/pulls"), Fault("empty_list", path="*/commits/*")
        )

        assert team.apply(merge).code == 0

    def test_without_git_nobody_knows_the_guards(self, team: Team, tmp_path: Path) -> None:
        merge = team.merge(reviewed(team, PAUSED))
        git(team.checkout, "checkout", "--quiet", "--detach", merge.sha)
        shutil.copytree(team.checkout, tmp_path / "bare", ignore=shutil.ignore_patterns(".git"))

        ran = team.apply(merge, cwd=tmp_path / "bare")
        hold_untouched(team, ran, 1)
        assert "nobody knows which guards stood before this" in ran.err

    def test_without_history_nobody_knows_the_guards(self, team: Team, tmp_path: Path) -> None:
        first, second = reviewed(team, PAUSED), reviewed(team, RENAMED)
        team.merge(first)
        merge = team.merge(second)
        folder = tmp_path / "shallow"
        git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{team.checkout}", str(folder))
        ran = team.apply(merge, cwd=folder)

        hold_untouched(team, ran, 1)
        assert "nobody knows which guards stood before this: git has no commit before" in ran.err
        assert "fetch-depth: 0" in team.ended(second)


@pytest.mark.slow
class TestWithoutAReview:
    """Nothing is written that nobody can have seen."""

    def refused(self, team: Team, number: int, said: str) -> Ran:
        ran = team.apply(team.merge(number))
        hold_untouched(team, ran, 3)
        for text in (ran.summary, team.ended(number)):
            assert f"**Not approved:** {said}" in text
            assert "| Webinar guests | **pauses**" in unlinked(text)
            assert "This is what would have happened, and did not:" in text
        return ran

    def test_there_is_no_comment(self, team: Team) -> None:
        number = team.open(PAUSED)
        team.repository.seed_comments(number, 1)
        self.refused(team, number, "pull request 1 has no comment with a plan")

    def test_the_comment_is_somebody_elses(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        (own,) = team.comments(number)
        team.repository.delete_comment(own.id)
        team.repository.add_comment(number, own.body, account("mallory"))
        self.refused(team, number, "pull request 1 has no comment with a plan")

    def test_the_comment_shows_errors(self, team: Team) -> None:
        number = team.open(PAUSED)
        assert team.plan(number, settings={"LEADPIPE_API_KEY": "sk_other"}).code == 1
        self.refused(team, number, "the plan that pull request 1 shows has errors")

    @pytest.mark.parametrize(
        ("old", "new"), [("reconciler:plan", "reconciler:plans"), ("-->", "-->."), ("<!--", " <!--")]
    )
    def test_the_marker_was_edited(self, team: Team, old: str, new: str) -> None:
        number = reviewed(team, PAUSED)
        (own,) = team.comments(number)
        team.repository.change_comment(own.id, own.body.replace(old, new, 1))
        ran = team.apply(team.merge(number))

        hold_untouched(team, ran, 3)
        assert "has no comment with a plan" in team.comments(number)[-1].body

    @pytest.mark.parametrize(
        ("old", "new"),
        [(r'"changes":\{"(.*?)":".*?"\}', r'"changes":{"\1":"AAAA"}'), (r'"changes":\{.*?\}', '"changes":3')],
    )
    def test_the_state_was_edited(self, team: Team, old: str, new: str) -> None:
        number = reviewed(team, PAUSED)
        (own,) = team.comments(number)
        team.repository.change_comment(own.id, re.sub(old, new, own.body, count=1))
        ran = team.apply(team.merge(number))

        hold_untouched(team, ran, 3)
        assert "**Out of date:**" in team.ended(number)

    def test_a_push_came_without_a_pull_request(self, team: Team) -> None:
        reviewed(team, PAUSED)
        ran = team.apply(team.push(PAUSED))

        hold_untouched(team, ran, 3)
        assert "this push belongs to no merged pull request" in ran.summary
        assert len(team.comments(1)) == 1

    def test_flag_applies_a_push_without_a_review(self, team: Team) -> None:
        ran = team.apply(team.push(PAUSED), "--without-pull-request")

        assert (ran.code, list(team.patched)) == (0, [PAUSING])
        assert "### Audiences: applied" in ran.summary

    def test_the_flag_waives_no_pull_request(self, team: Team) -> None:
        number = team.open(PAUSED)
        team.repository.seed_comments(number, 1)
        ran = team.apply(team.merge(number), "--without-pull-request")

        hold_untouched(team, ran, 3)
        assert "has no comment with a plan" in ran.summary

    def test_closed_pull_request_is_not_merged(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        team.repository.change_issue(number, state="closed")
        read = len(team.vendor.log)
        ran = team.apply(team.told(number, "closed"), "--without-pull-request")

        hold_untouched(team, ran, 3)
        assert "this pull request is not merged" in ran.summary
        assert len(team.vendor.log) == read
        assert team.ours(number, "result") == []

    def test_an_event_without_a_commit_is_no_merge(self, team: Team) -> None:
        ran = team.apply(team.push(PAUSED), settings={"GITHUB_SHA": "--output=x"})

        hold_untouched(team, ran, 3)


def test_event_of_the_merged_pull_request_applies(team: Team) -> None:
    number = reviewed(team, PAUSED)
    team.merge(number)
    ran = team.apply(team.told(number, "closed"))

    assert (ran.code, list(team.patched)) == (0, [PAUSING])


def test_nothing_left_to_do_is_no_refusal(team: Team) -> None:
    number = reviewed(team, PAUSED)
    team.vendor.edit(PAUSING, {"status": "paused"})
    ran = team.apply(team.merge(number))

    assert (ran.code, team.patched) == (0, {})
    assert "### Audiences: applied\n\n**Nothing had to change.**" in team.ended(number)


def test_a_limit_refuses_it_and_is_named(team: Team) -> None:
    team.push({"./reconciler.toml": "[limits]\nmax_changes = 2\n"})
    number = team.open(THREE)
    assert team.plan(number).code == 3
    assert "**Would be refused**" in team.comment(number)
    assert "Merging applies exactly this" not in team.comment(number)
    ran = team.apply(team.merge(number))

    hold_untouched(team, ran, 3)
    for text in (ran.summary, team.ended(number)):
        assert "**Too much at once:** 3 of 4 audiences would change at once; the limit is 2." in text
        assert "The limit is `max_changes` in `reconciler.toml`. To go on, fix this" in text
        assert "| Webinar guests | **pauses**" in unlinked(text)


def test_limit_counts_what_is_about_to_be_written(team: Team) -> None:
    team.push({"./reconciler.toml": "[limits]\nmax_changes = 1\nactive_slots = 2\n"})
    number = team.open(PAUSED)
    assert team.plan(number).code == 0
    for identity in (STARTING, STEADY):
        team.vendor.edit(identity, {"name": "Renamed by hand", "status": "draft"})
    ran = team.apply(team.merge(number))

    assert (ran.code, list(team.patched)) == (4, [PAUSING])
    assert "Security leads" in team.ended(number).partition("**Refused")[2]


def test_audience_that_is_not_there_applies_nothing(team: Team) -> None:
    number = reviewed(team, PAUSED)
    merge = team.merge(number)
    later = team.push({"gone.yaml": audience(ABSENT, "Gone")})
    ran = team.apply(replace(merge, sha=later.sha), settings={"GITHUB_SHA": merge.sha})

    hold_untouched(team, ran, 1)
    assert "### Audiences: failed" in team.ended(number)


def test_a_limit_can_be_waived_by_a_flag(team: Team) -> None:
    team.push({"./reconciler.toml": "[limits]\nmax_changes = 2\n"})
    number = team.open(THREE)
    team.plan(number)

    assert team.apply(team.merge(number), "--max-changes", "100%").code == 0


def test_a_protected_audience_refuses_it(team: Team) -> None:
    team.push(changed(PAUSING, lifecycle={"protect": True}))
    number = team.open(changed(PAUSING, status="paused", lifecycle={"protect": True}))
    assert team.plan(number).code == 3
    ran = team.apply(team.merge(number))

    hold_untouched(team, ran, 3)
    assert "To go on, fix this in another pull request" in team.ended(number)
    assert "The limit is" not in team.ended(number)


class TestGuards:
    """They count as they stood before the pull request that brought a change."""

    @pytest.fixture(autouse=True)
    def _guarded(self, team: Team) -> None:
        team.push(
            {
                **changed(PAUSING, lifecycle={"protect": True}),
                "./reconciler.toml": "[limits]\nmax_changes = 1\n",
            }
        )

    def lift(self, team: Team, files: Files) -> int:
        """Open a pull request that lifts both guards in a commit of its own, and then asks for this."""
        number = team.open({**changed(PAUSING), "./reconciler.toml": "[limits]\nmax_changes = 9\n"})
        team.update(number, files)
        return number

    @pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
    def test_lifted_protection_counts_from_the_next_on(self, team: Team, how: Merge) -> None:
        number = self.lift(team, PAUSED)
        assert team.plan(number).code == 3
        ran = team.apply(team.merge(number, how))
        hold_untouched(team, ran, 3)
        assert "is protected and would change" in team.ended(number).replace("`", "")

        following = reviewed(team, RENAMED)
        assert "lifts" not in team.comment(following)
        ran = team.apply(team.merge(following, how))
        assert (ran.code, sorted(team.patched)) == (0, sorted([PAUSING, STEADY]))

    @pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
    def test_lifted_limit_counts_from_the_next_on(self, team: Team, how: Merge) -> None:
        number = self.lift(team, {**RENAMED, **changed(STARTING, name="Another")})
        assert team.plan(number).code == 3
        ran = team.apply(team.merge(number, how))
        hold_untouched(team, ran, 3)
        assert "2 of 4 audiences would change at once; the limit is 1" in team.ended(number)

    @pytest.mark.parametrize("how", ["squash", "rebase"])
    def test_lift_before_a_long_pull_request_counts(self, team: Team, how: Merge) -> None:
        for nth in range(4):
            team.push({"./log.txt": f"{nth}"})
        lifting = team.open({**changed(PAUSING), "./reconciler.toml": "[limits]\nmax_changes = 9\n"})
        team.plan(lifting)
        assert team.apply(team.merge(lifting, how)).code == 0
        number = team.open({"./note.txt": "one"})
        for files in ({"./note.txt": "two"}, {"./note.txt": "three"}, {**PAUSED, **RENAMED}):
            team.update(number, {**files})
        assert team.plan(number).code == 0

        assert team.apply(team.merge(number, how)).code == 0

    def test_lift_in_one_push_counts_for_the_next(self, team: Team) -> None:
        lifting, using = team.open(changed(PAUSING)), team.open({**PAUSED, "note.txt": "longer"})
        assert (team.plan(lifting).code, team.plan(using).code) == (0, 3)
        team.merge(lifting, "squash")

        assert team.apply(team.merge(using, "squash")).code == 0
        assert list(team.patched) == [PAUSING]

    def test_push_without_review_lifts_nothing_for_itself(self, team: Team) -> None:
        event = team.push({**PAUSED, "./reconciler.toml": "[limits]\nmax_changes = 9\n"})
        ran = team.apply(event, "--without-pull-request")

        hold_untouched(team, ran, 3)
        assert "is protected and would change" in ran.summary.replace("`", "")

    def test_first_push_has_guards_of_its_own(self, team: Team) -> None:
        event = team.push(PAUSED)
        git(team.checkout, "replace", "--graft", event.sha)  # without parents from now on
        ran = team.apply(event, "--without-pull-request")

        assert (ran.code, list(team.patched)) == (0, [PAUSING])


def test_apply_in_part_reports_every_outcome(team: Team) -> None:
    number = reviewed(team, THREE)
    team.vendor.inject(VendorFault("status", method="PATCH", id=STEADY, status=400, message="No <b>such</b>"))
    merge = team.merge(number)
    ran = team.apply(merge)
    body = team.ended(number)

    assert ran.code == 4
    assert "### Audiences: failed" in body
    assert "2 of 3 audiences are as planned, 1 is not." in body
    assert "| Security leads, all of them | **not changed**: the attempt failed (" in body
    assert "| Webinar guests | changed as planned" in body
    assert "run the newest job again" in body
    assert RUN in body

    assert (team.apply(merge).code, len(team.vendor.patches())) == (0, 4)


class TestBeforeItBegins:
    """Nothing was sent, so that what was reviewed still stands."""

    def stands(self, team: Team, number: int, ran: Ran, said: str) -> None:
        hold_untouched(team, ran, 1)
        for text in (team.ended(number), ran.summary):
            assert "### Audiences: failed" in text
            assert said in text.replace("`", "")
            assert "Nothing was sent, so what was reviewed still stands" in text
        merge = team.told(number, "closed")
        assert team.apply(merge).code == 0
        assert list(team.patched) == [PAUSING]

    def test_the_vendor_says_no(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        merge = team.merge(number)
        ran = team.apply(merge, settings={"LEADPIPE_API_KEY": "sk_other"})
        self.stands(team, number, ran, "returned 401")

    def test_a_key_is_missing(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        merge = team.merge(number)
        ran = team.apply(merge, settings={"LEADPIPE_API_KEY": ""})
        self.stands(team, number, ran, "is not set")

    def test_the_definitions_do_not_hold(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        merge = team.merge(number)
        broken = team.push({"bad.yaml": {"id": "x", "name": "Bad"}})
        ran = team.apply(replace(merge, sha=broken.sha), settings={"GITHUB_SHA": merge.sha})
        self.stands(team, number, ran, "audiences.d/bad.yaml")

    def test_it_is_interrupted(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        merge = team.merge(number)
        team.vendor.inject(VendorFault("delay", method="GET", seconds=SECONDS))
        seen = team.vendor.log[-1].number
        with team.started("apply", merge) as step:
            team.vendor.wait(lambda entry: entry.number > seen, SECONDS)
            step.process.send_signal(signal.SIGINT)
            ran = step.ended()

        assert ran.code == 130
        assert "**Error:** interrupted. Nothing was written." in team.ended(number)
        self.stands(team, number, replace(ran, code=1), "interrupted")


@pytest.mark.slow
class TestWhenGithubIsDown:
    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({}, "403: API rate limit exceeded"),
            ({"GITHUB_TOKEN": "none"}, "401: Bad credentials"),
            ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
        ],
        ids=["limited", "bad", "none"],
    )
    def test_nobody_can_tell_what_was_reviewed(self, team: Team, settings: dict[str, str], said: str) -> None:
        number = reviewed(team, PAUSED)
        if not settings:
            team.github.inject(Fault("rate_limit", times=None, retry_after="0"))
        ran = team.apply(team.merge(number), settings=settings)

        hold_untouched(team, ran, 1)
        assert said in ran.summary.replace("`", "")
        assert [command.name for command in commands(ran.err)] == ["error"]
        assert said in ran.err
        assert "what was reviewed still stands" in ran.summary
        assert team.ours(number, "result") == []

    def test_a_list_that_leads_elsewhere_approves_nothing(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        team.github.inject(Fault("redirect", path=COMMENTS, location="https://github.example/x"))

        hold_untouched(team, team.apply(team.merge(number)), 1)

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("status", method="POST", path=COMMENTS, status=403, message="no"),
            Fault("status", method="POST", path=COMMENTS, status=422, message="no"),
            Fault("rate_limit", method="POST", path=COMMENTS, retry_after="3600"),
        ],
        ids=["403", "422", "limit"],
    )
    def test_the_result_stays_the_result(self, team: Team, fault: Fault) -> None:
        number = reviewed(team, PAUSED)
        merge = team.merge(number)
        team.github.inject(fault)
        ran = team.apply(merge)

        assert (ran.code, list(team.patched)) == (0, [PAUSING])
        assert "| Webinar guests | changed as planned" in ran.summary
        assert "**Warning:** this could not be posted" in ran.summary
        assert [command.name for command in commands(ran.err)] == ["warning"]
        # No comment says so, and still nothing is applied a second time.
        assert team.apply(merge).code == 0
        assert len(team.vendor.patches()) == 1

    def test_a_summary_that_cannot_be_written_changes_nothing(self, team: Team, tmp_path: Path) -> None:
        number = reviewed(team, PAUSED)
        ran = team.apply(team.merge(number), settings={"GITHUB_STEP_SUMMARY": str(tmp_path)})

        assert (ran.code, list(team.patched)) == (0, [PAUSING])
        assert "changed as planned" in team.ended(number)


class TestInterrupted:
    """The runner sends SIGINT, SIGTERM 7.5 s later, and then kills."""

    def begun(self, team: Team, number: int) -> Any:
        team.vendor.inject(VendorFault("delay", method="PATCH", id=PAUSING, seconds=0.5))
        return team.started("apply", team.merge(number), "--parallelism", "1")

    def test_signal_settles_and_posts_the_result(self, team: Team) -> None:
        number = reviewed(team, THREE)
        with self.begun(team, number) as step:
            team.vendor.wait(lambda entry: entry.method == "PATCH", SECONDS)
            step.process.send_signal(signal.SIGTERM)
            ran = step.ended()
        body = team.ended(number)

        assert (ran.code, list(team.patched)) == (130, [PAUSING])
        assert "### Audiences: failed" in body
        assert "Stopped before the end: 1 of 3 audiences is as planned, 2 are not." in body
        assert "| Marketing directors | **not tried**: nothing was sent for it" in body
        assert "Nothing was written" not in ran.err

    def test_it_ends_in_time_even_when_github_hangs(self, team: Team) -> None:
        number = reviewed(team, THREE)
        # More than the runner leaves after what is in flight had its time, less than others wait for GitHub.
        team.github.inject(Fault("delay", method="POST", path=COMMENTS, seconds=4))
        with self.begun(team, number) as step:
            team.vendor.wait(lambda entry: entry.method == "PATCH", SECONDS)
            step.process.send_signal(signal.SIGINT)
            ran = step.ended()

        assert ran.code == 130
        assert "Stopped before the end" in ran.summary
        assert "**Warning:** this could not be posted: GitHub cannot be reached" in ran.summary
        assert checked(ran.file("result.json"), "apply-result")["interrupted"] is True

    def test_second_signal_ends_the_post_and_denies_nothing(self, team: Team) -> None:
        number = reviewed(team, PAUSED)
        merge = team.merge(number)
        team.github.inject(Fault("delay", method="POST", path=COMMENTS, seconds=SECONDS))
        seen = len(team.github.log)
        with team.started("apply", merge) as step:
            team.github.wait(
                lambda entry: entry.number > seen and entry.path == COMMENTS and entry.is_write, SECONDS
            )
            step.process.send_signal(signal.SIGINT)
            step.process.send_signal(signal.SIGTERM)
            ran = step.ended()

        assert (ran.code, list(team.patched)) == (130, [PAUSING])
        assert "Apply complete: 1 applied." in ran.out
        assert "Nothing was written" not in ran.err + ran.out
        assert "| Webinar guests | changed as planned" in ran.summary


def test_many_outcomes_are_cut_at_an_audience(tmp_path: Path) -> None:
    identities = [f"{nth:08d}-0000-4000-8000-000000000000" for nth in range(90)]
    audiences = [audience(one, f"{one[6:8]} {190 * HIT}") for one in identities]
    documents: Files = {f"{one['id']}.yaml": {**one, "status": "paused"} for one in audiences}
    with founded(tmp_path, audiences, {"./reconciler.toml": "[limits]\nmax_changes = 90\n"}) as team:
        number = reviewed(team, documents)
        ran = team.apply(team.merge(number), "--parallelism", "16")
        body = team.ended(number)

    assert ran.code == 0
    assert len(body.encode()) < 65_536
    assert "**90 audiences changed as planned.**" in body
    assert "See [the job's summary](https://github.com/acme/audiences/actions/runs/8100000001)." in body
    assert RUN in body
    assert all(one["name"] in ran.summary for one in audiences)


def test_against_the_embedded_api(tmp_path: Path) -> None:
    serve = ("sandbox", "serve", "--port", "0", "--slots", "20")
    with started(*serve, cwd=tmp_path) as sandbox:
        assert sandbox.stdout is not None
        served = dict(pair.split("=", 1) for pair in sandbox.stdout.readline().split())
        with founded(tmp_path, [], {"./reconciler.toml": "[limits]\nmax_changes = 20\n"}) as team:
            team.settings.update(served)
            before = listed(served)
            samples = {f"audiences.d/{one.name}": one.read_text("utf-8") for one in SAMPLES.rglob("*.yaml")}
            number = reviewed(team, {**samples})
            ran = team.apply(team.merge(number))
            body = team.ended(number)
            again = team.drift()
        after = listed(served)
        sandbox.terminate()
        sandbox.wait(SECONDS)
    result = checked(ran.file("result.json"), "apply-result")
    moved = {one for one in before if before[one] != after[one]}

    assert (ran.code, again.code) == (0, 0)
    assert moved == {one["id"] for one in result["results"] if one["outcome"] == "applied"}
    assert 1 < len(moved) < len(before)
    assert all(f"| {one['name']} | changed as planned" in body for one in result["results"])


def listed(served: Mapping[str, str]) -> dict[str, Any]:
    """Return what the embedded API holds, with the time at which each audience was last written."""
    url = f"{served['LEADPIPE_BASE_URL']}/v1/intent/audiences"
    answer = httpx.get(url, headers={"X-API-Key": served["LEADPIPE_API_KEY"]})
    return {one["id"]: one for one in answer.json()["data"]}


def test_neither_key_nor_token_is_anywhere(team: Team) -> None:
    canary = f"{KEY}_canary"
    team.vendor._key = team.settings["LEADPIPE_API_KEY"] = canary
    number = reviewed(team, THREE)
    team.vendor.inject(
        VendorFault("status", method="PATCH", id=STEADY, status=400, echo_key=True),
        VendorFault("status", method="PATCH", id=PAUSING, status=400, message=f"No {canary}"),
    )
    team.github.inject(Fault("status", method="POST", path=COMMENTS, status=422, message=f"No {team.token}"))
    merge = team.merge(number)
    runs = [team.apply(merge), team.apply(merge)]

    for text in [*(text for ran in runs for text in ran.texts()), team.ended(number)]:
        assert canary not in text
        assert team.token not in text
    assert {entry.header("Authorization") for entry in team.github.log} == {f"Bearer {team.token}"}


def test_apply_needs_five_requests_and_one_permission(team: Team) -> None:
    token = team.github.actions_token(team.repository, {**PERMISSIONS, "issues": "none"})
    number = team.open(PAUSED)
    team.plan(number, settings={"GITHUB_TOKEN": token})
    seen = len(team.github.log)
    ran = team.apply(team.merge(number), settings={"GITHUB_TOKEN": token})

    assert ran.code == 0
    assert [(entry.method, entry.path.rpartition("audiences/")[2]) for entry in team.github.log[seen:]] == [
        ("GET", "pulls"),
        ("GET", f"issues/{number}/comments"),
        ("POST", "/graphql"),
        ("POST", "/graphql"),
        ("POST", f"issues/{number}/comments"),
    ]
