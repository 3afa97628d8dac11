"""`reconciler import`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler import interrupts, wording
from reconciler.app import settings
from reconciler.cli import exit_codes, options, output
from reconciler.cli.boundary import Ending, run
from reconciler.errors import Diagnostic, FileError
from reconciler.render.escape import log_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.api.connection import Connection
    from reconciler.app.importing import Candidates, Draft
    from reconciler.model import Audience, Catalogue, ListedAudience


@click.command("import")
@click.argument("targets", nargs=-1, metavar="[ID|NAME]...")
@options.sandbox
@click.option("--all", "is_all", is_flag=True, help="Every live audience that no file owns.")
@click.option(
    "--into",
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    default="audiences.d",
    show_default=True,
    help="Where the files go.",
)
@click.option("--dry-run", is_flag=True, help="Print the files instead of writing them.")
def import_command(targets: tuple[str, ...], sandbox: bool, is_all: bool, into: str, dry_run: bool) -> int:
    """Write a definition for live audiences that have none.

    Name them by id, by name or by a glob over names ('CFO*'), or take --all. Never writes to the API, and
    never touches a file that is there. Ends by planning what it wrote: `No changes` is the proof.
    """
    if is_all and targets:
        raise click.UsageError("Name audiences or take --all, not both.")
    written: list[Draft] = []

    def body() -> Ending:
        from reconciler.app import importing

        connection = settings.connection(is_sandbox=sandbox)
        owned = importing.owned(into)
        found = interrupts.run(importing.candidates(connection, owned.definitions))
        if not is_all and not targets:
            return _offer(found.audiences)
        drafts, notes = _drafts(
            connection, found, importing.choose(found, targets, is_all=is_all), into, owned.catalogue
        )
        notes += [one.problem for one in drafts if one.problem is not None]
        usable = [one for one in drafts if one.problem is None]
        if not dry_run:
            notes += _write(usable, written)
            usable = written
        return _proven(connection, usable, notes, owned.catalogue, is_dry=dry_run)

    return run(body, is_written=lambda: bool(written))


def _offer(audiences: Sequence[ListedAudience]) -> Ending:
    """Say what could be imported: which of it is meant is for a person to say."""
    lines = [log_line(f"{one.id}  {one.status:<6}  {one.name}") for one in audiences]
    summary, hint = "nothing says what to import", "Name some of these, by id or name, or take --all"
    if not audiences:
        hint = "There is nothing to import: every live audience has a definition"
    problem = Diagnostic("error", "usage", summary, hint)
    return Ending(exit_codes.ERROR, lambda: "".join(f"{line}\n" for line in lines), [problem])


def _drafts(
    connection: Connection,
    found: Candidates,
    chosen: Sequence[ListedAudience],
    into: str,
    catalogue: Catalogue | None,
) -> tuple[Sequence[Draft], list[Diagnostic]]:
    """Read the chosen audiences, and return their drafts and what is to be said of the reading."""
    from reconciler.app import importing

    async def read() -> Mapping[str, Audience]:
        live: dict[str, Audience] = {}
        with output.Counter("Reading", len(chosen)) as counter:
            async for part in importing.read(connection, chosen, found.generation, catalogue):
                live |= part
                counter.show(len(live))
        return live

    live = interrupts.run(read())
    names, note = interrupts.run(importing.topic_names(connection, live.values()))
    notes = [note] if note is not None else []
    return importing.draft(chosen, live, names, into, catalogue), [*importing.doubts(found), *notes]


def _write(drafts: Sequence[Draft], written: list[Draft]) -> list[Diagnostic]:
    """Write each draft that can be, add it to `written`, and return what kept the others from it."""
    from reconciler.app import importing

    problems: list[Diagnostic] = []
    for one in drafts:
        try:
            importing.write(one)
        except FileError as error:
            problems += error.diagnostics
        else:
            written.append(one)
            output.write(log_line(f"+ {one.file}  {one.audience.name}") + "\n")
    return problems


def _proven(
    connection: Connection,
    drafts: Sequence[Draft],
    notes: Sequence[Diagnostic],
    catalogue: Catalogue | None,
    *,
    is_dry: bool,
) -> Ending:
    from reconciler.app import importing

    diagnostics = [*notes]
    if drafts:
        with output.Counter("Planning what was imported", len(drafts)):
            definitions = (
                importing.defined(drafts, catalogue) if is_dry else importing.reread(drafts, catalogue)
            )
            diagnostics += importing.unproven(interrupts.run(importing.prove(connection, definitions)))
    has_errors = any(one.is_error for one in diagnostics)

    def shown() -> str:
        files = "".join(f"# {log_line(one.file)}\n{one.text}\n" for one in drafts) if is_dry else ""
        return files + _summary(len(drafts), has_errors=has_errors, is_dry=is_dry)

    return Ending(
        exit_codes.ERROR if has_errors else exit_codes.DONE, shown, diagnostics, is_written=not is_dry
    )


def _summary(count: int, *, has_errors: bool, is_dry: bool) -> str:
    ink = output.ink(sys.stdout)
    what = f"{wording.count(count, 'definition')} {'to write' if is_dry else 'written'}"
    if has_errors:
        return ink("red", f"{what}; see the errors.") + "\n"
    if not count:
        return ink("green", "Nothing to import: every live audience has a definition.") + "\n"
    return ink("bold", f"{what}.") + "\n" + ink("green", "No changes. The live audiences match them.") + "\n"
