"""The files that a step writes to tell the runner something: read back as the runner reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_SUMMARY = 1024 * 1024
_KINDS = ("env", "output", "path", "state", "step_summary")


class BadCommandFile(Exception):
    """A file that the runner cannot read: it fails the step, whatever the step's exit code."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a step told the runner; `errors` fail it, `summary` is empty when it was too large to show."""

    env: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    summary: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class CommandFiles:
    """One step's files, fresh and empty."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._paths = {kind: folder / kind for kind in _KINDS}
        for path in self._paths.values():
            path.write_bytes(b"")

    @property
    def context(self) -> dict[str, str]:
        """The paths by the names that the `github` context has for them."""
        return {kind: str(path) for kind, path in self._paths.items()}

    def read(self) -> Told:
        errors: list[str] = []
        env = self._entries("env", errors)
        if "NODE_OPTIONS" in env:
            del env["NODE_OPTIONS"]
            errors.append("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.")
        outputs = self._entries("output", errors)
        path = tuple(line for line in self._text("path").splitlines() if line)
        size = self._paths["step_summary"].stat().st_size
        if size > MAX_SUMMARY:
            warning = (
                f"$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of"
                f" {MAX_SUMMARY // 1024}k, got {size // 1024}k."
            )
            return Told(env, outputs, path, "", tuple(errors), (warning,))
        return Told(env, outputs, path, self._text("step_summary"), tuple(errors))

    def _entries(self, kind: str, errors: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            # One by one: what comes before a mistake is kept.
            found.update(entries(self._text(kind)))
        except BadCommandFile as error:
            errors.append(f"Unable to process file command '{kind}' successfully. {error}")
        return found

    def _text(self, kind: str) -> str:
        return self._paths[kind].read_bytes().decode("utf-8", "replace")


def entries(text: str) -> Iterator[tuple[str, str]]:
    """Read `name=value` lines and `name<<DELIMITER` blocks; raises at the first mistake."""
    # Only a line feed ends a line: a carriage return stays in the value, as it does on Linux.
    lines = iter(text.split("\n"))
    for line in lines:
        equals, block = line.find("="), line.find("<<")
        if block >= 0 and (equals < 0 or block < equals):
            name, delimiter = line[:block], line[block + 2 :]
            if not name or not delimiter:
                raise BadCommandFile(
                    f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty"
                )
            yield name, "\n".join(_block(lines, delimiter))
        elif equals > 0:
            yield line[:equals], line[equals + 1 :]
        elif line:
            raise BadCommandFile(f"Invalid format '{line}'")


def _block(lines: Iterator[str], delimiter: str) -> Iterator[str]:
    for line in lines:
        if line == delimiter:
            return
        yield line
    raise BadCommandFile(f"Invalid value. Matching delimiter not found '{delimiter}'")
