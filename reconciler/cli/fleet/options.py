"""Options that the fleet's commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from reconciler.app.fleet.engines import EngineName
    from reconciler.app.fleet.run import How
    from reconciler.app.fleet.selection import Selection
    from reconciler.app.fleet.shards import Shard

MAX_JOBS = 100


class Selecting(TypedDict):
    """What the options of `selecting` give; the shard is not in a matrix, which has all of them."""

    globs: tuple[str, ...]
    changed_since: str | None
    shard: NotRequired[Shard | None]


class Running(Selecting):
    """What the options of `running` give, with the format."""

    concurrency: int
    engine: EngineName
    out: str | None
    format_: str


def _complete(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from reconciler.app.fleet import organizations
    from reconciler.errors import FileError

    try:
        return [CompletionItem(one.name) for one in organizations.find() if one.name.startswith(begun)]
    except FileError:
        return []


def _shard(_: click.Context, __: click.Parameter, text: str | None) -> Shard | None:
    """Return the shard that an option's value means; raises BadParameter for any other text."""
    if text is None:
        return None
    from reconciler.app.fleet.shards import MAX_SHARDS, Shard

    parsed = Shard.parse(text)
    if parsed is None:
        raise click.BadParameter(f"{text!r} is not a shard. Write 2/6, of at most {MAX_SHARDS}.")
    return parsed


_org = click.option(
    "--org",
    "globs",
    multiple=True,
    metavar="GLOB",
    shell_complete=_complete,
    help="Only this organization: its name, or a glob. Repeatable.",
)
_changed_since = click.option(
    "--changed-since",
    metavar="REF",
    help="Only organizations whose files, or pieces that they use, differ from the merge base with REF.",
)
shard = click.option("--shard", metavar="I/N", callback=_shard, help="Only this share of the organizations.")
jobs = click.option(
    "--jobs",
    "concurrency",
    type=click.IntRange(1, MAX_JOBS),
    default=16,
    show_default=True,
    help="Organizations at once.",
)
_engine = click.option(
    "--engine",
    type=click.Choice(["local", "dbos"]),
    default="local",
    show_default=True,
    help="What does the work: this process or, for an apply, the workers of a database.",
)
database_url = click.option(
    "--database-url",
    metavar="URL",
    help="The database of the engine dbos. A password belongs in RECONCILER_DATABASE_URL: others of this "
    "machine see options. By default SQLite, in .reconciler/.",
)
out = click.option(
    "--out",
    metavar="DIR",
    type=click.Path(),
    help="Keep plans, results and journals here, in a folder for each organization.",
)


def selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which organizations are meant, but for the shard."""
    return _org(_changed_since(command))


def running(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add all that a command has which works on organizations, but for its format."""
    return selecting(shard(jobs(_engine(out(command)))))


def selection(given: Selecting) -> Selection:
    """Return the organizations that the options select; raises SettingsError and FileError."""
    from reconciler.app.fleet.selection import select

    return select(given["globs"], given["changed_since"], given.get("shard"))


def how(given: Running) -> How:
    """Return what carries out a run in this process; raises SettingsError where that is not wanted."""
    from reconciler.app.fleet.run import How
    from reconciler.errors import SettingsError

    if given["engine"] != "local":
        raise SettingsError(
            f"--engine {given['engine']} is for `reconciler fleet apply` alone",
            "What only reads needs no engine: leave it out",
        )
    return How(given["concurrency"], given["out"])
