"""The server: imports everything once, and forks a process at each request that comes through a socket."""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import socket
import sys
from importlib import import_module

import reconciler
from reconciler import tls

from .child import Job, become

# The package imports these where it uses them; each would cost every fork again.
_IMPORTED_WHEN_USED = (
    "anyio._backends._asyncio",
    "deepdiff",
    "encodings.idna",
    "httpcore",
    "httpx",
    "jsonschema",
    "starlette.applications",
    "uvicorn.lifespan.off",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "yaml",
)
_SELDOM_USED = "reconciler.app.fleet.durable"  # with DBOS and SQLAlchemy it is as large as all the rest
_IGNORED_BY_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}


def main() -> None:
    """Serve on the socket whose descriptor is the argument; a fork goes on from here as what it was asked."""
    _import_all()
    tls.context()
    _record_imports()
    gc.collect()
    gc.freeze()  # or the first collection in each fork would copy all of this
    _take_default_signals()
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        job = _serve(channel)
    if job is not None:
        become(job)


def _import_all() -> None:
    found = pkgutil.walk_packages(reconciler.__path__, "reconciler.")
    for name in (*_IMPORTED_WHEN_USED, *(module.name for module in found)):
        if not name.endswith(".__main__") and not name.startswith(_SELDOM_USED):
            import_module(name)


def _record_imports() -> None:
    """Hand coverage, where it runs, what importing has run: or each fork would record it all again."""
    coverage = sys.modules.get("coverage")
    measured = coverage.Coverage.current() if coverage else None
    if measured is not None:
        measured.get_data()


def _take_default_signals() -> None:
    """Let forks start as from a shell, also where these tests are a job in the background."""
    for number in signal.valid_signals() - _IGNORED_BY_PYTHON:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _serve(channel: socket.socket) -> Job | None:
    """Reply to a job with a pid, to a pid with how it ended; return the job in a fork, None at the end."""
    while True:
        head, descriptors, _, _ = socket.recv_fds(channel, 4, 4)
        if not head:
            return None
        request = json.loads(_received(channel, int.from_bytes(head)))
        if isinstance(request, int):
            reply = os.waitstatus_to_exitcode(os.waitpid(request, 0)[1])
        else:
            reply = os.fork()
            if not reply:
                return Job(**request, descriptors=descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
        channel.sendall(b"%d\n" % reply)


def _received(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += channel.recv(size - len(data))
    return data


if __name__ == "__main__":
    main()
