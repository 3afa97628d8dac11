"""Policies on GitHub: rules of the base, and exceptions that an owner approves by reviewing the merge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import ROOT, checked
from tests.cli.hosted import Files, Team, founded, unlinked
from tests.cli.organization import CHANGING, PAUSING, STARTING, STEADY, live
from tests.doubles.oracles.markdown import rendered
from tests.doubles.oracles.runner_commands import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once  # git and GitHub are the same under every Python

FILES = {PAUSING: "guests.yaml", CHANGING: "cfo.yaml", STARTING: "marketing.yaml", STEADY: "security.yaml"}
LIVE: dict[str, dict[str, Any]] = {one["id"]: one for one in live()}
NAMED = (ROOT / "docs" / "policies" / "name-begins-with-country.yaml").read_text("utf-8")
POLICY = "./policies/names.yaml"
RULE = NAMED.replace("[octocat]", "['@ana', ben]")
ID = "name-begins-with-country"
EXCEPTION = {"overrides": {ID: "The partner's own name"}}


def changed(identity: str, **fields: Any) -> Files:
    return {FILES[identity]: {**LIVE[identity], **fields}}


SLOW = pytest.mark.slow
BROKEN = changed(STEADY, name="Leads")
EXCEPTED = changed(STEADY, name="Leads", metadata=EXCEPTION)
KEPT = changed(PAUSING, name="DE – Guests")


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """Give a team whose definitions are as live, with one policy."""
    files: Files = {FILES[one]: LIVE[one] for one in FILES}
    files |= {POLICY: RULE, "./reconciler.toml": "[limits]\nmax_changes = 4\n"}
    with founded(tmp_path, live(), files) as team:
        yield team


def test_denied_change_is_red_and_not_applied(team: Team) -> None:
    number = team.open({**BROKEN, **KEPT})
    shown = team.plan(number)
    body = team.comment(number).replace("\\", "")
    applied = team.apply(team.merge(number))

    assert (shown.code, shown.outputs["outcome"]) == (3, "refused")
    assert "**Would be refused**, for one reason." in body
    assert (
        '> - **Policy:** A name begins with the country in two letters, as in "DE – Founders" '
        "(name-begins-with-country). Needed: the change put right, by its author. Or, where it is meant, the"
    ) in body
    assert "approved by ana or ben.\n>   - Leads (`audiences.d/security.yaml:3`)" in body
    assert "file=audiences.d/security.yaml,line=3" in shown.out
    assert (applied.code, team.patched) == (3, {})
    assert '"Leads" breaks the policy name-begins-with-country' in team.ended(number).replace(
        "\\", ""
    ).replace("`", "")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (None, "is removed. It still counts for this change"),
        (RULE.replace("deny", "warn"), "this makes a warning of the policy name-begins-with-country"),
        (
            RULE.replace("[A-Z]{2}", "[A-Z]"),
            "this changes the condition of the policy name-begins-with-country",
        ),
    ],
)
def test_rule_that_a_change_loosens_counts(team: Team, rule: str | None, said: str) -> None:
    number = team.open({**BROKEN, POLICY: rule})

    assert team.plan(number).code == 3
    body = team.comment(number).replace("\\", "").replace("`", "")
    assert body.index("This also lifts a guard") < body.index("Of 4 audiences")
    assert said in body
    assert (team.apply(team.merge(number)).code, team.patched) == (3, {})


@pytest.mark.slow
def test_rule_that_a_change_adds_counts_later(team: Team) -> None:
    more = NAMED.replace("id: name", "id: other").replace("[A-Z]{2}", "[A-Z]{3}")
    number = team.open({**KEPT, "./policies/other.yaml": more})

    assert team.plan(number).code == 0
    assert "does not count for this change, and does from the next one on" in team.comment(number)
    assert team.apply(team.merge(number)).code == 0
    assert team.plan(team.open(changed(PAUSING, name="FR – Guests"))).code == 3


def test_exception_says_whose_approval_it_needs(team: Team) -> None:
    number = team.open(EXCEPTED)
    ran = team.plan(number)
    body = team.comment(number)

    assert (ran.code, ran.outputs["outcome"]) == (0, "changes")
    assert "### Audiences: look twice" in body
    assert "**Exception to a policy:** A name begins with the country" in body
    assert "Needed before the merge: an approving review of the newest commit by ana or ben." in body
    assert "for the reason The partner's own name (`audiences.d/security.yaml:3`)" in body
    (policy,) = checked(ran.file("plan.json"), "plan")["policies"]
    assert [(one["outcome"], one["reason"]) for one in policy["audiences"] if one["reason"]] == [
        ("overridden", "The partner's own name")
    ]


@pytest.mark.parametrize(
    ("reviews", "by"),
    [([("ana",)], "ana"), pytest.param([("eve",), ("Ben",)], "ben", marks=SLOW)],
)
def test_exception_that_an_owner_approved_is_applied(team: Team, reviews: list[Any], by: str) -> None:
    number = team.open(EXCEPTED)
    team.plan(number)
    for review in reviews:
        team.repository.review(number, *review)
    ran = team.apply(team.merge(number))

    assert (ran.code, team.patched) == (0, {STEADY: {"name": "Leads"}})
    (result,) = checked(ran.file("result.json"), "apply-result")["results"]
    assert result["detail"].endswith(
        "; an exception to the policy name-begins-with-country (\"The partner's own "
        f'name"). Approved in pull request 1 by {by}'
    )
    assert f"Approved in pull request 1 by {by}" in team.ended(number)


@pytest.mark.parametrize(
    "reviews",
    [
        [("eve",)],
        pytest.param([], marks=SLOW),
        pytest.param([("ana", "COMMENTED")], marks=SLOW),
        pytest.param([("ana",), ("ana", "CHANGES_REQUESTED")], marks=SLOW),
    ],
    ids=["another", "nobody", "comment", "taken back"],
)
def test_exception_that_no_owner_approved_is_refused(team: Team, reviews: list[Any]) -> None:
    number = team.open(EXCEPTED)
    team.plan(number)
    for review in reviews:
        team.repository.review(number, *review)
    ran = team.apply(team.merge(number))

    assert (ran.code, team.patched) == (3, {})
    assert (
        "Pull request 1, as it was merged, was not approved by ana or ben; its author does not count"
        in ran.err
    )
    assert "Open another pull request for its file" in team.ended(number)


def test_owners_are_those_of_the_base(team: Team) -> None:
    number = team.open({**EXCEPTED, POLICY: RULE.replace("ben", "eve")})
    team.plan(number)
    team.repository.review(number, "eve")

    assert "this adds eve to the owners of the policy" in team.comment(number)
    assert (team.apply(team.merge(number)).code, team.patched) == (3, {})


def test_audience_owner_is_the_one_before(team: Team) -> None:
    owned = {"metadata": {"owner": "@zoe"}}
    team.push({POLICY: RULE.replace("'@ana', ben", "audience-owner"), **changed(STEADY, **owned)})
    taken = {"metadata": {"owner": "eve", **EXCEPTION}}
    number = team.open(changed(STEADY, name="Leads", **taken))
    team.plan(number)
    assert "an approving review of the newest commit by zoe." in team.comment(number)
    team.repository.review(number, "eve")

    assert (team.apply(team.merge(number)).code, team.patched) == (3, {})
    again = team.open(changed(STEADY, name="Leads again", metadata={"owner": "zoe@example.com", **EXCEPTION}))
    team.plan(again)
    team.repository.review(again, "eve")
    assert team.apply(team.merge(again)).code == 0


@pytest.mark.slow
def test_new_audience_has_no_owner_before(team: Team) -> None:
    team.push({POLICY: RULE.replace("'@ana', ben", "audience-owner"), FILES[STEADY]: None})
    number = team.open(changed(STEADY, name="Leads", metadata={"owner": "eve", **EXCEPTION}))
    team.plan(number)
    team.repository.review(number, "eve")

    assert "whom metadata.owner did not name before" in team.comment(number).replace("`", "")
    assert (team.apply(team.merge(number)).code, team.patched) == (3, {})


@pytest.mark.slow
def test_approval_of_an_older_commit_does_not_count(team: Team) -> None:
    number = team.open(EXCEPTED)
    team.repository.review(number, "ana")
    team.update(number, KEPT)
    team.plan(number)

    assert (team.apply(team.merge(number)).code, team.patched) == (3, {})


@pytest.mark.slow
def test_approval_counts_for_one_change_alone(team: Team) -> None:
    first = team.open(EXCEPTED)
    team.plan(first)
    team.repository.review(first, "ana")
    team.apply(team.merge(first))
    second = team.open(changed(STEADY, name="Leads again", metadata=EXCEPTION))
    assert team.plan(second).code == 0

    assert team.apply(team.merge(second)).code == 3
    assert team.patched == {STEADY: {"name": "Leads"}}


def test_nobody_approves_what_no_pull_request_showed(team: Team) -> None:
    ran = team.apply(team.push(EXCEPTED), "--without-pull-request")

    assert (ran.code, team.patched) == (3, {})
    assert "No pull request showed it, so nobody can have approved it" in ran.err


@pytest.mark.slow
def test_foreign_words_of_rules_and_reasons_do_nothing(team: Team) -> None:
    hostile = "--> @eve #1 [x](https://x.test) `|` ![y](https://y.test) <b>\n::error::x"
    team.push({POLICY: RULE.replace("sentence: ", f"sentence: {json.dumps(hostile)} #")})
    broken = changed(STEADY, name="Leads")
    number = team.open({**changed(PAUSING, name="Guests", metadata={"overrides": {ID: hostile}}), **broken})
    ran = team.plan(number)
    seen = [rendered(unlinked(team.comment(number)).partition("\n")[2])]
    team.update(number, {**broken, **changed(STEADY)})
    team.plan(number)
    team.repository.review(number, "ana")
    applied = team.apply(team.merge(number))
    seen.append(rendered(team.ended(number).partition("\n")[2].partition("[The run")[0]))

    assert (ran.code, applied.code, set(team.patched)) == (3, 0, {PAUSING})
    assert [one.references for one in seen] == [frozenset()] * 2
    assert not [token for one in seen for token in one.shape if token.startswith(("link", "image"))]
    assert [command.name for command in commands(ran.out)] == ["warning"] * len(commands(ran.out))
    assert commands(applied.out) == []


@pytest.mark.slow
def test_drift_of_an_exception_is_reported(team: Team) -> None:
    team.push(EXCEPTED)
    ran = team.drift()

    assert ran.code == 2
    assert "Would be refused" not in ran.summary
