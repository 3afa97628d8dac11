"""Settings: the environment for what is secret or where, `reconciler.toml` for limits."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.app import project
from reconciler.errors import Diagnostic, SettingsError
from reconciler.plan.limits import Limits, MaxChanges
from reconciler.schema import clip
from reconciler.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.api.connection import Connection

DEFAULT_ORIGIN = "https://api.aws53.cloud"
MAX_BYTES = 64 * 1024
MAX_DOTS = 100  # on a line: tomllib's memory grows with the square of a dotted key
SANDBOX = Path(".reconciler/sandbox.sqlite3")
_LIMITS = ("max_changes", "max_changes_floor", "active_slots", "max_growth", "min_people", "deny_reach")
_GROWTH = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,2})?)x", re.ASCII)
_MAX = 1_000_000


def connection(*, is_sandbox: bool, key: Secret | None = None, state: Path = SANDBOX) -> Connection:
    """Return where the API is and the key to it; raises SettingsError before anything is sent.

    Where no `key` is given, it is the environment's; `state` is the file of the sandbox.
    """
    from reconciler.api.connection import Connection, parse_key, parse_origin

    if is_sandbox:
        from reconciler.sandbox import API_KEY, require_extra

        require_extra()
        from reconciler.sandbox.app import create_app

        return Connection("sandbox", Secret(API_KEY), app=create_app(state))
    key = key or parse_key(os.environ.get("LEADPIPE_API_KEY", ""))
    return Connection(parse_origin(os.environ.get("LEADPIPE_BASE_URL") or DEFAULT_ORIGIN), key)


def limits(paths: Sequence[str]) -> Limits:
    """Return the limits of the `reconciler.toml` beside or above the definitions' folder, and the policies.

    Raises SettingsError for a file that cannot be used, and DefinitionError for policies: limits must not
    vanish in silence.
    """
    from reconciler.app import policies
    from reconciler.definitions import files

    # lexists never raises, whoever owns the folders above, and takes a link for what it is.
    found = {file for path in paths for file in islice(filter(os.path.lexists, _candidates(path)), 1)}
    _require_one(found)
    limits = next((_File(file, files.read(file, MAX_BYTES + 1)).limits() for file in found), Limits())
    return replace(limits, policies=policies.load(paths))


def limits_at(commit: str, paths: Sequence[str]) -> Limits:
    """Return the limits that git had at a commit, and the policies; a file that was a link is none.

    Raises SettingsError for a file that could not be used, and FileError where git cannot tell.
    """
    from reconciler import git_history
    from reconciler.app import policies

    found: dict[str, bytes] = {}
    for path in paths:
        by_name = git_history.files(commit, [*map(str, _candidates(path))], lambda _: False)
        found |= dict(islice(by_name.items(), 1))
    _require_one(found)
    limits = next((_File(Path(name), data).limits() for name, data in found.items()), Limits())
    return replace(limits, policies=policies.load_at(commit, paths))


def _candidates(path: str) -> Iterator[Path]:
    """Yield where a path's settings file may be, the nearest first; no further than its repository."""
    for folder in Path(os.path.abspath(path)).parents:  # noqa: PTH100 - resolve() would follow links
        yield folder / project.SETTINGS
        if os.path.exists(folder / ".git"):  # noqa: PTH110 - never raises
            return


def _require_one(found: Collection[Path | str]) -> None:
    if len(found) > 1:
        names = " and ".join(sorted(map(os.path.relpath, found)))
        raise SettingsError(f"the paths fall under different settings: {names}", "Name paths of one project")


