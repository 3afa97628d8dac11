"""A PostgreSQL of its own, in a folder that goes with it: of the system's packages, on a loopback port.

initdb refuses to run as root, so a superuser runs it as `nobody`, in a folder that such a user can reach.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER, PASSWORD = "owner", "pw_canary_9041"
_UNPRIVILEGED = "nobody"
_PACKAGED = Path("/usr/lib/postgresql")  # where Debian's packages keep their programs, of each version
_SECONDS = 60


def program(name: str) -> str | None:
    """Return where a program of PostgreSQL is, of its newest version; None where it is not installed."""
    versions = sorted(_PACKAGED.glob(f"*/bin/{name}"), key=lambda file: int(file.parts[-3]))
    return shutil.which(name) or (str(versions[-1]) if versions else None)


class Server:
    """One cluster of databases; `stop` and `start` take it away from its clients, and bring it back."""

    def __init__(self, folder: Path, *, is_durable: bool = False) -> None:
        self._folder = folder
        self._is_durable = is_durable
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]

    def url(self, database: str) -> str:
        """Return the address of a database, which need not exist yet, with the password in it."""
        return f"postgresql://{OWNER}:{PASSWORD}@127.0.0.1:{self._port}/{database}"

    def create(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        shutil.chown(password, *_account())
        locale = ("--encoding=UTF8", "--locale=C")
        login = (f"--username={OWNER}", "--auth=scram-sha-256", f"--pwfile={password}")
        self._run("initdb", "--no-sync", *locale, *login)

    def start(self) -> None:
        durable = () if self._is_durable else ("fsync=off",)
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", *durable)
        options = " ".join((f"-p {self._port}", *(f"-c {one}" for one in settings)))
        self._run("pg_ctl", "-w", "-s", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: Literal["fast", "immediate"] = "immediate") -> None:
        """Stop; every connection is cut off."""
        self._run("pg_ctl", "-w", "-s", "-m", mode, "stop")

    def _run(self, name: str, *arguments: str) -> None:
        user, group = _account()
        who: dict[str, Any] = {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run(
            [program(name) or name, "-D", self._folder / "data", *arguments],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a server that is started keeps it
            timeout=_SECONDS,
            check=True,
            **who,
        )


def _account() -> tuple[int, int]:
    """Return the user and the group that the server runs as."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    account = pwd.getpwnam(_UNPRIVILEGED)
    return account.pw_uid, account.pw_gid


@contextmanager
def running(*, is_durable: bool = False) -> Iterator[Server]:
    """Run a server; one that is not durable saves the waits for a disk."""
    # Not in pytest's folder, which nobody but its user may enter.
    folder = Path(tempfile.mkdtemp(prefix="postgres.", dir="/tmp"))
    try:
        shutil.chown(folder, *_account())
        server = Server(folder, is_durable=is_durable)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
