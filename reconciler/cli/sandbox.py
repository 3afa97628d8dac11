"""`reconciler sandbox`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.app.settings import SANDBOX
from reconciler.cli import exit_codes, output
from reconciler.cli.boundary import run

if TYPE_CHECKING:
    from reconciler.sandbox.options import Paging, Semantics, UnknownFilters


@click.group("sandbox")
def sandbox_command() -> None:
    """The embedded API, for demos, tests and other clients."""


@sandbox_command.command("serve")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 picks a free one."
)
@click.option(
    "--data", metavar="FILE", default=str(SANDBOX), show_default=True, help="Where its state is kept."
)
@click.option(
    "--generation", type=click.Choice(["1", "2"]), default="1", show_default=True, help="Of the contract."
)
@click.option(
    "--config-semantics", type=click.Choice(["replace", "merge"]), default="replace", show_default=True
)
@click.option(
    "--slots", type=click.IntRange(0), default=10, show_default=True, help="How many may be active."
)
@click.option("--latency", metavar="MS", type=click.IntRange(0), default=0, help="Wait before each answer.")
@click.option(
    "--unknown-filters",
    type=click.Choice(["refuse", "strip", "store"]),
    help="What becomes of a filter that the API does not know. [default: refuse; store in generation 2]",
)
@click.option(
    "--list-limit",
    type=click.IntRange(1, 100),
    default=50,
    show_default=True,
    help="How many the list has without ?limit= (generation 2).",
)
@click.option(
    "--paging",
    type=click.Choice(["cursor", "offset", "none"]),
    default="cursor",
    show_default=True,
    help="How the rest of the list is asked for; with none it is silently short (generation 2).",
)
@click.option(
    "--stale-reads",
    metavar="MS",
    type=click.IntRange(0),
    default=0,
    help="For so long after a write, reads show what was before.",
)
def serve_command(
    port: int,
    data: str,
    generation: str,
    config_semantics: Semantics,
    slots: int,
    latency: int,
    unknown_filters: UnknownFilters | None,
    list_limit: int,
    paging: Paging,
    stale_reads: int,
) -> int:
    """Serve the embedded API on this machine until interrupted."""

    def body() -> int:
        from reconciler.sandbox import API_KEY, require_extra

        require_extra()
        from reconciler.sandbox.app import create_app
        from reconciler.sandbox.server import serve

        app = create_app(
            Path(data),
            generation=2 if generation == "2" else 1,
            config_semantics=config_semantics,
            slots=slots,
            latency_ms=latency,
            unknown_filters=unknown_filters,
            list_limit=list_limit,
            paging=paging,
            stale_reads_ms=stale_reads,
        )

        def ready(actual: int) -> None:
            output.write(f"LEADPIPE_BASE_URL=http://127.0.0.1:{actual} LEADPIPE_API_KEY={API_KEY}\n")
            output.write("Serving. Press Ctrl-C to stop.\n", sys.stderr)

        serve(app, port=port, ready=ready)
        return exit_codes.DONE

    return run(body)
