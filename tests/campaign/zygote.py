"""
A process that has imported everything and forks a command line at each request.

A fork saves the half second of imports and is still a process of its own, with its own pid: what is killed is
real. Each command line names itself in its User-Agent, so that the server's log tells who sent what.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from importlib import import_module
from typing import Any

from reconciler import __version__, cli, schema
from reconciler.api import client
from tests.cli import fast

_IMPORTED_WHEN_USED = (
    "deepdiff",
    "reconciler.apply",
    "reconciler.cli.apply",
    "reconciler.cli.plan",
    "reconciler.schema.validator",
)
_MAX = 65536


def main() -> None:
    """Serve on the socket whose descriptor is the argument; a forked command line goes on from here."""
    for name in _IMPORTED_WHEN_USED:
        import_module(name)
    schema.rules()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        job = _serve(channel)
    if job is not None:
        _become(job)
        fast.hurry()
        cli.main()


def _serve(channel: socket.socket) -> dict[str, Any] | None:
    """Response a start with a pid, a wait with an exit code; returns the job in the fork, None at the end."""
    while True:
        data, descriptors, _, _ = socket.recv_fds(channel, _MAX, 3)
        if not data:
            return None
        message: dict[str, Any] = json.loads(data)
        if "wait" in message:
            _, status = os.waitpid(message["wait"], 0)
            reply = os.waitstatus_to_exitcode(status)
        else:
            reply = os.fork()
            if not reply:
                return {**message, "descriptors": descriptors}
            for descriptor in descriptors:
                os.close(descriptor)
        channel.sendall(json.dumps(reply).encode())


def _become(job: dict[str, Any]) -> None:
    """Take on the job's streams, folder, environment and name; the third descriptor shows that we live."""
    stdin = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((stdin, *job["descriptors"][:2])):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    sys.argv = ["reconciler", *job["arguments"]]
    fast.SCALE = job["scale"]
    setattr(client, "__version__", f"{__version__}+{job['name']}")  # noqa: B010 - mypy: it is no export


if __name__ == "__main__":
    main()
