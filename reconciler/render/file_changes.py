"""Changes of definitions' files, as a terminal shows them."""

from __future__ import annotations

from dataclasses import replace
from difflib import unified_diff
from typing import TYPE_CHECKING

from reconciler.render.diagnostics import PLAIN
from reconciler.render.escape import log_line
from reconciler.render.text import field_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.plan.file_change import FileChange
    from reconciler.render.diagnostics import Colour, Ink

_COLOURS: dict[str, Colour] = {"+": "green", "-": "red", "@": "dim"}
_NO_BREAK = "\\ No newline at end of file"


def text(changes: Iterable[FileChange], ink: Ink = PLAIN) -> str:
    """Show what each file sets otherwise: first as it was in the file, then as it is there now."""
    lines = []
    for change in changes:
        lines += [f"  {ink('yellow', '~')} {ink('bold', change.name)}", ink("dim", f"    {change.file}")]
        # Where a value comes from is where it came from: the file says it itself now.
        own = [replace(field, origins=()) for field in change.fields]
        lines += [*field_lines(own, ink), *_taken_over(change, ink), ""]
    return "".join(f"{line}\n" for line in lines)


def _taken_over(change: FileChange, ink: Ink) -> Iterator[str]:
    """Yield what a shared piece said so far, whose edits no longer reach it here."""
    taken = [field for field in change.fields if field.origins]
    if taken:
        it = "it" if len(taken) == 1 else "them"
        listed = ", ".join(f"{field.path} ({field.origins[0]})" for field in taken)
        yield ink("yellow", f"    said in this file now, so that no edit of the piece changes {it}: {listed}")


def diff(changes: Iterable[FileChange], ink: Ink = PLAIN) -> str:
    """Show the lines of each file that change, as a unified diff."""
    return "".join(f"{line}\n" for change in changes for line in _diff(change, ink))


def _diff(change: FileChange, ink: Ink) -> Iterator[str]:
    before, after = (_lines(data) for data in (change.before, change.after))
    for line in unified_diff(before, after, f"a/{change.file}", f"b/{change.file}", lineterm=""):
        shown, mark, _ = line.partition("\0")
        colour = _COLOURS.get(shown[:1])
        yield log_line(shown) if colour is None or shown[:3] in {"+++", "---"} else ink(colour, shown)
        if mark:
            yield _NO_BREAK


def _lines(data: bytes) -> list[str]:
    """Return the lines without their breaks; NUL, which no definition holds, marks one that has none."""
    *lines, rest = data.decode("utf-8", "replace").split("\n")
    return [line.removesuffix("\r") for line in lines] + ([f"{rest}\0"] if rest else [])
