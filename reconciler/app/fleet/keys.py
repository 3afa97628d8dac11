"""Each organization's key: from a variable of its own, or from a command that is asked for it."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.errors import SettingsError
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.app.fleet.organizations import Organization

VARIABLE = "LEADPIPE_API_KEY"
COMMAND = "RECONCILER_KEY_COMMAND"
SECONDS = 30.0
MAX_BYTES = 64 * 1024
_ORGANIZATION = "{org}"


class Keys:
    """The keys of the organizations that a process may work on.

    `only` names the one organization that `LEADPIPE_API_KEY` is of; None where a run is about several, so
    that no organization is written to with another one's key.
    """

    def __init__(
        self, environment: Mapping[str, str] = os.environ, only: str | None = None, seconds: float = SECONDS
    ) -> None:
        self._environment = environment
        self._only = only
        self._seconds = seconds

    async def of(self, organization: Organization) -> Secret:
        """Return an organization's key; raises SettingsError, which never quotes it."""
        variable = organization.key_name
        if value := self._environment.get(variable):
            return _secret(value, variable)
        if command := self._environment.get(COMMAND):
            return _secret(await self._output(_arguments(command, organization.name)), COMMAND)
        if self._only == organization.name and (value := self._environment.get(VARIABLE)):
            return _secret(value, VARIABLE)
        raise SettingsError(
            f"{variable} is not set", f"Set it to the key of {organization.name}, or {COMMAND}"
        )

    async def _output(self, arguments: Sequence[str]) -> str:
        """Return the last line that a command prints; nothing that it says is ever shown."""
        process = await self._surely_started(arguments)
        try:
            async with asyncio.timeout(self._seconds):
                output = await _read(process)
                code = await process.wait()
        except BaseException as error:
            await _end(process)
            if isinstance(error, TimeoutError):
                raise _failed(f"gave no key within {self._seconds:g} seconds") from None
            raise
        if code:
            raise _failed(f"ended with exit code {code}")
        lines = output.decode("utf-8", "replace").strip().splitlines()
        if not lines:
            raise _failed("printed nothing")
        return lines[-1].strip()

    async def _surely_started(self, arguments: Sequence[str]) -> asyncio.subprocess.Process:
        """Start a command; one that nobody waits for any more is ended with all that it started."""
        starting = asyncio.create_task(self._started(arguments))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            with suppress(SettingsError):
                await _end(await starting)
            raise

    async def _started(self, arguments: Sequence[str]) -> asyncio.subprocess.Process:
        """Start a command away from the checkout, which must not say what a relative path leads to."""
        own = {name: value for name, value in self._environment.items() if not name.startswith(VARIABLE)}
        try:
            return await asyncio.create_subprocess_exec(
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd="/",
                env=own,
                start_new_session=True,  # so that what it starts can be ended with it
            )
        except (OSError, ValueError) as error:
            other = "it holds a character that no command can"
            reason = error.strerror if isinstance(error, OSError) else other
            raise _failed(f"cannot be started: {reason}") from error


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    output = b""
    while more := await process.stdout.read(MAX_BYTES):
        output = (output + more)[-MAX_BYTES:]
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing running of what a command has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _arguments(command: str, organization: str) -> list[str]:
    """Return a command's words: no shell reads them, and a name stays inside its word."""
    try:
        words = shlex.split(command)
    except ValueError:
        raise SettingsError(f"{COMMAND} has a quote that is not closed", "Close it") from None
    if not words:
        raise SettingsError(f"{COMMAND} names no command", "Name one, or unset it")
    return [word.replace(_ORGANIZATION, organization) for word in words]


def _secret(value: str, source: str) -> Secret:
    try:
        return Secret(value)
    except ValueError:
        raise SettingsError(
            f"{source} gives a key with a space, a line break or another character that no key has",
            "Give the key alone, without anything around it",
        ) from None


def _failed(reason: str) -> SettingsError:
    return SettingsError(
        f"{COMMAND} {reason}", "Run it by hand for this organization; its output is not shown"
    )
