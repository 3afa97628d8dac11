from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import Said, checked
from tests.cli.organization import ABSENT, AUTO, CHANGING, audience, desired, live
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.cli.conftest import Founding
    from tests.cli.organization import Organization, Project

pytestmark = pytest.mark.once  # what it says is data, whatever Python makes it

FORMATS = ("text", "markdown", "html", "json")
SAVE = "Save one with `reconciler plan --out FILE` or `reconciler apply --out FILE`.\n"


def partial(found: Founding) -> tuple[Organization, list[str]]:
    return found(live(), desired()), ["--target", "Chief*", "--target", "Web*"]


def whole(found: Founding) -> tuple[Organization, list[str]]:
    return found(live(), desired()), []


def nothing(found: Founding) -> tuple[Organization, list[str]]:
    return found(live()[3:4], {"security.yaml": desired()["security.yaml"]}), []


def errored(found: Founding) -> tuple[Organization, list[str]]:
    return found(live(), desired() | {"absent.yaml": audience(ABSENT, "Nobody")}), []


def unmade(found: Founding) -> tuple[Organization, list[str]]:
    return found(live(), desired() | {"bad.yaml": {"id": "?"}}), []


@pytest.mark.parametrize(
    ("make", "formats"),
    [
        (whole, FORMATS),
        (partial, ["markdown"]),
        (nothing, ["text"]),
        (errored, FORMATS),
        (unmade, ["text", "json"]),
    ],
)
def test_a_saved_plan_reads_as_it_did(
    found: Founding,
    make: Callable[[Founding], tuple[Organization, list[str]]],
    formats: Sequence[str],
) -> None:
    organization, arguments = make(found)
    for format_ in formats:
        first = organization.run("plan", *arguments, "--format", format_, "--out", "plan.json")
        again = organization.run("show", "plan.json", "--format", format_)

        assert again == Said(0, first.out, first.err)
        assert format_ != "json" or (organization.folder / "plan.json").read_text() == again.out


def test_a_saved_result_reads_as_it_did(organization: Organization) -> None:
    organization.peer.inject(Fault("status", id=CHANGING, method="PATCH", status=400))
    first = organization.run(*AUTO, "--out", "result.json")
    again = organization.run("show", "result.json")
    markdown = organization.run("show", "result.json", "--format", "markdown")

    page = organization.run("show", "result.json", "--format", "html")

    assert first.code == 4
    assert (page.code, page.err, "<h1>Applied in part</h1>" in page.out) == (0, "", True)
    assert "1 failed" in again.out
    assert first.out.endswith(again.out)
    assert (again.code, again.err) == (0, "")
    assert "\n| Chief financial officers |" in markdown.out
    assert organization.run("show", "result.json", "--format", "json").document("apply-result") == (
        organization.result()
    )


def test_the_result_of_a_refusal_says_why(organization: Organization) -> None:
    organization.apply("--digest", "sha256:" + "0" * 64)
    text = organization.run("show", "result.json")

    assert text.out.startswith("  not attempted  Webinar guests")
    assert "Apply changed nothing: 3 not attempted.\n" in text.out
    assert text.err.startswith("Error: the plan's digest is sha256:")
    assert "the plan's digest is" in organization.run("show", "result.json", "--format", "markdown").out


def test_it_needs_neither_key_nor_network_nor_definitions(organization: Organization) -> None:
    organization.run("plan", "--out", "plan.json")
    organization.definitions.rename(organization.folder / "gone")
    nowhere = {"LEADPIPE_API_KEY": "", "LEADPIPE_BASE_URL": "http://127.0.0.1:1"}

    assert organization.run("show", "plan.json", settings=nowhere, is_fresh=True).code == 0


# What is neither, and what somebody changed.


def edited(plan: Any, change: Callable[[Any], None]) -> str:
    document = json.loads(json.dumps(plan))
    change(document)
    return json.dumps(document)


def rename(plan: Any) -> None:
    plan["changes"][0]["name"] = "Somebody else"


def send_more(plan: Any) -> None:
    plan["changes"][0]["patch"]["name"] = "Sent too"


def redirect(plan: Any) -> None:
    plan["origin"] = "https://evil.example"


def forge(plan: Any) -> None:
    plan["digest"] = "sha256:" + "0" * 64


@pytest.mark.parametrize("change", [rename, send_more, redirect, forge])
def test_a_plan_that_somebody_changed_is_refused(
    organization: Organization, change: Callable[[Any], None]
) -> None:
    plan = organization.run("plan", "--format", "json").document("plan")
    (organization.folder / "plan.json").write_text(edited(plan, change))
    words = (
        "Error: plan.json: the plan's content does not match its digest."
        " Make the plan again; do not edit it.\n"
    )

    assert organization.run("show", "plan.json") == Said(1, "", words)
    assert organization.run("apply", "--plan", "plan.json") == Said(1, "", words)
    assert organization.methods == {"GET"}


