"""`reconciler doctor`: every precondition with its fix, also offline, and never the key."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import FULL, SECONDS
from tests.cli.organization import KEY, desired, live, many
from tests.doubles.git import commit, git, start
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Founding
    from tests.cli.organization import Organization, Project

ASKED = ["API", "rights to list", "rights to read", "generation", "account"]
CATALOGUE = """\
{"format_version": "1.0", "generation": 2, "status": "catalog", "built": "2026-05-04",
 "filters": {}, "topics": []}
"""
DOCTOR = ("doctor", "--format", "json")


def checks(project: Project, *arguments: str, **how: Any) -> dict[str, dict[str, str]]:
    said = project.run(*DOCTOR, *arguments, **how)
    document = said.document("doctor")
    found = {one["name"]: one for one in document["checks"]}
    failing = [one for one in document["checks"] if one["status"] == "failed"]
    assert (said.code, document["ok"]) == (1 if failing else 0, not failing)
    assert all(one["fix"] for one in document["checks"] if one["status"] in {"failed", "warning"})
    assert KEY not in said.out + said.err
    return found


def statuses(found: dict[str, dict[str, str]], *names: str) -> list[str]:
    return [found[name]["status"] for name in names]


def test_healthy_organization_is_ready(organization: Organization) -> None:
    said = organization.run("doctor")

    assert said.code == 0
    assert said.out.endswith("\nReady.\n")
    assert "ok    rights to list  5 audiences, 4 active\n" in said.out
    assert "look  account         GET /v1/data/account returned 404" in said.out
    assert "                      Fix: Run `reconciler catalogue update`" in said.out
    assert organization.methods == {"GET"}


@pytest.mark.parametrize("generation", [1, 2])
def test_generation_is_named(found: Founding, generation: int) -> None:
    organization = found(live(), desired(), generation=generation)
    assert checks(organization)["generation"]["summary"] == f"generation {generation} of the API's contract"


def test_empty_organization_shows_no_generation(found: Founding) -> None:
    assert statuses(checks(found([], {})), "rights to read", "generation") == ["not_asked", "not_asked"]


@pytest.mark.parametrize(
    ("settings", "name", "status", "summary"),
    [
        ({"LEADPIPE_API_KEY": ""}, "key", "failed", "LEADPIPE_API_KEY is not set"),
        ({"LEADPIPE_API_KEY": "a b"}, "key", "failed", "LEADPIPE_API_KEY holds a space, a line break or"),
        ({"LEADPIPE_API_KEY": "pk_1"}, "key", "warning", "LEADPIPE_API_KEY does not begin with sk_"),
        ({"LEADPIPE_BASE_URL": "http://x.test"}, "origin", "failed", "LEADPIPE_BASE_URL would send the key"),
        ({"LEADPIPE_BASE_URL": "http://127.0.0.1:1"}, "API", "failed", "http://127.0.0.1:1 cannot be"),
    ],
)  # fmt: skip
def test_what_is_wrong_on_the_way_is_said(
    organization: Organization, settings: dict[str, str], name: str, status: str, summary: str
) -> None:
    found = checks(organization, settings=settings)

    assert (found[name]["status"], found[name]["summary"][: len(summary)]) == (status, summary)
    if status == "failed":
        rest = [one for one in ASKED if one != name]
        assert statuses(found, *rest) == ["not_asked"] * len(rest)


@pytest.mark.parametrize(
    ("fault", "name", "rest"),
    [
        (Fault("status", status=401, times=None), "rights to list", ["not_asked"] * 3),
        (Fault("status", status=403, route="one", times=None), "rights to read", ["ok", "warning"]),
    ],
)
def test_missing_right_is_named(organization: Organization, fault: Fault, name: str, rest: list[str]) -> None:
    organization.peer.inject(fault)
    found = checks(organization)

    assert statuses(found, "API", name) == ["ok", "failed"]
    assert statuses(found, *ASKED[ASKED.index(name) + 1 :]) == rest


def test_list_that_may_be_short_is_a_warning(found: Founding) -> None:
    organization = found(many(25)[0], {}, page_size=25)
    organization.peer.inject(*(Fault("short_list", size=25) for _ in range(12)))
    assert "the list may be short" in checks(organization)["rights to list"]["summary"]


def test_project_that_is_broken_is_named(organization: Organization) -> None:
    (organization.folder / "reconciler.toml").write_text("[limits]\nmax_chnges = 3\n")
    (organization.definitions / "broken.yaml").write_text("id: x")
    found = checks(organization)

    assert statuses(found, "settings", "definitions") == ["failed", "failed"]
    assert found["settings"]["summary"] == 'reconciler.toml:2: unknown setting "max_chnges"'
    assert found["definitions"]["fix"] == "Run `reconciler validate` to see each"
    shown = organization.run("doctor").out
    assert '                      Fix: Did you mean "max_changes"?\n' in shown
    assert shown.endswith("\n2 checks failed.\n")


def test_fresh_folder_is_told_what_to_do(organization: Organization) -> None:
    found = checks(organization, "new.d")
    assert found["definitions"]["fix"] == "Run `reconciler import --all`"
    assert statuses(found, "settings", "git") == ["ok", "warning"]


def test_repository_and_its_origin_are_seen(organization: Organization) -> None:
    start(organization.folder)
    (organization.folder / "reconciler.toml").write_text("")
    (organization.folder / "catalogue.json").write_text(CATALOGUE)
    commit(organization.folder, "Begin")
    found = checks(organization)
    assert found["git"]["fix"].startswith("Run `git remote set-head origin --auto`")
    assert found["settings"]["summary"] == "reconciler.toml is valid"
    known = "0 filters of generation 2, built 2026-05-04, committed "
    assert re.fullmatch(known + r"\d{4}-\d\d-\d\d", found["catalogue"]["summary"])
    (organization.folder / "catalogue.json").write_text(CATALOGUE.replace("2026-05-04", ""))
    assert checks(organization)["catalogue"]["summary"] == "0 filters of generation 2"
    (organization.folder / "catalogue.json").write_text("{}")
    assert checks(organization)["catalogue"]["status"] == "failed"

    git(organization.folder, "update-ref", "refs/remotes/origin/HEAD", "HEAD")
    assert checks(organization)["git"]["status"] == "ok"


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        (
            {"GITHUB_REPOSITORY": "a/b", "GITHUB_EVENT_PATH": "e", "GITHUB_SHA": "0", "GITHUB_TOKEN": "t"},
            "ok",
        ),
        ({"GITHUB_REPOSITORY": "a/b", "GITHUB_EVENT_PATH": "e", "GITHUB_SHA": "0"}, "warning"),
        ({}, "warning"),
    ],
)
def test_job_on_github_is_checked(organization: Organization, settings: dict[str, str], status: str) -> None:
    found = checks(organization, settings={"GITHUB_ACTIONS": "true"} | settings)

    assert found["GitHub's token"]["status"] == status
    assert found["GitHub"]["status"] == ("ok" if settings else "failed")


def test_sandbox_needs_no_key(project: Project) -> None:
    found = checks(project, "--sandbox")
    assert found["key"]["summary"] == "the sandbox needs none"
    assert found["account"]["summary"].startswith("Northwind Demo, active, 10 active; the number of slots")


def test_document_that_cannot_be_delivered_is_an_error(project: Project) -> None:
    with FULL.open("wb") as full:
        assert project.run("doctor", "--sandbox", stdout=full).code == 1


def test_account_that_is_not_healthy_is_a_warning(organization: Organization) -> None:
    body = '{"data": {"healthy": false, "organization": 3}}'
    organization.peer.inject(Fault("body", text=body, nth=3))
    check = checks(organization)["account"]
    assert (check["status"], check["summary"]) == ("warning", "4 active; the number of slots is not told")


def test_interrupt_ends_it_with_a_document(organization: Organization) -> None:
    organization.peer.inject(Fault("delay", seconds=SECONDS))
    with organization.started(*DOCTOR) as process:
        organization.arrival("GET")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 130
    assert '"summary": "interrupted"' in out
