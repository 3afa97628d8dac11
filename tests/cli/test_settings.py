"""`reconciler.toml`: where it is looked for, what it says, and what is wrong with it."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.app import settings
from reconciler.errors import SettingsError
from reconciler.plan import Limits, MaxChanges
from tests.cli.command import Said
from tests.cli.organization import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.cli.organization import Organization, Project


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project whose definitions have a folder within their folder."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "audiences.d" / "emea").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def limits(text: str) -> Limits:
    Path("reconciler.toml").write_text(text, "utf-8")
    return settings.limits(["audiences.d"])


# What it says.


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Limits()),
        ("[limits]\n", Limits()),
        ('[limits]\nmax_changes = "50%"\n', Limits(MaxChanges(50, is_percent=True))),
        ("[limits]\nmax_changes_floor = 0\n", Limits(floor=0)),
        ("[limits]\nactive_slots = 10\n", Limits(active_slots=10)),
        # A number is meant as it is written; the default floor is for the share of a small organization.
        ("[limits]\nmax_changes = 2\n", Limits(MaxChanges(2), 0)),
        ('[limits]\nmax_changes = "2"\nmax_changes_floor = 4\n', Limits(MaxChanges(2), 4)),
        ("limits = {max_changes = 7, active_slots = 3}\n", Limits(MaxChanges(7), 0, 3)),
    ],
)
def test_limits_are_as_written(text: str, expected: Limits) -> None:
    assert limits(text) == expected


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("text", "summary", "mend"),
    [
        ("[limits]\nmax_chnages = 3\n", '2: unknown setting "max_chnages"', 'Did you mean "max_changes"?'),
        (
            "[limits]\ncolour = 3\n",
            '2: unknown setting "colour"',
            "Known: max_changes, max_changes_floor, active_slots, max_growth, min_people, deny_reach",
        ),
        ("\n\n[limit]\nmax_changes = 3\n", '3: unknown table "limit"', 'Did you mean "limits"?'),
        ("base_url = 'https://evil.example'\n", '1: unknown table "base_url"', "Known: limits"),
        ("limits = 3\n", "1: limits is not a table", "Write [limits] on a line of its own"),
        ("limits = {colour = 3}\n", ' unknown setting "colour"', None),
        ("[limits]\n'active_slots' = -1\n", "2: active_slots is not a whole number of 0 or more", None),
        ("[limits]\nmax_growth = 3\n", "2: max_growth is not a number of times", 'Write "3x" or "1.5x"'),
        ('[limits]\nmax_growth = "0.5x"\n', "2: max_growth is not a number of times", None),
        ("[limits]\ndeny_reach = 1\n", "2: deny_reach is neither true nor false", "Write deny_reach = true"),
        ("[limits]\nmin_people = -1\n", "2: min_people is not a whole number of 0 or more", None),
        ("[limits]\nactive_slots = 1.0\n", "2: active_slots is not a whole number of 0 or more", None),
        ("[limits]\nactive_slots = true\n", "2: active_slots is not a whole number of 0 or more", None),
        ('[limits]\nactive_slots = "10"\n', "2: active_slots is not a whole number of 0 or more", None),
        ("[limits]\nactive_slots = 1000001\n", "2: active_slots is not a whole number of 0 or more", None),
        ("[limits]\nmax_changes_floor = []\n", "2: max_changes_floor is not a whole number", None),
        ("[limits]\n max_changes = true\n", "2: max_changes is neither a number nor a percentage", None),
        ("[limits]\nmax_changes = 30.0\n", "2: max_changes is neither a number nor a percentage", None),
        (
            "[limits]\nmax_changes = 0x" + "f" * 60_000,
            "2: max_changes is neither a number nor a percentage",
            None,
        ),
        ("[limits]\nmax_changes = -1\n", "2: max_changes is neither a number nor a percentage", None),
        ('[limits]\nmax_changes = "half"\n', "2: max_changes is neither a number nor a percentage", None),
        ("[limits]\nmax_changes = '٣%'\n", "2: max_changes is neither a number nor a percentage", None),
        ("[limits]\nmax_changes = ['5']\n", "2: max_changes is neither a number", 'Write 5 or "30%"'),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, summary: str, mend: str | None) -> None:
    with pytest.raises(SettingsError) as caught:
        limits(text)

    assert caught.value.summary.startswith(f"reconciler.toml:{summary}")
    assert mend is None or caught.value.detail == mend


NOT_TOML = "this is not TOML, or is set twice"
DOTS = "this line has over 100 dots"
DEEP = "is nested too deeply"


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[limits]\nmax_changes 5\n", ":2", NOT_TOML),
        ("[limits]\nmax_changes = 5\nmax_changes = 6\n", ":3", NOT_TOML),
        ("[limits]\n[limits]\n", ":2", NOT_TOML),
        ("[limits]\nmax_changes = \n\n", ":2", NOT_TOML),
        ("[limits]\nmax_changes =", ":2", NOT_TOML),
        ("\ufeff[limits]\n", ":1", NOT_TOML),
        ("[limits]\nmax_changes = " + "9" * 5000, "", NOT_TOML),
        ("x = " + "[" * 10_000, "", DEEP),
        ("x = " + "{a = " * 10_000, "", DEEP),
        ("x = " + "[\n" * 10_000, "", DEEP),
        ("a." * 20_000 + "b = 1", ":1", DOTS),
        ("\n[" + "a." * 101 + "b]", ":2", DOTS),
        ("\n\n" + "'a' . " * 101 + "b = 1", ":3", DOTS),
        ("#" * (64 * 1024 + 1), "", "is over 64 KiB"),
        ("x = [" + "1," * 50_000 + "]", "", "is over 64 KiB"),
    ],
    ids=range(15),
)
def test_unusable_file_is_refused_at_its_line(text: str, line: str, reason: str) -> None:
    with pytest.raises(SettingsError) as caught:
        limits(text)

    assert caught.value.summary == f"reconciler.toml{line}: {reason}"
    assert caught.value.detail


@pytest.mark.usefixtures("inside")
def test_file_of_64_kib_is_read() -> None:
    text = "[limits]\nactive_slots = 3\n# "

    assert limits(text + "x" * (64 * 1024 - len(text))) == Limits(active_slots=3)


@pytest.mark.usefixtures("inside")
def test_line_of_100_dots_is_read() -> None:
    assert limits("# " + "." * 100 + "\n[limits]\nactive_slots = 3\n") == Limits(active_slots=3)


def test_what_is_no_text_is_refused(inside: Path) -> None:
    (inside / "reconciler.toml").write_bytes(b"[limits]\n\n# \xff\xfe")

    with pytest.raises(SettingsError, match=r"^reconciler\.toml:3: this is not UTF-8 text\. "):
        settings.limits(["audiences.d"])


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("text", ["[limits]\n{key} = 1\n", "[{key}]\n", "[limits]\nmax_changes = '{key}'\n"])
def test_message_about_long_text_is_short(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        limits(text.format(key="k" * 60_000))

    assert len(str(caught.value)) < 300


# Where it is looked for.


def test_nearest_settings_file_above_the_paths_counts(inside: Path) -> None:
    assert settings.limits(["audiences.d/emea/uk.yaml"]) == Limits()
    for place, number in ((inside, 1), (inside / "audiences.d", 2)):
        (place / "reconciler.toml").write_text(f"[limits]\nmax_changes = {number}\n")
        assert settings.limits(["audiences.d/emea/uk.yaml"]).max_changes == MaxChanges(number)

    assert settings.limits(["audiences.d/emea"]).max_changes == MaxChanges(2)
    assert settings.limits(["audiences.d"]).max_changes == MaxChanges(1)
    assert settings.limits([str(inside / "audiences.d")]).max_changes == MaxChanges(1)


def test_it_is_found_from_within_the_folder(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (inside / "reconciler.toml").write_text("[limits]\nmax_changes = 1\n")
    monkeypatch.chdir(inside / "audiences.d")

    assert settings.limits(["."]).max_changes == MaxChanges(1)


def test_another_repository_has_its_own(inside: Path) -> None:
    (inside / "reconciler.toml").write_text("[limits]\nmax_changes = 1\n")
    (inside / "audiences.d" / "emea" / ".git").mkdir()
    (inside / "audiences.d" / "emea" / "inner").mkdir()

    assert settings.limits(["audiences.d/emea/inner"]) == Limits()


def link(path: Path) -> None:
    (path.parent / "others.toml").write_text("[limits]\nmax_changes = 1\n")
    path.symlink_to("others.toml")


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)


NO_LINK = "is a symbolic link, which is not followed"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "is a folder, not a regular file"),
        (os.mkfifo, "is a named pipe, not a regular file"),
        (listener, "is a socket, not a regular file"),
        (link, NO_LINK),
        (dangling, NO_LINK),
        (device, NO_LINK),
    ],
)
def test_special_file_of_that_name_is_an_error(
    inside: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(inside / "reconciler.toml")

    with pytest.raises(SettingsError) as caught:
        settings.limits(["audiences.d/emea"])
    assert caught.value.summary == f"reconciler.toml: {reason}"
    assert caught.value.detail == "Put the settings themselves here, or remove it for the defaults"


def test_paths_under_different_settings_are_refused(inside: Path) -> None:
    for place in (inside, inside / "audiences.d"):
        (place / "reconciler.toml").write_text("[limits]\n")

    assert settings.limits(["audiences.d/emea", "audiences.d/one.yaml"]) == Limits()
    with pytest.raises(SettingsError) as caught:
        settings.limits(["audiences.d/emea", "audiences.d"])
    assert str(caught.value) == (
        "the paths fall under different settings: audiences.d/reconciler.toml and reconciler.toml."
        " Name paths of one project"
    )


# As a user meets it.


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_broken_file_stops_plan_and_apply(project: Project, command: str) -> None:
    (project.folder / "reconciler.toml").write_text("[limits]\nactive_slots = many\n")
    said = project.run(command, *(["--auto-approve"] if command == "apply" else []), "--sandbox")

    assert said == Said(
        1,
        "",
        f"Error: reconciler.toml:2: {NOT_TOML}. Fix it, or remove the file for the defaults.\n",
    )


@pytest.mark.parametrize("make", [dangling, os.mkfifo, Path.mkdir])
@pytest.mark.parametrize("command", [("plan",), AUTO], ids=["plan", "apply"])
def test_special_file_lets_no_write_through(
    organization: Organization, command: Sequence[str], make: Callable[[Path], None]
) -> None:
    make(organization.folder / "reconciler.toml")
    said = organization.run(*command)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Error: reconciler.toml: is a ")
    assert organization.peer.log == ()


def test_text_of_settings_commands_no_terminal_or_log(project: Project) -> None:
    (project.folder / "reconciler.toml").write_text('[limits]\n"\\u001b[2J\\n::error::x" = 1\n')
    said = project.run("plan", "--sandbox")

    assert said.code == 1
    assert "\x1b" not in said.err
    assert "\n::" not in said.err


@pytest.mark.usefixtures("inside")
def test_line_of_blanks_takes_no_time() -> None:
    started = time.process_time()
    with pytest.raises(SettingsError, match=r'reconciler\.toml:2: unknown table "x"'):
        limits("\t" * 65_000 + "\nx = 1\n")
    assert time.process_time() - started < 2
