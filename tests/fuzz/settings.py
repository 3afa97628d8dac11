"""Feeds `reconciler.toml` with mutated settings."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from reconciler.app import project, settings
from reconciler.errors import SettingsError
from reconciler.plan import Limits

from . import runner
from .mutations import Inputs

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

CORPUS = (
    '# Limits\n[limits]\nmax_changes = "30%"\nmax_changes_floor = 3\nactive_slots = 10\n',
    "[limits]\nmax_changes = 5\n",
    "limits = {max_changes = '100%', active_slots = 0}\n",
    'limits.max_changes = """5"""\nlimits.active_slots = 0x10\n',
    "",
)
SNIPPETS = (
    *"\t\r\n []{}=.,#\"'%-+_\\\0\x1b\x7f\u202e\ufeff\U0001f600",
    *("[limits]\n", "[[limits]]\n", "[limits.max_changes]\n", "max_changes = ", "active_slots=", "floor"),
    *('"30%"', "'5'", "1_000", "0b11", "1e3", "inf", "nan", "true", "1979-05-27T07:32:00Z", "07:32:00"),
    *("1" * 5000, "a." * 99, "a." * 101, "[" * 500, "{a=" * 500, '"""', "'''", "\\u0000", "\\UFFFFFFFF"),
)
REPEATED = (
    "a.",
    "[",
    "{a=",
    "a=1\n",
    "k%d=1\n",
    "[a%d]\n",
    "[[a]]\n",
    "[1,",
    "'a',",
    '"\\t"',
    "# a\n",
    "a.b.c.d.e=1\n",
)
MAX = 10_000_000  # 999999% of a thousand
KEYS = ("max_changes", "max_changes_floor", "active_slots")
VALUES = (
    *("'30%'", "0", "10", "1000000", "1000001", "-1", "'0%'", "'999999%'", "1.0", "'5'", "'5 %'"),
    *("true", "[]", "{}"),
)
INPUTS = Inputs(CORPUS, SNIPPETS, REPEATED, settings.MAX_BYTES)
_PLACE = re.compile(r"\S*reconciler\.toml(:[0-9]+)?: ")


def numbers(chance: random.Random) -> bytes:
    """Return settings whose values are odd, and all else as it should be."""
    lines = [f"{key} = {chance.choice(VALUES)}" for key in KEYS]
    return ("[limits]\n" + "\n".join(chance.sample(lines, chance.randint(0, 3)))).encode()


def cases(runs: int, seed: int) -> Iterator[bytes]:
    return INPUTS.cases(runs, seed, numbers)


def read(data: bytes) -> Limits | SettingsError:
    _FILE.write_bytes(data)
    try:
        return settings.limits([str(_FOLDER / "audiences.d")])
    except SettingsError as error:
        return error


def check(_: bytes, result: Limits | SettingsError) -> list[str]:
    """Return what is wrong: an error names the file, and a limit is a number that limits."""
    if isinstance(result, SettingsError):
        is_sentence = _PLACE.match(result.summary) and runner.is_one_line(result)
        return [] if is_sentence else [f"bad sentence: {result}"]
    numbers = (result.floor, result.active_slots or 0, result.allowed_changes(1000))
    is_limit = all(type(number) is int and 0 <= number <= MAX for number in numbers)
    return [] if is_limit else [f"bad limits: {result}"]


def kinds(result: Limits | SettingsError) -> list[str]:
    return (
        [re.sub(r'".*"|\d+', "…", _PLACE.sub("", result.summary))]
        if isinstance(result, SettingsError)
        else ["limits"]
    )


_FOLDER = runner.scratch("settings")
_FILE = _FOLDER / project.SETTINGS
TARGET = runner.Target(cases, read, check, kinds, lambda result: isinstance(result, Limits))

if __name__ == "__main__":
    sys.exit(runner.main(TARGET))
