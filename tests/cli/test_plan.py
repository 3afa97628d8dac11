from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import FULL, SECONDS, Said, checked
from tests.cli.organization import (
    ABSENT,
    CHANGING,
    FOREIGN,
    PAUSING,
    STARTING,
    STEADY,
    audience,
    desired,
    live,
    many,
)
from tests.doubles.oracles.page import read
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Founding
    from tests.cli.organization import Organization

PLAN = """\
Look twice:
  Half of the people or fewer: "Chief financial officers" (350 before, 150 then).
  Active while it changes: "Chief financial officers". Who is in it changes with the vendor's next run.

  ~ Webinar guests (stops being active)
    audiences.d/guests.yaml:2
    pauses, and its people are no longer refreshed
    people: 1,000 (data of 2026-11-26)
      ~ status: active -> paused
      (2 unchanged fields)

  ~ Chief financial officers
    audiences.d/cfo.yaml:2
    drops people who score 60 to 79; also takes C-suite executives; drops vice presidents
    people: 350 -> 150, -57% (data of 2026-11-26)
      ~ config.minScore: 60 -> 80
      ~ config.filters.seniority: + c_suite, - vp
      (3 unchanged fields)

  ~ Marketing directors (becomes active)
    audiences.d/marketing.yaml:2
    starts: becomes active, and its people are refreshed daily
    people: 1,000 (data of 2026-11-26)
      ~ status: paused -> active
      (2 unchanged fields)

Plan: 3 to change, 1 unchanged.
Of these 3, 1 would start, 1 would stop being active and 1 would match other people.
Active slots: 4 in use, 1 frees up ("Webinar guests"), 1 would start ("Marketing directors"): 4 would then \
be in use, and `active_slots` in `reconciler.toml` does not say of how many.
1 live audience without a definition, left alone: "Made by hand".
Digest: DIGEST
"""
RIGHT = {"security.yaml": desired()["security.yaml"]}
FORMATS = ("text", "json", "markdown")


def plan_of(organization: Organization, *arguments: str) -> Any:
    return organization.run("plan", "--format", "json", *arguments).document("plan")


def test_plan_shows_every_change_and_only_reads(organization: Organization) -> None:
    digest = plan_of(organization)["digest"]

    assert organization.run("plan", is_fresh=True) == Said(0, PLAN.replace("DIGEST", digest), "")
    assert organization.methods == {"GET"}
    assert organization.files() == set()


def test_json_is_the_documented_shape(organization: Organization) -> None:
    said = organization.run("plan", "--format", "json")
    plan = said.document("plan")

    assert (said.code, said.err) == (0, "")
    assert plan["summary"] == {
        "managed": 4, "update": 3, "unchanged": 1, "missing": 0, "unmanaged": 1, "activate": 1, "pause": 1
    }  # fmt: skip
    assert [(change["phase"], change["id"]) for change in plan["changes"]] == [
        ("release", PAUSING),
        ("change", CHANGING),
        ("activate", STARTING),
    ]
    assert plan["changes"][0]["patch"] == {"status": "paused"}
    assert plan["changes"][1]["patch"] == {"config": desired()["cfo.yaml"]["config"] | {
        "filters": {"seniority": ["c_suite", "cxo"]}}
    }  # fmt: skip
    assert plan["unmanaged"] == [{"id": FOREIGN, "name": "Made by hand", "status": "active"}]
    assert (plan["errored"], plan["complete"], plan["origin"]) == (False, True, organization.url)


def test_markdown_names_every_change_and_the_digest(organization: Organization) -> None:
    said = organization.run("plan", "--format", "markdown")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("### Plan: look twice\n")
    assert "**Of 4 audiences, 3 would change and 1 stays as it is.**" in said.out
    assert "| Chief financial officers |" in said.out
    assert plan_of(organization)["digest"] in said.out


def test_html_is_one_page_with_a_verdict(organization: Organization) -> None:
    said = organization.run("plan", "--format", "html")

    assert (said.code, said.err, said.out.count("<article")) == (0, "", 3)
    assert read(said.out).text[1] == "Look twice"
    assert plan_of(organization)["digest"] in said.out


