"""Signals before a command has begun, while it imports, and while it plans."""

from __future__ import annotations

import os
import random
import signal

import pytest

from reconciler.cli import boundary
from reconciler.errors import Interrupted
from tests.cli.command import ROOT, SECONDS, Said, checked
from tests.cli.organization import AUTO, Organization
from tests.doubles.peer import Fault

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
COMMANDS = {"plan": ("plan",), "apply-result": AUTO}
CALLS = 300_000  # of functions, from the first import to the first response
ERROR = "Error: interrupted. Nothing was written.\n"
_AT_IMPORT = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r} and self in sys.meta_path:
            sys.meta_path.remove(self)
            for number in {numbers}:
                os.kill(os.getpid(), number)
sys.meta_path.insert(0, Finder())
"""


def at_start(organization: Organization, script: str) -> None:
    """Have every interpreter that starts run a script first."""
    folder = organization.folder / "site"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(script)
    organization.settings["PYTHONPATH"] = f"{folder}{os.pathsep}{ROOT}"


def at_import(organization: Organization, module: str, *numbers: int) -> None:
    """Have every interpreter that starts send itself signals when it first looks for a module."""
    script = _AT_IMPORT.format(module=module, numbers=[int(number) for number in numbers])
    at_start(organization, script)


def ended(organization: Organization, schema: str) -> Said:
    """Return how a command that wants JSON ended, once its document is seen to be one."""
    said = organization.run(*COMMANDS[schema], "--format", "json", "--out", "saved.json")
    assert said.document(schema) == checked((organization.folder / "saved.json").read_text(), schema)
    assert organization.methods <= {"GET"}
    return said


@pytest.mark.parametrize("schema", COMMANDS)
@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("reconciler.render.json_output", signal.SIGHUP),
        ("reconciler.definitions", signal.SIGINT),
        ("httpx", signal.SIGHUP),
        ("h11", signal.SIGINT),  # what a connection is made with
        ("h11", signal.SIGTERM),
    ],
)
def test_signal_during_an_import_is_reported(
    organization: Organization, schema: str, module: str, number: signal.Signals
) -> None:
    at_import(organization, module, number)
    said = ended(organization, schema)

    assert (said.code, said.err) == (130, ERROR)


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_while_planning_is_reported(organization: Organization, number: signal.Signals) -> None:
    organization.peer.inject(Fault("delay", seconds=SECONDS))
    with organization.started("plan", "--format", "json") as process:
        organization.arrival("GET")
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, err) == (130, ERROR)
    assert checked(out, "plan")["errored"] is True


def test_sighup_stays_ignored_while_planning(organization: Organization) -> None:
    organization.peer.inject(Fault("delay", seconds=0.3))
    with organization.started("plan", ignored=[signal.SIGHUP]) as process:
        organization.arrival("GET")
        process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, err) == (0, "")


_WHILE_RENDERING = """
import signal
from reconciler.cli import main
from reconciler.render import json_output
render = json_output.plan
def plan(value):
    json_output.plan = render
    signal.raise_signal(signal.SIGTERM)
    return render(value)
json_output.plan = plan
main()
"""


def test_signal_while_rendering_leaves_the_document(organization: Organization) -> None:
    (organization.folder / "slow.py").write_text(_WHILE_RENDERING)
    said = organization.run("plan", "--format", "json", program=["slow.py"])

    assert (said.code, said.err) == (130, ERROR)
    assert said.document("plan")["errored"] is False


def group() -> BaseException:
    return BaseExceptionGroup("tasks", [OSError(), BaseExceptionGroup("more", [KeyboardInterrupt()])])


def wrapped() -> BaseException:
    bug = RuntimeError("__set_name__")  # how Python 3.11 ends a class that is cut off
    bug.__cause__ = KeyboardInterrupt()
    return bug


@pytest.mark.parametrize("raised", [group(), wrapped()])
def test_interrupt_inside_another_error_is_one(raised: BaseException) -> None:
    def body() -> int:
        raise raised

    assert isinstance(boundary.attempt(body), Interrupted)


_AT_CALL = """
import os, sys
left = {calls}
def starts(frame, event, argument):
    if event == "return" and frame.f_code.co_name == "hold":  # the handlers stand
        sys.setprofile(count)
def count(frame, event, argument):
    global left
    left -= 1
    if left <= 0:
        sys.setprofile(None)
        os.kill(os.getpid(), {number})
sys.setprofile(starts)
"""


@pytest.mark.slow
@pytest.mark.parametrize("schema", COMMANDS)
@pytest.mark.parametrize("number", SIGNALS)
def test_signal_at_any_moment_leaves_a_document(
    organization: Organization, schema: str, number: signal.Signals
) -> None:
    chance = random.Random(f"{schema} {number}")
    arguments = (
        COMMANDS["plan"] if schema == "plan" else ("apply", "--digest", "sha256:" + "0" * 64)
    )  # of no plan
    for calls in (chance.randrange(CALLS) for _ in range(8)):
        at_start(organization, _AT_CALL.format(calls=calls, number=int(number)))
        said = organization.run(*arguments, "--format", "json")
        said.document(schema)

        assert "Traceback" not in said.err, calls
        assert (said.code, said.err) == (130, ERROR), calls
