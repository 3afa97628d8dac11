"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reconciler import __version__
from reconciler.cli import exit_codes, output
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.render import text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.errors import Diagnostic

Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ends: its exit code, what stdout gets, what stderr says after it, and what is saved.

    After something `is_written`, neither a message nor the code may say that nothing was, whatever else
    goes wrong.
    """

    code: int
    text: Callable[[], str] = str
    diagnostics: Sequence[Diagnostic] = ()
    save: Callable[[], None] = lambda: None
    is_written: bool = False


def guarded(
    body: Callable[[], Ending | int],
    failed: Callable[[Sequence[Diagnostic]], str] | None = None,
    save: Callable[[Sequence[Diagnostic]], None] = lambda _: None,
) -> int:
    """Run the body of a command that never writes to the API, and return its exit code.

    `failed` renders what stdout gets when it fails, `save` leaves a document that says why.
    """
    ended = attempted(body)
    if isinstance(ended, int):
        return ended
    if isinstance(ended, ReconcilerError):
        found = ended.diagnostics
        ended = Ending(
            exit_codes.of_error(ended), lambda: failed(found) if failed else "", found, lambda: save(found)
        )
    return deliver(ended)


def attempted(body: Callable[[], Returned], *, is_written: bool = False) -> Returned | ReconcilerError:
    """Run a body, and return what it returns or the error that it ended with."""
    try:
        return body()
    except KeyboardInterrupt:
        return interrupted(is_written=is_written)
    except ReconcilerError as known:
        return known
    except Exception as bug:  # noqa: BLE001 - the last resort: no traceback reaches a user
        return _reported(bug)


def interrupted(*, is_written: bool) -> Interrupted:
    standing = "Run `reconciler plan` to see what is left" if is_written else "Nothing was written"
    return Interrupted("interrupted", standing)


def deliver(ending: Ending) -> int:
    """Save and print what a command ends with, and return its exit code."""
    code, found = ending.code, [*ending.diagnostics]
    for step in (ending.save, lambda: output.write(ending.text())):
        lost = attempted(step, is_written=ending.is_written)
        if lost is not None:
            found += [diagnostic for diagnostic in lost.diagnostics if diagnostic not in found]
            code = exit_codes.of_undelivered(code, lost, is_written=ending.is_written)
    output.write(text.diagnostics(found, output.ink(sys.stderr)), sys.stderr)
    return code


def _reported(bug: Exception) -> ReconcilerError:
    """Name a bug by its type and place alone: its message may hold what nobody should paste."""
    frame = traceback.extract_tb(bug.__traceback__)[-1]
    place = f"{type(bug).__name__} at {Path(frame.filename).name}:{frame.lineno}"
    return ReconcilerError(
        f"this is a bug in reconciler {__version__} ({place})", "Please report it with this line"
    )
