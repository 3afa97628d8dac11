"""`reconciler fleet`: the commands over every organization of a repository."""

from __future__ import annotations

from importlib import import_module

import click

# In the order in which they are used; each is imported when it is asked for.
_COMMANDS = {
    "list": "list_",
    "validate": "validate",
    "plan": "plan",
    "apply": "apply",
    "drift": "drift",
    "matrix": "matrix",
    "worker": "worker",
    "status": "status",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"reconciler.cli.fleet.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command


@click.group("fleet", cls=_Commands)
def fleet_command() -> None:
    """Plan, apply and check every organization of a repository, each in a folder below orgs.

    Each has its own key: LEADPIPE_API_KEY__ACME for orgs/acme, or what RECONCILER_KEY_COMMAND prints.
    One that fails, is refused or has no key stops no other one. The exit code is that of the worst.
    """
