"""The command line as a whole: help, usage, what it imports, and what it does when it breaks."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

import reconciler
from tests.cli.command import FULL, SECONDS, Said, checked
from tests.cli.organization import AUTO, STEADY

if TYPE_CHECKING:
    from tests.cli.organization import Organization, Project

COMMANDS = [
    *(["validate"], ["github"], ["plan"], ["apply"], ["show"], ["sandbox"], ["sandbox", "serve"], ["import"]),
    *(
        ["doctor"],
        ["catalogue"],
        ["catalogue", "update"],
        ["catalogue", "check"],
        ["topics"],
        ["topics", "search"],
    ),
]
HEAVY = {"httpx", "yaml", "jsonschema", "deepdiff", "starlette", "uvicorn"}


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command(project: Project, option: str) -> None:
    said = project.run(option)

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Usage: reconciler [OPTIONS] COMMAND [ARGS]...\n")
    for command in COMMANDS:
        assert re.search(rf"^  {command[0]}  +[A-Z].*\.$", said.out, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(project: Project, command: list[str]) -> None:
    said = project.run(*command, "-h")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: reconciler {' '.join(command)} ")


def test_a_shell_can_complete_a_command(project: Project) -> None:
    asked = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": "reconciler s", "COMP_CWORD": "1"}

    assert project.run(settings=asked).out == "plain,sandbox\nplain,show\n"


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("reconciler plan --target web", "plain,Webinar guests\n"),
        (f"reconciler plan --target {STEADY[:6]}", f"plain,{STEADY}\n"),
        ("reconciler plan audi", "file,audi\n"),
        ("reconciler show pla", "file,pla\n"),
        ("reconciler import --into audi", "dir,audi\n"),
    ],
)
def test_a_shell_can_complete_audiences_and_files(project: Project, words: str, completed: str) -> None:
    count = str(words.count(" "))
    asked = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": count}

    assert project.run(settings=asked).out == completed


def test_broken_definitions_complete_nothing(project: Project) -> None:
    (project.definitions / "cfo.yaml").write_text("\x00")
    asked = {
        "_RECONCILER_COMPLETE": "zsh_complete",
        "COMP_WORDS": "reconciler plan --target c",
        "COMP_CWORD": "3",
    }

    assert project.run(settings=asked).out.strip() == ""


def test_help_has_a_section_for_each_purpose(project: Project) -> None:
    said = project.run("--help")
    sections = dict(re.findall(r"^(\w[\w, ]*):\n((?:  .+\n)+)", said.out, re.MULTILINE))
    assert list(sections) == [
        "Options",
        "See",
        "Change",
        "Get in, and stay in step",
        "Work on many organizations",
        "Serve",
    ]
    commands = re.findall(r"^  (\w+)", sections["Get in, and stay in step"], re.MULTILINE)
    assert {"catalogue", "doctor", "import", "topics"} <= set(commands)


def test_version(project: Project) -> None:
    assert project.run("--version") == Said(0, f"reconciler, version {reconciler.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["plan", "--help"], ["apply", "--help"], ["show", "--help"]]
)
def test_help_imports_nothing_heavy(project: Project, arguments: list[str]) -> None:
    said = project.run(*arguments, settings={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = set(re.findall(r"\| +([\w.]+)$", said.err, re.MULTILINE))

    assert "reconciler.cli" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "See:"),
        (["sandbox"], "Commands:"),
        (["destroy"], "No such command 'destroy'."),
        (["plan", "--colour"], "No such option '--colour'."),
        (["plan", "--format", "xml"], "'xml' is not one of 'text', 'json', 'markdown', 'html'."),
        (["apply", "--parallelism", "0"], "0 is not in the range 1<=x<=16."),
        (["apply", "--parallelism", "17"], "17 is not in the range 1<=x<=16."),
        (["apply", "--max-changes", "some"], "'some' is neither a number nor a percentage. Write 5 or 30%."),
        (["apply", "--max-changes", "-1"], "'-1' is neither a number nor a percentage."),
        (["apply", "--max-changes", "1.5%"], "'1.5%' is neither a number nor a percentage."),
        (["apply", "--plan"], "Option '--plan' requires an argument."),
        (["show"], "Missing argument 'FILE'."),
        (["show", "one", "two"], "Got unexpected extra argument (two)"),
        (["sandbox", "serve", "--port", "65536"], "65536 is not in the range 0<=x<=65535."),
        (["sandbox", "serve", "--generation", "3"], "'3' is not one of '1', '2'."),
        (["sandbox", "serve", "--paging", "page"], "'page' is not one of 'cursor', 'offset', 'none'."),
        (["sandbox", "serve", "--list-limit", "101"], "101 is not in the range 1<=x<=100."),
    ],
)
def test_wrong_usage_exits_1(project: Project, arguments: list[str], words: str) -> None:
    said = project.run(*arguments)

    assert (said.code, said.out) == (1, "")
    assert words in said.err


def test_a_quoted_argument_cannot_command_a_log(project: Project) -> None:
    said = project.run("plan", "--x\n::error::y\x1b[2J", "##[error]z")

    assert said.code == 1
    assert "\n::error" not in said.err
    assert "\x1b" not in said.err
    assert "##[" not in said.err


# Where help cannot be delivered.


def test_help_to_a_full_disk_is_an_error(project: Project) -> None:
    with FULL.open("wb") as full:
        said = project.run("--help", stdout=full)

    assert said == Said(
        1, "", "Error: stdout cannot be written: No space left on device. Make room, or send it elsewhere.\n"
    )


def test_help_to_nobody_is_quiet(project: Project) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with project.started("--help", stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate(timeout=SECONDS)

    assert err == ""


# Where it breaks.

_BUG = """
from reconciler.api import audiences
from reconciler.cli import main
async def fetch(*_):
    raise LookupError("sk_test")
