"""Policies by hand: what `validate`, `plan` and `apply` make of rules and exceptions, and of their base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import ROOT
from tests.cli.organization import AUTO, CHANGING, PAUSING, STARTING, STEADY, Organization, live
from tests.doubles.git import commit, git, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Founding

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

LIVE = {one["id"]: one for one in live()}
NAMES = {PAUSING: "guests.yaml", CHANGING: "cfo.yaml", STARTING: "marketing.yaml", STEADY: "security.yaml"}
SAMPLES = sorted((ROOT / "docs" / "policies").iterdir())
OWNER = "active-needs-owner"
RULES = {file.stem: file.read_text("utf-8") for file in SAMPLES}
NEEDED = f"under metadata.overrides, as {OWNER}: REASON, approved by octocat"
EXCEPTION = {"overrides": {OWNER: "Ana is new"}}


def defined(**wanted: dict[str, Any]) -> dict[str, Any]:
    """Return definitions that are as live and have an owner, but for these fields of these files."""
    return {
        file: {**LIVE[key], "metadata": {"owner": "ana"}, **wanted.get(file.removesuffix(".yaml"), {})}
        for key, file in NAMES.items()
    }


def put(folder: Path, *rules: str) -> None:
    """Write policies, each by the name of a sample or as its text."""
    (folder / "policies").mkdir(exist_ok=True)
    for nth, rule in enumerate(rules):
        (folder / "policies" / f"{nth}.yaml").write_text(RULES.get(rule, rule), "utf-8")


def ruled(found: Founding, rules: list[str], **wanted: dict[str, Any]) -> Organization:
    organization = found(live(), defined(**wanted))
    put(organization.folder, *rules)
    return organization


def outcomes(plan: dict[str, Any]) -> dict[str, str]:
    """Return how each audience of the plan's policies fares, by its name."""
    return {one["name"]: one["outcome"] for policy in plan["policies"] for one in policy["audiences"]}


