"""`reconciler fleet worker`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import interrupts
from reconciler.app.fleet import durable
from reconciler.cli import exit_codes, output
from reconciler.cli.boundary import Ending, run
from reconciler.cli.fleet import options
from reconciler.cli.options import parallelism, sandbox

if TYPE_CHECKING:
    from types import FrameType

    from reconciler.app.fleet.durable.applying import Applier
    from reconciler.app.fleet.durable.worker import QueueWorker
    from reconciler.app.fleet.engine import Job
    from reconciler.apply import Stop
    from reconciler.plan.organization import OrganizationResult


def _long_enough(_: click.Context, __: click.Parameter, seconds: float) -> float:
    if seconds < durable.MIN_TAKEOVER:
        least = f"{durable.MIN_TAKEOVER:g} seconds"
        raise click.BadParameter(f"A worker needs at least {least}, to settle what is in flight.")
    return seconds


@click.command("worker")
@sandbox
@options.database_url
@options.jobs
@parallelism
@click.option(
    "--starts-per-minute",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=12,
    show_default=True,
    help="Begin at most so many applies of one organization in a minute. All workers share it.",
)
@click.option(
    "--takeover-after",
    metavar="SECONDS",
    type=click.FloatRange(max=3600),
    callback=_long_enough,
    default=60.0,
    show_default=True,
    help="Take over what a worker ran that has been silent so long. The same for all workers.",
)
@click.option("--until-idle", is_flag=True, help="End when nothing waits or runs any more.")
@options.out
def worker_command(
    sandbox: bool,
    database_url: str | None,
    concurrency: int,
    parallelism: int,
    starts_per_minute: int,
    takeover_after: float,
    until_idle: bool,
    out: str | None,
) -> int:
    """Do the applies that `fleet apply --engine dbos` asks for, on as many machines as are wanted.

    It runs where a checkout of the repository is, and has the organizations' keys in its environment. Only
    what was reviewed is written: the plan must have the digest that was asked for. A signal stops it gently;
    what it has not finished, and what a dead one left, the others go on with.
    """
    stopped = threading.Event()

    def body() -> Ending:
        durable.enable()
        from reconciler.app.fleet.durable import database
        from reconciler.app.fleet.durable.worker import QueueWorker, WorkerSettings

        settings = WorkerSettings(concurrency, starts_per_minute, takeover_after, is_until_idle=until_idle)
        worker = QueueWorker(
            database.address(database_url),
            _applier(parallelism, out, is_sandbox=sandbox),
            settings,
            output.tell,
        )
        _install_handlers(worker, stopped)
        worker.run()
        return Ending(exit_codes.INTERRUPTED if stopped.is_set() else exit_codes.DONE)

    return _without_stragglers(run(body, is_written=lambda: True))


def _applier(parallelism: int, out: str | None, *, is_sandbox: bool) -> Applier:
    from reconciler.app.fleet.documents import Documents
    from reconciler.app.fleet.durable.applying import Applier
    from reconciler.app.fleet.keys import Keys
    from reconciler.app.fleet.work import FleetRequest, Worker

    request, keys = FleetRequest(parallelism=parallelism, is_sandbox=is_sandbox), Keys()
    documents = Documents(None if out is None else Path(out))

    async def process(job: Job, stop: Stop) -> OrganizationResult:
        return await Worker(request, keys, documents, stop).process(job)

    return Applier(process, _tell)


def _tell(result: OrganizationResult) -> None:
    """Say how one organization ended, with all that needs attention: none of it is kept in the database."""
    from reconciler.render import fleet_text

    output.write(fleet_text.result(result), sys.stderr)


def _install_handlers(worker: QueueWorker, stopped: threading.Event) -> None:
    """Let a first signal stop the worker gently, and a second one end the process."""

    def stop(_: int, __: FrameType | None) -> None:
        if stopped.is_set():
            os._exit(exit_codes.INTERRUPTED)
        stopped.set()
        worker.stop()

    for number in interrupts.STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def _without_stragglers(code: int) -> int:
    """Return the code, or exit with it at once where a thread still waits for a database that is gone."""
    if any(not one.daemon for one in threading.enumerate() if one is not threading.main_thread()):
        os._exit(code)
    return code
