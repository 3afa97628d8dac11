"""`reconciler adopt`: what is live, taken into files that people wrote."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import SECONDS
from tests.cli.organization import ABSENT, CHANGING, PAUSING, STARTING, STEADY, Organization, audience, live
from tests.doubles.git import commit, start
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from tests.cli.command import Said
    from tests.cli.conftest import Founding

NO_CHANGES = "No changes."
WRITTEN = f"""# Finance chiefs. Ask Ana first.
id: {CHANGING}   # ours
name: 'Chief financial officers'

status: active
config:
  topicIds: [ 117805 ]
  minScore: 80    # 60 was too long a list
  filters:
    seniority:
      - cxo       # the core
      - c_suite
lifecycle: {{protect: true}}"""
ADOPTED = WRITTEN.replace("minScore: 80 ", "minScore: 60 ").replace("- c_suite", "- vp")


@pytest.fixture
def written(organization: Organization) -> Organization:
    """Give an organization with one definition that somebody wrote by hand, with Windows' line ends."""
    write(organization, WRITTEN)
    return organization


def write(organization: Organization, text: str, name: str = "cfo.yaml") -> None:
    (organization.definitions / name).write_bytes(text.replace("\n", "\r\n").encode())


def text_of(organization: Organization, name: str = "cfo.yaml") -> str:
    return (organization.definitions / name).read_bytes().decode().replace("\r\n", "\n")


def test_differing_fields_alone_are_taken(written: Organization) -> None:
    said = written.run("adopt", "Chief*")

    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("Adopted what is live: 1 file written.\n")
    assert "~ config.filters.seniority: + vp, - c_suite\n" in said.out
    assert text_of(written) == ADOPTED
    assert NO_CHANGES in written.run("plan", "--target", CHANGING).out
    assert written.methods == {"GET"}


def test_all_that_differ_plan_as_no_changes(written: Organization) -> None:
    assert written.run("adopt", "--all").code == 0

    assert NO_CHANGES in written.run("plan").out
    assert written.run("adopt", "--all").out == "Nothing to adopt: the files say what is live.\n"


def test_dry_run_prints_diff_and_writes_nothing(written: Organization) -> None:
    said = written.run("adopt", CHANGING.upper(), "--dry-run")

    assert said.code == 0
    changed = [line for line in said.out.splitlines() if line[:1] in {"-", "+"}]
    assert changed == [
        "--- a/audiences.d/cfo.yaml",
        "+++ b/audiences.d/cfo.yaml",
        "-  minScore: 80    # 60 was too long a list",
        "+  minScore: 60    # 60 was too long a list",
        "-      - c_suite",
        "+      - vp",
    ]
    assert text_of(written) == WRITTEN


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (),
            (
                "nothing says what to adopt. These differ from git: "
                '"Webinar guests", "Chief financial officers", "Marketing directors"'
            ),
        ),
        (("Nobody",), '"Nobody" matches no definition'),
        (("--all", CHANGING), "names and --all exclude each other"),
    ],
)
def test_unclear_wish_is_refused(written: Organization, arguments: tuple[str, ...], message: str) -> None:
    said = written.run("adopt", *arguments)

    assert (said.code, said.out) == (1, "")
    assert message in said.err
    assert text_of(written) == WRITTEN


def edited(found: Founding, definition: dict[str, Any], **fields: Any) -> Organization:
    return found([{**live()[1], **fields}, live()[0]], {"cfo.yaml": definition})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"status": "archived"}, 'no definition can say this: status: "archived" is not one of'),
        ({"name": "x" * 256}, "no definition can say this: name:"),
        ({"name": "\u202ex"}, 'name cannot be written into audiences.d/cfo.yaml as "\\u202ex"'),
        ({"status": None}, "no definition can say that status has no value, as it is live"),
        ({"config": {"topicIds": [True]}}, "cannot be read"),
        ({"config": {"topicIds": [1], "filters": {"role.isCeo": True, "isB2b": "y"}}}, "says|beside"),
        ({"id": ABSENT}, "does not exist in this organization"),
    ],
)
def test_inexpressible_live_value_leaves_its_file(
    found: Founding, fields: dict[str, Any], message: str
) -> None:
    organization = edited(found, audience(CHANGING, "Chief financial officers", topicIds=[2]), **fields)
    organization.define({"guests.yaml": audience(PAUSING, "Guests")})
    before = text_of(organization)

    said = organization.run("adopt", "--all")

    assert any(part in said.err for part in message.split("|")), said.err
    assert "audiences.d/cfo.yaml:2" in said.err
    assert text_of(organization) == before
    # Another audience's file is written all the same.
    assert (said.code, '"Webinar guests"' in text_of(organization, "guests.yaml")) == (4, True)
    assert organization.run("adopt", "--all").code == 1