def planned(organization: Organization, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = organization.run("plan", "--format", "json", *arguments).document("plan")
    return document


MORE = {"config": {"topicIds": [117805, 2, 3, 4, 5], "minScore": 60}}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    OWNER: (
        {"cfo": {"name": "CFOs", "metadata": {}}},
        {"cfo": {"name": "CFOs", "status": "draft", "metadata": {}}},
    ),
    "name-begins-with-country": ({"cfo": {"name": "CFOs"}}, {"cfo": {"name": "DE – CFOs"}}),
    "not-gender-and-age": (
        {"cfo": {"config": {"topicIds": [1], "filters": {"gender": "F", "ageRange": ["25-34"]}}}},
        {"cfo": {"config": {"topicIds": [1], "filters": {"ageRange": ["25-34"]}}}},
    ),
    "at-most-50000-people": (
        {"cfo": MORE},
        {"cfo": {**MORE, "status": "paused"}},
    ),
    "tripling-needs-approval": (
        {"cfo": MORE},
        {"cfo": {"config": {"topicIds": [117805], "minScore": 61, "filters": {"seniority": ["vp", "cxo"]}}}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda file: file.stem)
def test_sample_denies_what_it_is_about_alone(found: Founding, sample: Path) -> None:
    broken, kept = CASES[sample.stem]
    organization = ruled(found, [RULES[sample.stem].replace("maximum: 50000", "maximum: 4000")], **broken)
    plan = planned(organization)
    said = organization.run(*AUTO)

    (policy,) = plan["policies"]
    denied = [one for one in policy["audiences"] if one["outcome"] == "denied"]
    assert [(one["id"], one["file"]) for one in denied] == [(CHANGING, "audiences.d/cfo.yaml")]
    assert (policy["id"], policy["owners"][-1]) == (sample.stem, "octocat")
    assert (said.code, organization.patched) == (3, [])
    assert f"breaks the policy {sample.stem} ({policy['sentence']}). Needed: " in said.err

    organization.define(defined(**kept))
    assert "denied" not in outcomes(planned(organization)).values()
    assert organization.run(*AUTO).code == 0


def test_denied_change_is_shown_and_refused(found: Founding) -> None:
    organization = ruled(found, [OWNER], cfo={"name": "CFOs", "metadata": {}}, security={"metadata": {}})
    said = organization.run("plan", "--out", "plan.json")
    shown = organization.run("show", "plan.json", "--format", "markdown").out

    assert said.code == 0
    verdict, _, rest = said.out.partition("\n\n")
    assert verdict.startswith(
        "Would be refused:\n  Policy: An active audience needs an owner (active-needs-owner). "
    )
    assert NEEDED in verdict
    assert verdict.endswith('    "CFOs" (audiences.d/cfo.yaml:2)')
    page = (ROOT / "docs" / "policies.md").read_text("utf-8")
    assert f"```text\n{verdict}\n```" in page
    assert f"```yaml\n{RULES[OWNER]}```" in page
    assert [f"policies/{name}.yaml" in page for name in RULES] == [True] * 5
    assert "1 audience that this leaves alone breaks the policy active-needs-owner" in rest
    assert "### Plan: would be refused" in shown
    assert ">   - CFOs (`audiences.d/cfo.yaml:2`)" in shown
    applied = organization.run("apply", "--auto-approve", "--format", "json", "--out", "result.json")
    assert applied.code == 3
    (reason,) = applied.document("apply-result")["diagnostics"]
    assert (reason["code"], reason["file"], reason["line"]) == ("policy-denied", "audiences.d/cfo.yaml", 2)


def test_validate_says_what_needs_no_plan(found: Founding) -> None:
    rules = [OWNER, "at-most-50000-people", "name-begins-with-country"]
    unmanaged = {**LIVE[STEADY], "metadata": {}}
    del unmanaged["status"]
    organization = ruled(found, rules, cfo={"metadata": {}}, guests={"name": "DE – Guests"})
    organization.define({"security.yaml": unmanaged})
    found_ = organization.run("validate", "--format", "json").document("diagnostics")["diagnostics"]

    assert [(one["file"], one["line"], one["code"], one["severity"]) for one in found_] == [
        ("audiences.d/cfo.yaml", 2, "policy-denied", "error"),
        ("audiences.d/cfo.yaml", 3, "policy-denied", "error"),
        ("audiences.d/marketing.yaml", 3, "policy-denied", "error"),
        ("audiences.d/security.yaml", 3, "policy-denied", "error"),
    ]


def test_validate_leaves_what_is_live_to_plan(found: Founding) -> None:
    rule = RULES["not-gender-and-age"].replace("not: {required: [gender, ageRange]}", "minProperties: 0")
    rule = rule.replace("        filters:\n", "        minScore: {minimum: 80}\n        filters:\n")
    rule = rule.replace("      properties:\n", "      required: [minScore]\n      properties:\n", 1)
    organization = ruled(found, [rule], cfo={"name": "CFOs"})
    validated = organization.run("validate").out

    start(organization.folder)  # a piece lies in the repository
    (organization.folder / "piece.yaml").write_text("config: {topicIds: [1], minScore: 70}\n")
    extending = {"id": STEADY, "name": "Leads", "extends": "../piece.yaml"}
    organization.define({"security.yaml": extending})
    extended = organization.run("validate").out
    organization.define({"security.yaml": LIVE[STEADY]})

    assert extended.count("breaks the policy") == 2, extended
    assert validated.count("breaks the policy") == 1
    assert "audiences.d/cfo.yaml:9:15: " in validated
    assert outcomes(planned(organization))["CFOs"] == "denied"


def test_validate_warns_of_exceptions(found: Founding) -> None:
    metadata = {"overrides": {OWNER: "Ana is new", "activ": "No such policy"}}
    organization = ruled(found, [OWNER], cfo={"metadata": metadata})
    said = organization.run("validate")

    assert said.code == 0
    assert (
        'Its file gives a reason for an exception: "Ana is new". Needed before the merge: an approving'
        in said.out
    )
    assert 'there is no policy "activ", to which this asks for an exception' in said.out


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("id: x\n", '"sentence" is missing'),
        (RULES[OWNER].replace("status:", "staus:"), 'Did you mean "status"?'),
    ],
)
def test_broken_policy_stops_every_command(found: Founding, rule: str, said: str) -> None:
    organization = ruled(found, [rule], cfo={"name": "CFOs"})

    for command in ("validate", "plan", "apply --auto-approve", "doctor"):
        ran = organization.run(*command.split())
        assert (ran.code, said in ran.out + ran.err) == (1, True), command
        assert "policies/0.yaml:" in ran.out + ran.err
    assert organization.patched == []


def test_link_in_place_of_policies_is_an_error(found: Founding) -> None:
    organization = found(live(), defined())
    (organization.folder / "policies").symlink_to(organization.folder)

    said = organization.run("plan")
    assert (said.code, "policies: is a symbolic link, which is not followed" in said.err) == (1, True)