UNKNOWN = "has a format_version that this version does not know. Use the version that saved it.\n"
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON (broken at line 1). " + SAVE),
        ("Plan: 3 to change", "is not JSON (broken at line 1). " + SAVE),
        ('{"format_version":\n"1.0"', "is not JSON (broken at line 2). " + SAVE),
        (DEEP, "is not JSON (nested too deeply). " + SAVE),
        ("[]", "is not a saved plan or result. " + SAVE),
        ("{}", UNKNOWN),
        ('{"format_version": "2.0"}', UNKNOWN),
        ('{"format_version": "10.0"}', UNKNOWN),
        ('{"format_version": 1.0}', UNKNOWN),
    ],
    ids=["empty", "text", "cut", "deep", "list", "nothing", "major-2", "major-10", "number"],
)
def test_what_is_no_saved_document_is_refused(project: Project, text: str, words: str) -> None:
    (project.folder / "file.json").write_text(text)

    assert project.run("show", "file.json") == Said(1, "", f"Error: file.json {words}")


def spelled(old: str, new: str) -> Callable[[str], bytes]:
    return lambda text: text.replace(old, new, 1).encode()


# What a reader that is not strict would take for the plan that was reviewed.
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spelled('"errored": false', '"errored": true, "errored": false'), "a repeated key"),
        (spelled('"errored": false', '"errored": false, "more": NaN'), "a number that JSON does not have"),
        (spelled('"errored": false', '"errored": false, "more": "\\ud800"'), "half a character"),
        (spelled('"errored": false', f'"errored": false, "more": {"[" * 50}{"]" * 50}'), "nested too deeply"),
        (lambda text: text.encode("utf-8-sig"), "a byte order mark"),
        (lambda text: text.encode("utf-16"), "not UTF-8"),
    ],
    ids=["repeated-key", "nan", "surrogate", "deep", "bom", "utf-16"],
)
def test_saved_plan_is_read_strictly(
    organization: Organization, spoil: Callable[[str], bytes], reason: str
) -> None:
    plan = organization.run("plan", "--format", "json").out
    (organization.folder / "plan.json").write_bytes(spoil(plan))
    words = f"Error: plan.json is not JSON ({reason}). {SAVE}"

    assert organization.run("show", "plan.json") == Said(1, "", words)
    assert organization.run("apply", "--plan", "plan.json") == Said(1, "", words)
    assert organization.methods == {"GET"}


def filled(item: str, count: int) -> str:
    return '{"format_version": "1.0", "changes": [' + ",".join([item] * count) + "]}"


@pytest.mark.parametrize("command", [("show",), ("apply", "--plan")], ids=["show", "apply"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (filled("{}", 49_999), "is not a saved plan or result: the file: "),
        (filled("[]", 400_000), "is not a saved plan or result: the file: "),
        (filled("{}", 50_000), "holds over 50,000 objects. "),
        (filled("[]", 500_000), "is not JSON (too many values). "),
        (" " * (10 * 1024**2 + 1), "is over 10 MiB. "),
    ],
    ids=["objects", "lists", "more-objects", "more-lists", "bytes"],
)
def test_hostile_file_takes_little_memory(
    organization: Organization, command: Sequence[str], text: str, reason: str
) -> None:
    (organization.folder / "file.json").write_text(text)
    code, error, peak = organization.measured(*command, "file.json")

    assert code == 1
    assert error.startswith(f"Error: file.json {reason}")
    assert peak < 150


@pytest.mark.parametrize("document", [{"changes": []}, {"results": []}])
def test_a_document_of_another_shape_is_refused(project: Project, document: dict[str, Any]) -> None:
    (project.folder / "file.json").write_text(json.dumps({"format_version": "1.0"} | document))
    said = project.run("show", "file.json")

    assert said.code == 1
    assert said.err.startswith("Error: file.json is not a saved plan or result: ")


def test_a_later_minor_version_is_read(organization: Organization) -> None:
    plan = organization.run("plan", "--format", "json").document("plan")
    later = plan | {"format_version": "1.7", "new": True, "changes": [*plan["changes"]]}
    later["changes"][0] = plan["changes"][0] | {"new": {"deep": []}}
    (organization.folder / "plan.json").write_text(json.dumps(later))

    assert organization.run("show", "plan.json").out == organization.run("plan").out


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def nowhere(_: Path) -> None:
    """Make nothing."""


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (fifo, "not a regular file"),
        (folder, "not a regular file"),
        (nowhere, "No such file or directory"),
        (loop, "Too many levels of symbolic links"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    project: Project, make: Callable[[Path], None], reason: str
) -> None:
    make(project.folder / "file.json")
    said = project.run("show", "file.json", "--format", "json")

    assert (said.code, said.err) == (1, f"Error: file.json cannot be read: {reason}. {SAVE}")
    assert checked(said.out, "diagnostics")["diagnostics"][0]["code"] == "file"


def test_a_result_is_no_plan_to_apply(organization: Organization) -> None:
    organization.run(*AUTO, "--out", "result.json")
    sent = len(organization.patched)

    assert organization.run("apply", "--plan", "result.json") == Said(
        1,
        "",
        "Error: result.json is the result of an apply, not a plan."
        " Save one with `reconciler plan --out FILE`.\n",
    )
    assert len(organization.patched) == sent


@pytest.mark.parametrize("make", [fifo, nowhere])
def test_unreadable_plan_file_stops_an_apply(
    organization: Organization, make: Callable[[Path], None]
) -> None:
    make(organization.folder / "plan.json")

    assert organization.run("apply", "--plan", "plan.json").code == 1
    assert organization.peer.log == ()
