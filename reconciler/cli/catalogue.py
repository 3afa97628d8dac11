"""`reconciler catalogue`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from reconciler import interrupts, wording
from reconciler.app import settings
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, run
from reconciler.render.escape import log_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Catalogue


@click.group("catalogue")
def catalogue_command() -> None:
    """The filters and values that the organization's API knows, kept beside the definitions."""


@catalogue_command.command("update")
@options.paths
@options.sandbox
def update_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Write catalogue.json and, for editors, catalogue.schema.json. Commit both."""

    def body() -> Ending:
        from reconciler.app import catalogue

        chosen = paths or options.DEFAULT_PATHS
        found, problems = _fetched(chosen, is_sandbox=sandbox)
        for name in catalogue.write(found, chosen):
            output.write(log_line(f"+ {os.path.relpath(name)}") + "\n")
        filters = wording.count(len(found.filters), "filter")
        topics = wording.count(len(found.topics), "topic")
        text = f"The catalogue is up to date: {filters}, {topics} in use.\n"
        return Ending(exit_codes.DONE, lambda: text, problems, is_written=True)

    return run(body)


@catalogue_command.command("check")
@options.paths
@options.sandbox
def check_command(paths: tuple[str, ...], sandbox: bool) -> int:
    """Exit 2 where catalogue.json or catalogue.schema.json is out of date."""

    def body() -> int:
        from reconciler.app import catalogue

        chosen = paths or options.DEFAULT_PATHS
        found, _ = _fetched(chosen, is_sandbox=sandbox)
        names = catalogue.outdated(found, chosen)
        for name in names:
            output.write(
                log_line(f"{os.path.relpath(name)} is out of date. Run `reconciler catalogue update`.") + "\n"
            )
        if not names:
            output.write("The catalogue is up to date.\n")
        return exit_codes.CHANGES if names else exit_codes.DONE

    return run(body)


def _fetched(paths: Sequence[str], *, is_sandbox: bool) -> tuple[Catalogue, Sequence[Diagnostic]]:
    from reconciler.app import catalogue
    from reconciler.definitions import mentions

    # A catalogue is wanted before the first definition, too: for an editor to help with it.
    used = mentions.find(paths) if any(map(os.path.lexists, paths)) else mentions.Mentions()
    return interrupts.run(catalogue.fetch(settings.connection(is_sandbox=is_sandbox), used))