def test_policies_of_every_folder_above_count(found: Founding) -> None:
    organization = found(live(), {})
    folder = organization.folder / "orgs" / "acme"
    start(organization.folder)
    put(organization.folder, OWNER)
    folder.mkdir(parents=True)
    put(folder.parent, "name-begins-with-country")
    (folder / "audiences.d" / "policies").mkdir(parents=True)
    (organization.folder / "policies" / "README.md").write_text("Ours\n")
    organization.definitions = folder / "audiences.d"
    organization.define(defined(cfo={"name": "CFOs", "metadata": {}}))
    arguments = ("plan", "--format", "json", "orgs/acme/audiences.d/cfo.yaml")
    plan = organization.run(*arguments).document("plan")

    assert [one["id"] for one in plan["policies"]] == ["name-begins-with-country", OWNER]
    commit(organization.folder, "Base")
    (organization.folder / "policies" / "0.yaml").unlink()
    based = organization.run(*arguments, "--base", "main").document("plan")
    assert [one["id"] for one in based["policies"]] == [one["id"] for one in plan["policies"]]
    put(organization.folder, OWNER)
    (organization.folder / ".git").rename(organization.folder / "elsewhere")
    outside = organization.run(*arguments, settings={"GIT_CEILING_DIRECTORIES": "/"}).document("plan")
    assert [one["id"] for one in outside["policies"]] == ["name-begins-with-country"]


class TestReach:
    """Rules on people, where nobody knows how many."""

    def test_not_known_is_said_and_not_passed(self, found: Founding) -> None:
        organization = ruled(found, ["at-most-50000-people"], cfo={"name": "CFOs"}, marketing={"name": "MDs"})
        plan = planned(organization, "--no-reach")
        shown = organization.run("plan", "--no-reach").out

        assert outcomes(plan) == {"CFOs": "not_known"}
        assert [one["code"] for one in plan["diagnostics"]] == ["policy-not-known"]
        assert (
            "Look twice:\n  Policy: No active audience of more than 50,000 people (at-most-50000-people). "
            in shown
        )
        assert "cannot be told: how many people it reaches is not known (nobody counted them)" in shown
        assert "Would be refused" not in shown

    def test_rule_about_growing_audiences_is_not_passed(self, found: Founding) -> None:
        about = "when:\n  properties:\n    reach: {properties: {growth: {minimum: 2}}}\nrequire:"
        organization = ruled(found, [RULES["not-gender-and-age"].replace("require:", about)], cfo=MORE)

        assert outcomes(planned(organization)) == {}
        assert outcomes(planned(organization, "--no-reach")) == {"Chief financial officers": "not_known"}

    def test_rule_may_refuse_what_is_not_known(self, found: Founding) -> None:
        organization = ruled(found, ["tripling-needs-approval"], cfo={"name": "CFOs"})
        said = organization.run("plan", "--no-reach").out

        assert (
            "Would be refused:\n  Policy: An audience that more than triples needs its owner's approval"
            in said
        )
        assert "how many people it reaches is not known" in said

    def test_apply_counts_people_where_a_rule_decides(self, found: Founding) -> None:
        organization = ruled(found, ["tripling-needs-approval"], cfo={"name": "CFOs"})

        assert organization.run(*AUTO).code == 0
        assert any(entry.target.endswith("/preview") for entry in organization.peer.log)

    def test_warning_about_reach_refuses_nothing(self, found: Founding) -> None:
        rule = RULES["tripling-needs-approval"].replace("severity: deny", "severity: warn")
        organization = ruled(found, [rule], cfo=MORE)
        plan = planned(organization)

        assert outcomes(plan) == {"Chief financial officers": "warned"}
        assert organization.run(*AUTO).code == 0


def test_text_too_long_for_a_pattern_is_said(found: Founding) -> None:
    rule = RULES["name-begins-with-country"].replace("name: {", "metadata: {properties: {description: {")
    rule = rule.replace('– "}', '– "}}}')
    long = {"name": "CFOs", "metadata": {"description": "DE – " + "x" * 600}}
    organization = ruled(found, [rule], cfo=long)

    plan = planned(organization)
    assert outcomes(plan) == {"CFOs": "not_known"}
    assert plan["policies"][0]["audiences"][0]["unknown"].startswith("a text of over 500 characters")
    assert plan["digest"] == planned(ruled_without(organization))["digest"]


def ruled_without(organization: Organization) -> Organization:
    (organization.folder / "policies" / "0.yaml").unlink()
    return organization


