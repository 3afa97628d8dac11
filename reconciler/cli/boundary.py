"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import click

from reconciler import interrupts
from reconciler.cli import exit_codes, output
from reconciler.errors import Diagnostic, Interrupted, ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.errors import Severity
    from reconciler.github.environment import Environment

Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ends: its exit code, what stdout gets, what stderr gets after it, and what is saved.

    After something `is_written`, neither a message nor the code may say that nothing was, whatever else
    goes wrong. What `is_document` is for a program, which must get all of it.
    """

    code: int
    text: Callable[[], str] = str
    diagnostics: Sequence[Diagnostic] = ()
    save: Callable[[], None] = lambda: None
    is_written: bool = False
    is_document: bool = False


def run_group(group: click.Group) -> int:
    """Run the command that the process was asked for, and return its exit code."""
    code = _run_group(group)
    if not interrupts.is_pending():
        return code
    output.write("Interrupted.\n", sys.stderr)
    return exit_codes.INTERRUPTED


def _run_group(group: click.Group) -> int:
    try:
        code = group(prog_name="reconciler", standalone_mode=False)
    except click.ClickException as error:
        _show_usage(error)
        return exit_codes.ERROR
    except (click.Abort, KeyboardInterrupt):
        output.write("Interrupted.\n", sys.stderr)
        return exit_codes.INTERRUPTED
    except OSError as error:  # click itself prints --help and --version
        output.discard(sys.stdout)
        output.write(f"Error: {output.undelivered(error)}.\n", sys.stderr)
        return exit_codes.ERROR
    return code if isinstance(code, int) else exit_codes.DONE


def _show_usage(error: click.ClickException) -> None:
    """Print click's own message, which quotes arguments that may come from anywhere."""
    shown = io.StringIO()
    error.show(shown)
    from reconciler.render.escape import log_line

    lines = shown.getvalue().removesuffix("\n").split("\n")
    output.write("".join(f"{log_line(line)}\n" for line in lines), sys.stderr)


def run(
    body: Callable[[], Ending | int],
    failed: Callable[[Sequence[Diagnostic]], str] | None = None,
    save: Callable[[Sequence[Diagnostic]], None] = lambda _: None,
    *,
    is_written: Callable[[], bool] = lambda: False,
) -> int:
    """Run the body of a command that never writes to the API, and return its exit code.

    `failed` renders what stdout gets when it fails, `save` leaves a document that says why. `is_written` is
    asked after an interrupt: whether files were.
    """
    ended = attempt(body, is_written=is_written)
    if isinstance(ended, int):
        return ended
    if isinstance(ended, ReconcilerError):
        found = ended.diagnostics
        ended = Ending(
            exit_codes.of_error(ended), lambda: failed(found) if failed else "", found, lambda: save(found)
        )
    return finish(ended)


def attempt(
    body: Callable[[], Returned], *, is_written: Callable[[], bool] = lambda: False
) -> Returned | ReconcilerError:
    """Run a body, and return what it returns or the error that it ended with.

    `is_written` is asked after an interrupt: whether something may have been sent by then. Signals that came
    before interrupt here, where that can be reported.
    """
    try:
        interrupts.release()
        return body()
    except KeyboardInterrupt:
        return _interrupted(is_written=is_written())
    except ReconcilerError as known:
        return known
    except (Exception, BaseExceptionGroup) as bug:  # noqa: BLE001 - the last resort: no traceback reaches a user
        return _interrupted(is_written=is_written()) if _wraps_interrupt(bug) else _reported(bug)


def _wraps_interrupt(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):  # a library's own tasks wrap what falls into one of them
        return error.subgroup(KeyboardInterrupt) is not None
    return isinstance(error.__cause__, KeyboardInterrupt)  # Python 3.11, of a class that is cut off half-made


def _interrupted(*, is_written: bool) -> Interrupted:
    interrupts.postpone()  # a second signal right behind must not take the report away
    standing = "Run `reconciler plan` to see what is left" if is_written else "Nothing was written"
    return Interrupted("interrupted", standing)


def _reported(bug: BaseException) -> ReconcilerError:
    from reconciler.app import bugs

    return bugs.described(bug)


def finish(ending: Ending) -> int:
    """Save and print what a command ends with, and return its exit code."""
    code, found = ending.code, [*ending.diagnostics]
    for step, is_document in ((ending.save, False), (partial(_print, ending), ending.is_document)):
        error = attempt(step, is_written=lambda: ending.is_written)
        if error is not None:
            found += [diagnostic for diagnostic in error.diagnostics if diagnostic not in found]
            is_written = ending.is_written
            code = exit_codes.of_undelivered(code, error, is_written=is_written, is_document=is_document)
    if found:
        from reconciler.render import diagnostics

        output.write(diagnostics.diagnostics(found, output.ink(sys.stderr)), sys.stderr)
    return code


def _print(ending: Ending) -> None:
    try:
        shown = ending.text()
    except KeyboardInterrupt:
        # The stop is heard, and its code is the answer to it; but stdout would be no document without one.
        output.write(ending.text(), is_document=ending.is_document)
        raise
    output.write(shown, is_document=ending.is_document)


def publish(
    code: int, environment: Environment, *steps: Callable[[], None], is_required: bool = False
) -> int:
    """Take each step on GitHub, and return the command's exit code, which an interrupt changes.

    What keeps a step from its end goes to the log and to the job's summary instead; where the step
    `is_required`, a command that went well has failed then.
    """
    from reconciler.render import markdown_notes
    from reconciler.render.annotations import annotate

    for step in steps:
        error = attempt(step)
        if isinstance(error, Interrupted):
            return exit_codes.INTERRUPTED
        if error is not None:
            summary = f"this could not be posted: {error.summary}"
            severity: Severity = "error" if is_required else "warning"
            reason = Diagnostic(severity, "not-posted", summary, error.detail)
            code = exit_codes.ERROR if is_required and code == exit_codes.DONE else code
            output.write(annotate([reason]), sys.stderr)
            attempt(partial(environment.append_summary, markdown_notes.notes([reason])))
    return code