@pytest.mark.parametrize("documents", [desired(), RIGHT], ids=["changes", "no-changes"])
def test_detailed_exit_code_says_whether_there_are_changes(
    found: Founding, documents: dict[str, Any]
) -> None:
    organization = found(live(), documents)

    assert organization.run("plan", "--detailed-exitcode").code == (2 if len(documents) > 1 else 0)


def test_no_changes_are_said_so(found: Founding) -> None:
    said = found(live()[3:4], RIGHT).run("plan")

    assert said == Said(0, "No changes. The live audiences match the definitions.\n", "")


# An audience that is defined and does not exist.


def missing(found: Founding) -> Organization:
    return found(live(), desired() | {"absent.yaml": audience(ABSENT, "Nobody")})


@pytest.mark.parametrize("format_", FORMATS)
def test_missing_audience_is_error_beside_the_other_changes(found: Founding, format_: str) -> None:
    organization = missing(found)
    said = organization.run("plan", "--format", format_, "--detailed-exitcode", "--out", "plan.json")
    saved = checked((organization.folder / "plan.json").read_text(), "plan")

    assert said.code == 1
    assert said.err == (
        f"audiences.d/absent.yaml:2:2: id: audience {ABSENT} does not exist in this organization. "
        "Correct the id, create the audience in the dashboard, or remove the file.\n"
    )
    assert "Webinar guests" in said.out
    assert (saved["errored"], saved["complete"], saved["digest"]) == (True, False, None)
    assert saved["missing"] == [{"id": ABSENT, "file": "audiences.d/absent.yaml", "line": 2}]
    assert organization.methods == {"GET"}


# A plan that cannot be made at all.


@pytest.mark.parametrize(
    ("format_", "out"),
    [
        ("text", ""),
        ("markdown", "### Plan: would be refused"),
        ("html", "<!doctype html>"),
        ("json", "{"),
    ],
)
def test_plan_that_cannot_be_made_is_a_document(organization: Organization, format_: str, out: str) -> None:
    (organization.folder / "plan.json").write_text("a plan that still could be made")
    organization.define({"cfo.yaml": {"id": CHANGING, "nmae": "x"}})
    said = organization.run("plan", "--format", format_, "--out", "plan.json")
    saved = checked((organization.folder / "plan.json").read_text(), "plan")

    assert said.code == 1
    assert said.out.startswith(out)
    assert said.out == "" or format_ != "text"
    assert said.err.startswith("audiences.d/cfo.yaml:")
    assert (saved["errored"], saved["complete"], saved["digest"], saved["changes"]) == (True, False, None, [])
    assert [one["code"] for one in saved["diagnostics"]] == ["missing-key", "unknown-key"]
    if format_ == "json":
        assert said.document("plan") == saved


# --target


def test_target_by_id_ignores_case(organization: Organization) -> None:
    whole, part = plan_of(organization), plan_of(organization, "--target", PAUSING.upper())

    assert [change["id"] for change in part["changes"]] == [PAUSING]
    assert (part["complete"], part["targets"]) == (False, [PAUSING.upper()])
    assert part["digest"] != whole["digest"]


def test_target_may_be_a_glob_and_be_repeated(organization: Organization) -> None:
    some = ["--target", "*directors", "--target", "Web*"]
    part = plan_of(organization, *some, *some)

    assert [change["id"] for change in part["changes"]] == [PAUSING, STARTING]
    assert part["targets"] == ["*directors", "Web*"]
    assert plan_of(organization, *some[2:], *some[:2])["digest"] == part["digest"]


def test_name_with_glob_characters_is_its_own_target(found: Founding) -> None:
    documents = {"crm.yaml": audience(STEADY, "[crm] *switchers*", "paused")}
    organization = found([audience(STEADY, "[crm] *switchers*")], documents)

    assert len(plan_of(organization, "--target", "[crm] *switchers*")["changes"]) == 1