class TestBase:
    """Rules are those of the base, and so are the exceptions that count by hand."""

    @pytest.fixture
    def branch(self, found: Founding) -> Organization:
        """Give a branch on a main that has two rules."""
        organization = found(live(), defined(security={"metadata": EXCEPTION}))
        start(organization.folder)
        put(organization.folder, OWNER, "not-gender-and-age")
        commit(organization.folder, "Base")
        git(organization.folder, "switch", "--quiet", "--create", "work")
        return organization

    def test_removed_rule_counts_and_is_shown_first(self, branch: Organization) -> None:
        branch.define(defined(cfo={"name": "CFOs", "metadata": {}}, security={"metadata": EXCEPTION}))
        for file in (branch.folder / "policies").iterdir():
            file.unlink()
        (branch.folder / "policies").rmdir()
        said = branch.run("plan", "--base", "main")
        refused = branch.run("apply", "--base", "main", "--auto-approve")

        verdict, looks, *_ = said.out.split("\n\n")
        assert verdict.startswith("Would be refused:\n  Policy: An active audience needs an owner")
        assert looks.startswith("Look twice:\n  This also lifts 2 guards")
        assert (
            "the policy active-needs-owner (An active audience needs an owner) is removed. It still counts"
            in looks
        )
        assert (refused.code, branch.patched) == (3, [])

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ("severity: deny", "severity: warn", "this makes a warning of the policy"),
            ("const: active", "const: draft", "this changes the condition of the policy"),
            ("[octocat]", "[octocat, eve]", "this adds eve to the owners of the policy"),
        ],
    )
    def test_loosened_rule_still_counts(
        self, branch: Organization, before: str, after: str, said: str
    ) -> None:
        branch.define(defined(cfo={"name": "CFOs", "metadata": {}}, security={"metadata": EXCEPTION}))
        put(branch.folder, RULES[OWNER].replace(before, after), "not-gender-and-age")
        plan = planned(branch, "--base", "main")

        assert outcomes(plan)["CFOs"] == "denied"
        (lifted,) = [one for one in plan["diagnostics"] if one["code"] == "guard-lifted"]
        assert said in lifted["summary"]
        assert (lifted["file"], lifted["line"]) == ("policies/0.yaml", 2)

    def test_no_longer_refusing_unknowns_is_shown(self, branch: Organization) -> None:
        put(branch.folder, OWNER, "not-gender-and-age", "tripling-needs-approval")
        git(branch.folder, "switch", "--quiet", "main")
        commit(branch.folder, "One more")
        put(
            branch.folder,
            OWNER,
            "not-gender-and-age",
            RULES["tripling-needs-approval"].replace("not_known: deny\n", ""),
        )

        assert (
            "this no longer refuses what is not known of the policy"
            in branch.run("plan", "--base", "main").out
        )

    def test_added_rule_is_shown_and_counts_later(self, branch: Organization) -> None:
        branch.define({"cfo.yaml": {**defined()["cfo.yaml"], "name": "CFOs"}})
        put(branch.folder, OWNER, "not-gender-and-age", "name-begins-with-country")
        said = branch.run("plan", "--base", "main").out

        assert "the policy name-begins-with-country is new: A name begins" in said
        assert "It does not count for this change, and does from the next one on" in said
        assert "Would be refused" not in said

    def test_owner_taken_out_of_a_file_is_refused(self, branch: Organization) -> None:
        branch.define({"cfo.yaml": {**defined()["cfo.yaml"], "metadata": {}}})

        assert outcomes(planned(branch, "--base", "main")) == {
            "Chief financial officers": "denied",
            "Security leads": "unchanged",
        }

    def test_exception_counts_by_hand_once_merged(self, branch: Organization) -> None:
        renamed = {"name": "Leads", "metadata": EXCEPTION}
        branch.define(defined(security=renamed, cfo={"name": "CFOs", "metadata": EXCEPTION}))
        plan = planned(branch, "--base", "main")
        by_hand = branch.run(*AUTO)
        half = branch.run("apply", "--base", "main", "--auto-approve", "--target", "Leads")

        assert outcomes(plan) == {"CFOs": "denied", "Leads": "overridden"}
        assert by_hand.code == 3
        assert "By hand an exception counts only where it was merged before. Needed: merge it" in by_hand.err
        assert "and name by --base where" in by_hand.err
        assert (half.code, branch.patched) == (0, [STEADY])
        assert (
            "Exception to a policy: An active audience needs an owner (active-needs-owner). It was merged"
            in half.out
        )
        assert '    "Leads", for the reason "Ana is new" (audiences.d/security.yaml:2)' in half.out

    def test_max_changes_still_waives_with_a_base(self, branch: Organization) -> None:
        (branch.folder / "reconciler.toml").write_text("[limits]\nmax_changes = 0\nmax_changes_floor = 0\n")
        git(branch.folder, "switch", "--quiet", "main")
        commit(branch.folder, "Limit")
        branch.define({"cfo.yaml": {**defined()["cfo.yaml"], "name": "CFOs"}})

        assert branch.run("apply", "--base", "main", "--auto-approve").code == 3
        assert branch.run("apply", "--base", "main", "--auto-approve", "--max-changes", "1").code == 0