def test_ignored_and_unmanaged_fields_are_left(found: Founding) -> None:
    definition = {
        "id": CHANGING,
        "name": "Old",
        "config": {"topicIds": [117805]},
        "lifecycle": {"ignore": ["config.filters.seniority"]},
    }
    organization = edited(found, definition, status="draft")

    before = text_of(organization)

    assert organization.run("adopt", "--all").code == 0
    assert text_of(organization) == before.replace("Old", "Chief financial officers")


def test_base_takes_drift_alone(written: Organization) -> None:
    start(written.folder)
    commit(written.folder, "Base")
    write(written, WRITTEN.replace("minScore: 80 ", "minScore: 90 ").replace("active", "paused"))
    commit(written.folder, "Work")

    said = written.run("adopt", CHANGING, "--base", "main~1")

    assert (said.code, said.err) == (0, CHANGED_TWICE)
    assert text_of(written) == ADOPTED.replace("minScore: 60 ", "minScore: 90 ").replace("active", "paused")
    again = written.run("adopt", CHANGING, "--base", "main~1")
    assert (again.code, again.out) == (0, "Nothing to adopt: no audience drifted from what git had.\n")
    plan: Said = written.run("plan", "--target", CHANGING)
    assert "status: active -> paused" in plan.out
    assert "config.minScore: 60 -> 90" in plan.out
    assert "seniority" not in plan.out


CHANGED_TWICE = (
    'audiences.d/cfo.yaml:2:1: Warning: "Chief financial officers": config.minScore was changed in git and '
    "live: 90 in the file, 60 live; the file is left as it is. Decide which one holds: without --base, adopt "
    "takes what is live.\n"
)


def test_second_generation_filter_is_added_and_taken_out(found: Founding) -> None:
    filters = {"role.seniority": {"values": ["vp"], "mode": "any"}, "contact": {"hasBusinessEmail": True}}
    organization = edited(found, {}, config={"topicIds": [117805], "filters": filters})
    head = f"id: {CHANGING}\nname: Chief financial officers\nconfig:\n  topicIds: [117805]\n  filters:\n"
    write(organization, f"{head}    role.isCeo: true  # was\n    # why\n")

    assert organization.run("adopt", "--all").code == 0
    assert text_of(organization) == (
        f"{head}    role.seniority:\n      values: [vp]\n      mode: any\n"
        "    contact.hasBusinessEmail: true\n    # why\n"
    )


def test_starting_and_steady_are_told_apart(organization: Organization) -> None:
    said = organization.run("adopt", STARTING, STEADY)

    assert "Marketing directors" in said.out
    assert "Security" not in said.out


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_signal_while_reading_writes_nothing(written: Organization, number: str) -> None:
    written.peer.inject(Fault("delay", seconds=SECONDS))
    with written.started("adopt", "--all") as process:
        written.arrival("GET")
        process.send_signal(getattr(signal, number))
        _, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, err) == (130, "Error: interrupted. Nothing was written.\n")
    assert text_of(written) == WRITTEN


_LATE = """
import signal
from reconciler.definitions import replacing
from reconciler.cli import main
original = replacing.replace
replacing.replace = lambda *how: (signal.raise_signal(signal.SIGTERM), original(*how))[1]
main()
"""


def test_signal_while_writing_lets_files_be_whole(written: Organization) -> None:
    (written.folder / "late.py").write_text(_LATE)

    said = written.run("adopt", "Chief*", program=["late.py"])

    assert said.code == 130
    assert "Nothing was written" not in said.err
    assert "Adopted what is live: 1 file written." in said.out
    assert text_of(written) == ADOPTED