@pytest.mark.parametrize(
    ("format_", "words"),
    [
        ("text", "This plan is partial: only what --target Web* names."),
        ("markdown", "This is a partial preview, only of what was asked for"),
    ],
)
def test_a_partial_plan_says_so(organization: Organization, format_: str, words: str) -> None:
    assert words in organization.run("plan", "--target", "Web*", "--format", format_).out


@pytest.mark.parametrize("target", [ABSENT, "webinar guests"])
def test_a_target_that_names_nothing_is_an_error(organization: Organization, target: str) -> None:
    said = organization.run("plan", "--target", "Web*", "--target", target)

    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"Error: --target \"{target}\" matches no definition. Give an id, or a glob over names: 'CFO*'.\n"
    )


def test_paths_are_files_and_folders_wherever_they_are(organization: Organization) -> None:
    organization.definitions.rename(organization.folder / "elsewhere")

    assert organization.run("plan").code == 1
    assert len(plan_of(organization, "elsewhere")["changes"]) == 3
    assert plan_of(organization, "elsewhere/cfo.yaml", "elsewhere")["summary"]["managed"] == 4


# --out


def test_out_saves_the_plan_that_is_shown(organization: Organization) -> None:
    said = organization.run("plan", "--format", "json", "--out", "plan.json")

    assert (organization.folder / "plan.json").read_text() == said.out
    assert organization.files() == {"plan.json"}


def test_out_replaces_the_file_behind_a_link(organization: Organization) -> None:
    kept, link = organization.folder / "kept.json", organization.folder / "link.json"
    kept.write_text("old")
    link.symlink_to(kept)

    assert organization.run("plan", "--out", "link.json").code == 0
    assert link.is_symlink()
    checked(kept.read_text(), "plan")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [fifo, folder])
def test_out_refuses_what_is_no_file(organization: Organization, make: Any) -> None:
    make(organization.folder / "there")
    said = organization.run("plan", "--format", "json", "--out", "there")

    assert said.code == 1
    assert said.err == (
        "Error: there cannot be written: not a regular file. Name a file that can be written.\n"
    )
    assert said.document("plan")["errored"] is True
    assert organization.files() == {"there"}


def test_out_in_a_missing_folder_is_an_error(organization: Organization) -> None:
    said = organization.run("plan", "--out", "nowhere/plan.json")

    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "Error: nowhere/plan.json cannot be written: No such file or directory."
        " Name a file that can be written.\n"
    )


# What an apply would be refused for.


def test_too_many_changes_are_a_warning(found: Founding) -> None:
    said = found(*many(5)).run("plan")

    assert said.code == 0
    assert (
        "Would be refused:\n  Too much at once: 5 of 5 audiences would change at once; the limit" in said.out
    )
    assert "Warning" not in said.out


def test_a_protected_audience_is_a_warning(organization: Organization) -> None:
    organization.define({"guests.yaml": desired()["guests.yaml"] | {"lifecycle": {"protect": True}}})
    said = organization.run("plan", "--detailed-exitcode")

    assert said.code == 2
    assert 'Would be refused:\n  Protected: "Webinar guests" is protected and would change.' in said.out
    assert "(audiences.d/guests.yaml:2)" in said.out


def test_too_few_slots_are_a_warning(organization: Organization) -> None:
    (organization.folder / "reconciler.toml").write_text("[limits]\nactive_slots = 2\n")

    found = plan_of(organization)["diagnostics"]

    assert [(one["severity"], one["code"]) for one in found] == [("warning", "slot-limit")]


# Colour.


@pytest.mark.parametrize(
    ("settings", "is_coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "", "TERM": "vt100"}, True),
    ],
)
def test_a_terminal_shows_colour_unless_told_not_to(
    organization: Organization, settings: dict[str, str], *, is_coloured: bool
) -> None:
    with organization.terminal("plan", settings=settings) as terminal:
        assert terminal.end() == 0

    assert ("\x1b[" in terminal.shown) is is_coloured
    assert "Webinar guests" in terminal.shown


