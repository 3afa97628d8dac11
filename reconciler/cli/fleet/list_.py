"""`reconciler fleet list`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Unpack

import click

from reconciler import wording
from reconciler.cli import exit_codes
from reconciler.cli.boundary import Ending, run
from reconciler.cli.fleet import options
from reconciler.render.escape import json_document, log_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.app.fleet.organizations import Organization
    from reconciler.errors import Diagnostic


@click.command("list")
@options.selecting
@options.shard
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_command(format_: str, **given: Unpack[options.Selecting]) -> int:
    """Name every organization, its folder and how many definitions it has."""

    def body() -> Ending:
        found = options.selection(given).organizations
        problems = [one.problem for one in found if one.problem is not None]
        code = exit_codes.ERROR if problems else exit_codes.DONE
        return Ending(code, lambda: _rendered(found, format_), problems, is_document=format_ == "json")

    def failed(_: Sequence[Diagnostic]) -> str:
        return _rendered((), format_) if format_ == "json" else ""

    return run(body, failed)


def _rendered(found: Sequence[Organization], format_: str) -> str:
    rows = [(one.name, one.path, one.count_definitions()) for one in found]
    if format_ == "json":
        listed = [{"name": name, "path": path, "definitions": count} for name, path, count in rows]
        return json_document(json.dumps({"organizations": listed}, indent=2)) + "\n"
    width = max((len(name) for name, _, _ in rows), default=0)
    lines = [
        f"{name.ljust(width)}  {path}  {wording.count(count, 'definition')}" for name, path, count in rows
    ]
    return "".join(f"{log_line(line)}\n" for line in [*lines, wording.count(len(rows), "organization")])
