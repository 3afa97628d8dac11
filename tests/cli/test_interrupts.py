"""Signals at every stage of an apply."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import pytest

from tests.cli.command import FAST, SECONDS, checked
from tests.cli.organization import AUTO, ORDER, PAUSING, Organization, many, outcomes
from tests.cli.terminal import INTERRUPT
from tests.doubles.peer import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.command import Running
    from tests.cli.conftest import Founding


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_before_the_first_write_ends_an_apply(
    organization: Organization, number: signal.Signals
) -> None:
    organization.peer.inject(Fault("delay", seconds=SECONDS))
    with organization.started(*AUTO, "--format", "json") as process:
        organization.arrival("GET")
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
    result = checked(out, "apply-result")

    assert process.returncode == 130
    assert err == "Error: interrupted. Nothing was written.\n"
    assert (result["interrupted"], result["results"]) == (True, [])


def test_sigterm_ends_a_job_that_ignores_sigint(organization: Organization) -> None:
    organization.peer.inject(Fault("delay", seconds=SECONDS))
    with organization.started(*AUTO, ignored=[signal.SIGINT]) as process:
        organization.arrival("GET")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, err) == (130, "Error: interrupted. Nothing was written.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_first_signal_settles_what_is_in_flight(organization: Organization, number: signal.Signals) -> None:
    organization.peer.inject(Fault("delay", method="PATCH", seconds=0.7))
    with organization.started(*AUTO, "--format", "json", "--out", "result.json") as process:
        organization.arrival("PATCH")
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
    result = checked(out, "apply-result")

    assert process.returncode == 130
    assert outcomes(result) == ["applied", "not_attempted", "not_attempted"]
    assert result["interrupted"] is True
    assert result == organization.result()
    assert "Nothing was written" not in err
    assert organization.patched == [PAUSING]


def test_the_second_signal_ends_it_at_once(organization: Organization) -> None:
    organization.peer.inject(Fault("delay", method="PATCH", seconds=SECONDS))
    organization.settings["RECONCILER_TEST_SCALE"] = "20"  # what is in flight would be given 100 seconds
    with organization.started(*AUTO, "--format", "json", program=FAST) as process:
        organization.arrival("PATCH")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    result = checked(out, "apply-result")

    assert process.returncode == 130
    assert outcomes(result) == ["unknown", "not_attempted", "not_attempted"]
    assert "Nothing was written" not in err


def test_ctrl_c_at_a_terminal_is_reported(organization: Organization) -> None:
    organization.peer.inject(Fault("delay", method="PATCH", seconds=0.7))
    with organization.terminal(*AUTO) as terminal:
        organization.arrival("PATCH")
        terminal.type(INTERRUPT)
        assert terminal.end() == 130

    assert "Apply was interrupted: 1 applied, 2 not attempted." in terminal.shown
    assert "Nothing was written" not in terminal.shown


def test_sighup_stays_ignored_under_nohup(organization: Organization) -> None:
    organization.peer.inject(Fault("delay", method="PATCH", seconds=0.3))
    with organization.started(*AUTO, ignored=[signal.SIGHUP]) as process:
        organization.arrival("PATCH")
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=SECONDS)

    assert process.returncode == 0
    assert organization.patched == ORDER


@contextmanager
def unread() -> Iterator[tuple[IO[str], IO[bytes]]]:
    """Give the two ends of a pipe that is full."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with os.fdopen(reading) as reader, os.fdopen(writing, "wb", buffering=0) as writer:
        while writer.write(b" " * 4096):
            pass
        os.set_blocking(writing, True)
        yield reader, writer


def test_signal_ends_a_wait_for_a_stderr_reader(found: Founding) -> None:
    organization = found(*many(150, padding="-" * 180))  # no pipe holds the plan
    with organization.started(*AUTO, "--format", "json", "--max-changes", "150") as process:
        assert process.stderr is not None
        process.stderr.buffer.raw.read(1)  # type: ignore[attr-defined] # so it is being written
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        patience = threading.Timer(SECONDS, process.kill)
        patience.start()
        result = checked(process.stdout.read(), "apply-result")
        assert process.wait(SECONDS) == 130
        patience.cancel()

    assert outcomes(result) == ["not_attempted"] * 150
    assert organization.methods == {"GET"}


def wait_until_saved(organization: Organization, process: Running) -> None:
    """Look until the result is there, since nothing tells that a process waits for its reader."""
    while not (organization.folder / "result.json").exists():
        with pytest.raises(TimeoutError):
            process.wait(0.01)


def test_one_signal_does_not_take_the_report_away(organization: Organization) -> None:
    arguments = (*AUTO, "--format", "json", "--out", "result.json")
    with unread() as (reader, writer), organization.started(*arguments, stdout=writer) as process:
        wait_until_saved(organization, process)
        process.send_signal(signal.SIGTERM)
        writer.close()
        result = checked(reader.read(), "apply-result")
        process.communicate(timeout=SECONDS)

    assert process.returncode == 0
    assert outcomes(result) == ["applied"] * 3


def test_second_signal_right_behind_leaves_the_report(organization: Organization) -> None:
    arguments = (*AUTO, "--format", "json", "--out", "result.json")
    with unread() as (reader, writer), organization.started(*arguments, stdout=writer) as process:
        wait_until_saved(organization, process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        writer.close()
        result = checked(reader.read(), "apply-result")
        process.communicate(timeout=SECONDS)

    assert process.returncode == 0
    assert outcomes(result) == ["applied"] * 3


def test_two_signals_end_a_report_that_nobody_reads(organization: Organization) -> None:
    arguments = (*AUTO, "--format", "json", "--out", "result.json")
    with unread() as (_, writer), organization.started(*arguments, stdout=writer) as process:
        wait_until_saved(organization, process)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)

    assert process.returncode == 130
    assert err.endswith("Error: interrupted. Run `reconciler plan` to see what is left.\n")
    assert outcomes(organization.result()) == ["applied"] * 3
