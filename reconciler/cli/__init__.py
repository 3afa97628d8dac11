"""The command line: reads options, wires, prints, maps errors to exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from importlib import import_module
from typing import NoReturn

import click

from reconciler import __version__, interrupts
from reconciler.cli import boundary

# By what people want: the order of the sections, and of the commands in each, is the help's.
_SECTIONS = {
    "See": {
        "plan": "Show what an apply would do. Never writes.",
        "show": "Show a saved plan, or the saved result of an apply.",
        "validate": "Check every definition, offline.",
    },
    "Change": {
        "apply": "Bring the live audiences to what the definitions say.",
    },
    "Get in, and stay in step": {
        "adopt": "Take what is live into the files. Never writes to the API.",
        "catalogue": "Keep the filters and values that the API knows beside the files.",
        "doctor": "Check all that the other commands need, with a fix for each.",
        "fmt": "Put definitions into their canonical form; comments stay.",
        "import": "Write a definition for live audiences that have none.",
        "restore": "Put back into the files what an apply changed. Never writes to the API.",
        "topics": "Find intent topics by words.",
    },
    "Work on many organizations": {
        "fleet": "Plan, apply and check every organization of a repository.",
    },
    "Serve": {
        "github": "Plans, applies and drift on GitHub, for the steps of a workflow.",
        "sandbox": "The embedded API, for demos, tests and other clients.",
    },
}
_COMMANDS = {name for section in _SECTIONS.values() for name in section}
_MODULES = {"import": "import_"}  # Python has a word of its own for it


class _Commands(click.Group):
    """Commands that are imported when they are asked for, so that --help costs what click costs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        import logging

        logging.disable()  # what libraries log is for developers
        module = import_module(f"reconciler.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        width = max(map(len, _COMMANDS))
        for title, commands in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])


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
    interrupts.hold()
    sys.unraisablehook = interrupts.show_dropped
    warnings.simplefilter("ignore")  # Python's warnings are for developers
    code = boundary.run_group(reconciler)
    interrupts.ignore()  # the report is out, and the exit code must say the same
    sys.exit(code)


def _open_streams() -> None:
    """Open what whoever started the process has closed, and let no name crash a stream by its characters."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name) or open(os.devnull, "r+", encoding="utf-8")  # noqa: PTH123, SIM115 - a stream
        stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, stream)
