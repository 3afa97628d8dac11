"""`reconciler fleet matrix`."""

from __future__ import annotations

import json
from typing import Unpack

import click

from reconciler.app.fleet import shards
from reconciler.cli import exit_codes
from reconciler.cli.boundary import Ending, run
from reconciler.cli.fleet import options
from reconciler.render.escape import json_document


@click.command("matrix")
@options.selecting
@click.option(
    "--shards",
    "count",
    metavar="N",
    type=click.IntRange(1, shards.MAX_SHARDS),
    required=True,
    help="Share the organizations among this many jobs.",
)
def matrix_command(count: int, **given: Unpack[options.Selecting]) -> int:
    """Print the matrix of a CI's jobs as one line of JSON: a job for each shard that has an organization."""

    def body() -> Ending:
        names = [one.name for one in options.selection(given).organizations]
        document = json.dumps({"include": shards.matrix(names, count)})
        return Ending(exit_codes.DONE, lambda: json_document(document) + "\n", is_document=True)

    return run(body, lambda _: '{"include": []}\n')
