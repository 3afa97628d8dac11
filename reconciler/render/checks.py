"""What `doctor` found, for a terminal: a line for each check, and below it what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.render.diagnostics import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.render.diagnostics import Colour, Ink

Row = tuple[str, str, str, str]  # name, status, summary, fix
_MARKS: Mapping[str, tuple[Colour, str]] = {
    "ok": ("green", "ok"),
    "warning": ("yellow", "look"),
    "failed": ("red", "FAIL"),
    "not_asked": ("dim", "-"),
}


def table(rows: Sequence[Row], ink: Ink = PLAIN) -> str:
    """Return the checks as lines, and a last one that counts what fails."""
    return "".join(f"{line}\n" for line in _lines(rows, ink))


def _lines(rows: Sequence[Row], ink: Ink) -> Iterator[str]:
    width = max(len(name) for name, *_ in rows)
    for name, status, summary, fix in rows:
        colour, mark = _MARKS[status]
        yield f"{ink(colour, mark.ljust(4))}  {ink('bold', name.ljust(width))}  {ink(colour, summary)}"
        if fix:
            end = "" if fix.endswith((".", "?")) else "."
            yield ink(colour, f"{' ' * (width + 8)}Fix: {fix}{end}")
    failed = sum(status == "failed" for _, status, *_ in rows)
    if failed:
        yield ink("red", f"{wording.count(failed, 'check')} failed.")
    else:
        yield ink("green", "Ready.")
