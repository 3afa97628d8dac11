"""`reconciler topics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler import interrupts
from reconciler.app import settings
from reconciler.cli import exit_codes, options
from reconciler.cli.boundary import Ending, run
from reconciler.errors import Diagnostic, FileError
from reconciler.render.escape import log_line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@click.group("topics")
def topics_command() -> None:
    """The intent topics that a definition may name."""


def _complete_topic(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the names of topics in use that begin so, from the project's catalogue alone."""
    from click.shell_completion import CompletionItem

    from reconciler.app import catalogue

    try:
        found = catalogue.read(options.DEFAULT_PATHS)
    except FileError:
        return []
    named = {} if found is None else found.topics
    return [
        CompletionItem(name, help=str(key))
        for key, name in named.items()
        if name is not None and name.lower().startswith(begun.lower())
    ]


@topics_command.command("search")
@click.argument("words", nargs=-1, required=True, shell_complete=_complete_topic)
@options.sandbox
def search_command(words: tuple[str, ...], sandbox: bool) -> int:
    """Find topics by words: id, name, type, industry and category, to copy from."""

    def body() -> Ending:
        from reconciler.app import topics

        found = interrupts.run(topics.search(settings.connection(is_sandbox=sandbox), " ".join(words)))
        rows = [(str(one.id), one.name, one.type, one.industry, one.category) for one in found]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            log_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
            for row in rows
        ]
        none = Diagnostic("error", "no-topic", "no topic has these words", "Try fewer or other words")
        code = exit_codes.DONE if rows else exit_codes.ERROR
        return Ending(code, lambda: "".join(f"{line}\n" for line in lines), () if rows else (none,))

    return run(body)