def test_a_pipe_shows_colour_only_when_forced(organization: Organization) -> None:
    forced = organization.run("plan", settings={"FORCE_COLOR": "1", "TERM": "dumb"})

    assert "\x1b[1mWebinar guests\x1b[0m" in forced.out
    assert "\x1b" not in organization.run("plan", settings={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out
    assert "\x1b" not in organization.run("plan", "--format", "json", settings={"FORCE_COLOR": "1"}).out


# Interrupts.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_document(organization: Organization, number: signal.Signals) -> None:
    organization.peer.inject(Fault("delay", seconds=SECONDS))
    with organization.started("plan", "--format", "json", "--out", "plan.json") as process:
        organization.arrival("GET")
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
    plan = checked(out, "plan")

    assert process.returncode == 130
    assert err == "Error: interrupted. Nothing was written.\n"
    assert [one["code"] for one in plan["diagnostics"]] == ["interrupted"]
    assert (organization.folder / "plan.json").read_text() == out


# A reader that goes away, a full disk, streams that are closed, an alphabet that lacks the characters.


@pytest.mark.parametrize(("format_", "code"), [("text", 0), ("json", 1)])
def test_reader_that_went_away_gets_no_half_document(
    organization: Organization, format_: str, code: int
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with organization.started("plan", "--format", format_, stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate(timeout=SECONDS)

    assert process.returncode == code
    assert err == ("Error: stdout cannot be written: Broken pipe. Make room, or send it elsewhere.\n" * code)


@pytest.mark.parametrize("arguments", [["--format", "json"], ["--detailed-exitcode"]])
def test_a_full_disk_under_stdout_is_an_error(organization: Organization, arguments: list[str]) -> None:
    with FULL.open("wb") as full:
        said = organization.run("plan", *arguments, stdout=full)

    assert said.code == 1
    assert said.err == (
        "Error: stdout cannot be written: No space left on device. Make room, or send it elsewhere.\n"
    )


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_stream_is_no_error(organization: Organization, closed: int) -> None:
    close = ["/bin/sh", "-c", f'exec "$@" {closed}>&-', "sh"]
    said = organization.run("plan", "--detailed-exitcode", through=close)

    assert said.code == 2
    assert ("Webinar guests" in said.out) is (closed != 1)
    assert said.err == ""


@pytest.mark.parametrize(
    ("settings", "format_"),
    [
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "text"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "json"),
        ({"PYTHONIOENCODING": "ascii"}, "markdown"),
    ],
)
def test_character_that_the_encoding_lacks_is_escaped(
    found: Founding, settings: dict[str, str], format_: str
) -> None:
    organization = found([audience(STEADY, "Grüße 李")], {"a.yaml": audience(STEADY, "Grüße 李", "paused")})
    said = organization.run("plan", "--format", format_, "--target", "Gr*", settings=settings)

    assert (said.code, said.err) == (0, "")
    assert said.out.isascii()
    assert "\\u674e" in said.out
    if format_ == "json":
        assert said.document("plan")["changes"][0]["name"] == "Grüße 李"


def test_plan_of_one_content_is_one_text(organization: Organization) -> None:
    first = organization.run("plan", "--format", "json", settings={"PYTHONHASHSEED": "1"})
    organization.peer.edit(STEADY, {"audienceSize": 5000})

    assert organization.run("plan", "--format", "json", settings={"PYTHONHASHSEED": "2"}) == first


# What the organization's own generation takes.


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize("live_score", [99, 100])
def test_left_out_score_is_never_planned(found: Founding, live_score: int, generation: int) -> None:
    """The file does not mention it, so nobody wants it changed."""
    stored = [audience(STEADY, "Security leads", maxScore=live_score)]
    organization = found(stored, RIGHT, generation=generation)

    assert plan_of(organization)["changes"] == []


def test_score_out_of_own_generation_stops_the_apply(found: Founding) -> None:
    wanted = {"a.yaml": audience(STEADY, "Security leads", minScore=60, maxScore=100)}
    organization = found([audience(STEADY, "Security leads")], wanted, generation=2)
    said = organization.run("apply", "--auto-approve")

    assert said.code == 1
    assert "audiences.d/a.yaml:10:15: config.maxScore: 100 is over 99, the most that" in said.err
    assert organization.patched == []
