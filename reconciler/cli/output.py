"""Where text goes: results to stdout, everything else to stderr, colour only where it is wanted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self, TextIO

from reconciler.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.plan import AudienceResult
    from reconciler.render.diagnostics import Ink

_ERASE_LINE = "\r\x1b[K"


def ink(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Ink:
    """Return colour for a terminal, as NO_COLOR, FORCE_COLOR and TERM=dumb will have it."""
    from reconciler.render.diagnostics import Ink

    if environment.get("NO_COLOR"):
        return Ink(is_on=False)
    return Ink(is_on=bool(environment.get("FORCE_COLOR")) or obeys_escapes(stream, environment))


def obeys_escapes(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the stream is a terminal that escape sequences mean something to."""
    return stream.isatty() and environment.get("TERM") != "dumb"


def write(text: str, stream: TextIO | None = None, *, is_document: bool = False) -> None:
    """Write text at once; a reader that went away does not stop what is being done.

    Raises FileError where stdout cannot hold the text, as on a full disk. Of stderr nobody could be told. A
    document is for a program, which must not take half of it, or none, for all: then a reader that went away,
    and a stdout that was closed from the start, are errors too.
    """
    stream = sys.stdout if stream is None else stream
    if is_document and stream.name == os.devnull:
        raise undelivered(OSError(0, "it is closed"))
    try:
        stream.write(text)
        stream.flush()
    except KeyboardInterrupt:
        # Half a document may have no other after it, and a reader that is stuck must not hold up the end.
        if stream is sys.stdout or not _takes_more(stream):
            discard(stream)
        raise
    except OSError as error:
        discard(stream)
        if stream is sys.stdout and (is_document or not isinstance(error, BrokenPipeError)):
            raise undelivered(error) from error


def tell(text: str) -> None:
    """Say a line on stderr, whatever it may hold."""
    from reconciler.render.escape import log_line

    write(f"{log_line(text)}\n", sys.stderr)


def _takes_more(stream: TextIO) -> bool:
    import select

    return bool(select.select([], [stream], [], 0)[1])


def undelivered(error: OSError) -> FileError:
    return FileError(f"stdout cannot be written: {error.strerror}", "Make room, or send it elsewhere")


def discard(stream: TextIO) -> None:
    """Let a stream lead nowhere: what it could not take must not be tried again when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Counter:
    """How far a command is that reads, on stderr and only on a terminal: a line that goes when it is done."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._is_live = obeys_escapes(sys.stderr)

    def __enter__(self) -> Self:
        self.show(0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_live:
            write(_ERASE_LINE, sys.stderr)

    def show(self, done: int) -> None:
        if self._is_live:
            count = f": {done} of {self._total}" if done else f": {self._total}"
            write(f"{_ERASE_LINE}{self._what}{count}…", sys.stderr)


class Progress:
    """How far something is, on stderr: a live count on a terminal, a line for each result elsewhere."""

    def __init__(self, total: int, what: str = "Applying") -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._is_live = obeys_escapes(sys.stderr)

    def __enter__(self) -> Self:
        if self._is_live:
            self._show()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_live:
            write(_ERASE_LINE, sys.stderr)

    def add(self, result: AudienceResult) -> None:
        self.note(result.outcome.replace("_", " "), result.name)

    def note(self, outcome: str, name: str) -> None:
        self._done += 1
        if self._is_live:
            self._show()
        else:
            from reconciler.render.escape import log_line

            write(log_line(f"{self._done}/{self._total} {outcome}: {name}") + "\n", sys.stderr)

    def _show(self) -> None:
        write(f"{_ERASE_LINE}{self._what}: {self._done} of {self._total} done", sys.stderr)
