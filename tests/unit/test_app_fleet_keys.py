"""Where an organization's key comes from, and what is said where there is none."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.app.fleet.keys import Keys
from reconciler.app.fleet.organizations import Organization
from reconciler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

ACME = Organization("acme-Corp")
PATH = {"PATH": os.environ["PATH"]}


def key(environment: Mapping[str, str], only: str | None = None, seconds: float = 30.0) -> str:
    return asyncio.run(Keys({**PATH, **environment}, only, seconds).of(ACME)).reveal()


@pytest.mark.parametrize(
    ("environment", "only", "found"),
    [
        ({"LEADPIPE_API_KEY__ACME_CORP": "sk_1"}, None, "sk_1"),
        ({"LEADPIPE_API_KEY__ACME_CORP": "sk_1", "RECONCILER_KEY_COMMAND": "false"}, None, "sk_1"),
        ({"LEADPIPE_API_KEY__ACME_CORP": "", "RECONCILER_KEY_COMMAND": "echo sk_2"}, None, "sk_2"),
        ({"LEADPIPE_API_KEY": "sk_3", "RECONCILER_KEY_COMMAND": "echo sk_2"}, "acme-Corp", "sk_2"),
        ({"LEADPIPE_API_KEY": "sk_3"}, "acme-Corp", "sk_3"),
        ({"RECONCILER_KEY_COMMAND": "printf 'noise\\nsk_%s\\n\\n' {org}"}, None, "sk_acme-Corp"),
        ({"RECONCILER_KEY_COMMAND": "echo '$HOME;{org}'"}, None, "$HOME;acme-Corp"),
        (
            {"RECONCILER_KEY_COMMAND": "sh -c 'echo \"sk_$0\" >&2; echo sk_4' {org}"},
            None,
            "sk_4",
        ),
    ],
)
def test_key_comes_from_first_source(environment: Mapping[str, str], only: str | None, found: str) -> None:
    assert key(environment, only) == found


@pytest.mark.parametrize(
    ("environment", "only", "summary"),
    [
        ({}, None, "LEADPIPE_API_KEY__ACME_CORP is not set"),
        ({"LEADPIPE_API_KEY": "sk_secret"}, None, "LEADPIPE_API_KEY__ACME_CORP is not set"),
        ({"LEADPIPE_API_KEY": "sk_secret"}, "other", "LEADPIPE_API_KEY__ACME_CORP is not set"),
        (
            {"LEADPIPE_API_KEY__ACME_CORP": "sk secret"},
            None,
            "LEADPIPE_API_KEY__ACME_CORP gives a key with a",
        ),
        (
            {"RECONCILER_KEY_COMMAND": "echo sk secret"},
            None,
            "RECONCILER_KEY_COMMAND gives a key with a space",
        ),
        ({"RECONCILER_KEY_COMMAND": "sh -c 'echo secret; exit 3'"}, None, "ended with exit code 3"),
        ({"RECONCILER_KEY_COMMAND": "true"}, None, "RECONCILER_KEY_COMMAND printed nothing"),
        ({"RECONCILER_KEY_COMMAND": "/nowhere/secret"}, None, "cannot be started: No such file or directory"),
        ({"RECONCILER_KEY_COMMAND": "echo 'secret"}, None, "has a quote that is not closed"),
        ({"RECONCILER_KEY_COMMAND": " "}, None, "RECONCILER_KEY_COMMAND names no command"),
        ({"RECONCILER_KEY_COMMAND": "echo secret\0"}, None, "cannot be started: it holds a character"),
    ],
)
def test_unusable_key_is_named_and_not_quoted(
    environment: Mapping[str, str], only: str | None, summary: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        key(environment, only)
    assert summary in caught.value.summary
    assert "secret" not in str(caught.value)


def test_command_gets_no_other_key() -> None:
    environment = {"LEADPIPE_API_KEY": "sk_1", "LEADPIPE_API_KEY__OTHER": "sk_2", "TOKEN": "sk_3"}
    command = {"RECONCILER_KEY_COMMAND": "sh -c 'echo $LEADPIPE_API_KEY$LEADPIPE_API_KEY__OTHER$TOKEN'"}
    assert key(environment | command) == "sk_3"


def test_command_is_not_taken_from_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "key"
    script.write_text("#!/bin/sh\necho sk_stolen\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="No such file"):
        key({"RECONCILER_KEY_COMMAND": "./key {org}"})


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_command_without_end_is_ended(tmp_path: Path, is_cancelled: bool) -> None:  # noqa: FBT001 - a parameter
    noted = tmp_path / "pid"
    command = f"sh -c 'sleep 60 & echo $! > {noted}.new; mv {noted}.new {noted}; wait'"
    keys = Keys(PATH | {"RECONCILER_KEY_COMMAND": command}, seconds=60 if is_cancelled else 0.3)

    async def ask() -> None:
        task = asyncio.create_task(keys.of(ACME))
        while not noted.exists():  # noqa: ASYNC110 - a process writes it
            await asyncio.sleep(0.01)
        if is_cancelled:
            task.cancel()
        await task

    with pytest.raises(
        (SettingsError, asyncio.CancelledError), match=None if is_cancelled else "no key within 0.3 s"
    ):
        asyncio.run(ask())
    started = int(noted.read_text())
    deadline = time.monotonic() + 10
    while _runs(started) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(started)


def test_command_cancelled_as_it_starts_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = tmp_path / "pid"
    begin = asyncio.create_subprocess_exec

    async def begun_slowly(*arguments: Any, **how: Any) -> Any:
        process = await begin(*arguments, **how)
        while not noted.exists():  # noqa: ASYNC110 - a process writes it
            await asyncio.sleep(0.01)
        tasks[0].cancel()
        await asyncio.sleep(0.01)
        return process

    async def ask() -> None:
        command = f"sh -c 'sleep 60 & echo $! > {noted}.new; mv {noted}.new {noted}; wait'"
        tasks.append(asyncio.create_task(Keys(PATH | {"RECONCILER_KEY_COMMAND": command}).of(ACME)))
        await tasks[0]

    tasks: list[asyncio.Task[Any]] = []
    monkeypatch.setattr(asyncio, "create_subprocess_exec", begun_slowly)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ask())
    started = int(noted.read_text())
    deadline = time.monotonic() + 10
    while _runs(started) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(started)


def _runs(process: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody asked for does not."""
    try:
        return (
            ") Z" not in Path(f"/proc/{process}/stat").read_text() if Path("/proc").exists() else _is(process)
        )
    except FileNotFoundError:
        return False


def _is(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