audiences.fetch = fetch
main()
"""
_EARLY = """
import signal
import reconciler.cli
original = reconciler.cli.import_module
reconciler.cli.import_module = lambda name: (signal.raise_signal(signal.SIGTERM), original(name))[1]
reconciler.cli.main()
"""
BUG = (
    f"Error: this is a bug in reconciler {reconciler.__version__} (LookupError at broken.py:5)."
    " Please report it with this line.\n"
)


def test_bug_is_reported_without_its_message(organization: Organization) -> None:
    (organization.folder / "broken.py").write_text(_BUG)
    said = organization.run("plan", "--format", "json", "--out", "plan.json", program=["broken.py"])
    plan = said.document("plan")

    assert (said.code, said.err) == (1, BUG)
    assert plan["errored"] is True
    assert checked((organization.folder / "plan.json").read_text(), "plan") == plan
    assert "sk_test" not in said.out


def test_bug_before_the_first_write_is_reported(organization: Organization) -> None:
    (organization.folder / "broken.py").write_text(_BUG)

    assert organization.run(*AUTO, program=["broken.py"]) == Said(1, "", BUG)
    assert organization.peer.log == ()


@pytest.mark.parametrize(
    ("arguments", "err"),
    [
        (["plan"], "Error: interrupted. Nothing was written.\n"),
        (["apply", "--auto-approve"], "Error: interrupted. Nothing was written.\n"),
        (["validate"], "Error: interrupted. Nothing was written.\n"),
    ],
)
def test_a_signal_before_a_command_begins_ends_it(project: Project, arguments: list[str], err: str) -> None:
    (project.folder / "broken.py").write_text(_EARLY)

    assert project.run(*arguments, program=["broken.py"]) == Said(130, "", err)


# An interpreter of its own, in which a signal comes while a module is imported.
_HOOK = """
import sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            import signal
            for number in {signals}:
                signal.raise_signal(getattr(signal, number))

sys.meta_path.insert(0, Finder())
"""


def hooked(project: Project, module: str, *signals: str) -> dict[str, str]:
    (project.folder / "sitecustomize.py").write_text(_HOOK.format(module=module, signals=signals))
    return {"PYTHONPATH": str(project.folder)}


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("module", ["reconciler.cli", "click", "reconciler.cli.plan", "reconciler.schema"])
def test_signal_during_an_import_is_reported_as_json(project: Project, module: str, number: str) -> None:
    settings = hooked(project, module, number)
    said = project.run("plan", "--format", "json", settings=settings, is_fresh=True)

    assert (said.code, said.err) == (130, "Error: interrupted. Nothing was written.\n")
    assert [one["code"] for one in said.document("plan")["diagnostics"]] == ["interrupted"]


@pytest.mark.parametrize("arguments", [["plan", "--help"], ["--version"], ["no-such-command"]])
def test_signal_during_an_import_ends_any_command(project: Project, arguments: list[str]) -> None:
    said = project.run(*arguments, settings=hooked(project, "click", "SIGTERM"), is_fresh=True)

    assert said.code == 130
    assert said.err.endswith("Interrupted.\n")


def test_second_signal_during_an_import_ends_at_once(project: Project) -> None:
    settings = hooked(project, "click", "SIGINT", "SIGTERM")

    assert project.run("plan", settings=settings, is_fresh=True) == Said(130, "", "")


def test_hangup_that_is_ignored_stays_so(project: Project) -> None:
    settings = hooked(project, "click", "SIGHUP")
    said = project.run(
        "validate", settings=settings, through=["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh"]
    )

    assert said.code == 0