class _File:
    """One settings file, whose problems are named with its line."""

    def __init__(self, path: Path, data: bytes | Diagnostic) -> None:
        self._name = os.path.relpath(path)
        self._text = self._decoded(data)
        self._document = self._parsed()

    def _decoded(self, data: bytes | Diagnostic) -> str:
        if isinstance(data, Diagnostic):
            raise self._at(0, data.summary, "Put the settings themselves here, or remove it for the defaults")
        if len(data) > MAX_BYTES:
            raise self._at(0, f"is over {MAX_BYTES // 1024} KiB", "Keep nothing but the settings in it")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise self._at(line, "this is not UTF-8 text", "Save the file as UTF-8") from error

    def _parsed(self) -> dict[str, Any]:
        for number, line in enumerate(self._text.split("\n"), start=1):
            if line.count(".") > MAX_DOTS:
                raise self._at(number, f"this line has over {MAX_DOTS} dots", "No setting needs them")
        try:
            import tomllib

            return tomllib.loads(self._text)
        except RecursionError as error:
            raise self._at(0, "is nested too deeply", "Write [limits] and its settings alone") from error
        except ValueError as error:
            hint = "Fix it, or remove the file for the defaults"
            raise self._at(_line(error, self._text), "this is not TOML, or is set twice", hint) from error

    def limits(self) -> Limits:
        self._require_known(self._document, ("limits",), "table")
        table = self._document.get("limits", {})
        if not isinstance(table, dict):
            raise self._wrong("limits", "limits is not a table", "Write [limits] on a line of its own")
        self._require_known(table, _LIMITS, "setting")
        share = MaxChanges.parse(table.get("max_changes", "30%"))
        if share is None:
            summary = "max_changes is neither a number nor a percentage"
            raise self._wrong("max_changes", summary, 'Write 5 or "30%"')
        defaults = Limits()
        floor = self._number(table, "max_changes_floor", defaults.floor if share.is_percent else 0)
        return Limits(
            share,
            floor or 0,
            self._number(table, "active_slots", defaults.active_slots),
            self._growth(table, defaults.max_growth),
            self._number(table, "min_people", defaults.min_people) or 0,
            self._flag(table, "deny_reach", is_on=defaults.deny_reach),
        )

    def _growth(self, table: Mapping[str, Any], default: float) -> float:
        value = table.get("max_growth", f"{default:g}x")
        found = _GROWTH.fullmatch(value) if isinstance(value, str) else None
        if found is None or float(found[1]) < 1:
            raise self._wrong("max_growth", "max_growth is not a number of times", 'Write "3x" or "1.5x"')
        return float(found[1])

    def _flag(self, table: Mapping[str, Any], key: str, *, is_on: bool) -> bool:
        value = table.get(key, is_on)
        if not isinstance(value, bool):
            raise self._wrong(key, f"{key} is neither true nor false", f"Write {key} = true")
        return value

    def _require_known(self, table: Mapping[str, Any], known: Sequence[str], noun: str) -> None:
        for key in table:
            if key not in known:
                from difflib import get_close_matches

                near = get_close_matches(key, known, n=1)
                hint = f'Did you mean "{near[0]}"?' if near else f"Known: {', '.join(known)}"
                raise self._wrong(key, f'unknown {noun} "{clip(key)}"', hint)

    def _number(self, table: Mapping[str, Any], key: str, default: int | None) -> int | None:
        value = table.get(key, default)
        if value is not None and (type(value) is not int or not 0 <= value <= _MAX):
            raise self._wrong(key, f"{key} is not a whole number of 0 or more", f"Write it as {key} = 10")
        return value

    def _wrong(self, key: str, summary: str, hint: str) -> SettingsError:
        """Return the error that names the line of a key, where the key begins one."""
        begins = re.compile(rf"[\"']?{re.escape(key)}\b")
        # Blanks are stripped, and not matched: two runs of them in a pattern take time by their square.
        starts = (line.lstrip().removeprefix("[").lstrip() for line in self._text.split("\n"))
        lines = (number for number, start in enumerate(starts, start=1) if begins.match(start))
        return self._at(next(lines, 0), summary, hint)

    def _at(self, line: int, summary: str, hint: str) -> SettingsError:
        """Return the error at a line, or of the whole file at line 0."""
        place = f"{self._name}:{line}" if line else self._name
        return SettingsError(f"{place}: {summary}", hint)


def _line(error: ValueError, text: str) -> int:
    """Return the line that tomllib names, 0 where it names none; its words change with Python's version."""
    if "end of document" in str(error):
        return text.count("\n") + 1
    found = re.search(r"\bline ([0-9]+)", str(error))
    return int(found[1]) if found else 0
