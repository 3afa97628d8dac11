"""The command line: reads options, wires, prints, maps errors to exit codes."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from reconciler import __version__
from reconciler.cli import boundary

if TYPE_CHECKING:
    from types import FrameType

_RETRY_AFTER = 0.01  # seconds
_COMMANDS = {
    "apply": "Bring the live audiences to what the definitions say.",
    "github": "Plans, applies and drift on GitHub, for the steps of a workflow.",
    "plan": "Show what an apply would do. Never writes.",
    "sandbox": "The embedded API, for demos, tests and other clients.",
    "show": "Show a saved plan, or the saved result of an apply.",
    "validate": "Check every definition, offline.",
}


class _Commands(click.Group):
    """Commands that are imported when they are asked for, so that --help costs what click costs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"reconciler.cli.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reconciler")
def reconciler() -> None:
    """Git as the truth for marketing audiences.

    Audiences are YAML files in audiences.d. `plan` shows what differs from the live organization; `apply`
    brings it about with the PATCH calls that are needed, and no others.
    """


def main() -> NoReturn:
    """Run the command line and exit with a code of the table in docs/contract.md."""
    _open_streams()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    sys.unraisablehook = _show_dropped
    warnings.simplefilter("ignore")  # Python's warnings, and what libraries log, are for developers
    logging.disable()
    code = boundary.run_group(reconciler)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the report is out, and the exit code must say the same
    sys.exit(code)


def _open_streams() -> None:
    """Open what whoever started the process has closed, and let no name crash a stream by its characters."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name) or open(os.devnull, "r+", encoding="utf-8")  # noqa: PTH123, SIM115 - a stream
        stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, stream)


def _interrupt(_: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does: while asyncio runs, cancel what runs there; else raise wherever this falls."""
    sys.unraisablehook = _interrupt_again  # what is cut off half-made may complain as it goes
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, frame)


def _show_dropped(dropped: sys.UnraisableHookArgs) -> None:
    if isinstance(dropped.exc_value, KeyboardInterrupt):
        _interrupt_again(dropped)
    else:
        sys.__unraisablehook__(dropped)


def _interrupt_again(dropped: sys.UnraisableHookArgs) -> None:
    """Deliver an interrupt again that came where Python drops exceptions, such as in a weak reference's end.

    A stop that is lost would let an apply go on that somebody wanted stopped.
    """
    if isinstance(dropped.exc_value, KeyboardInterrupt):
        # Not at once: that would still be inside the same place.
        signal.setitimer(signal.ITIMER_REAL, _RETRY_AFTER)
