"""What happens from outside while applies run: signals and foreign edits, at moments of the server's log."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from .evidence import agent
from .scenario import Edit, Strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.doubles.peer import Entry, Peer

    from .commands import Command
    from .scenario import Moment

PROBE = "PROBE"  # the method of the campaign's own request, which ends the direction


class Director:
    """A thread that watches the log, and strikes the commands that it is given to."""

    def __init__(self, peer: Peer, cues: Iterable[Strike | Edit]) -> None:
        self._peer = peer
        self._start = len(peer.log)
        self._cues = [cue for cue in cues if cue.moment is not None]
        self.commands: list[Command] = []
        self._starting = threading.Lock()
        self._thread = threading.Thread(target=self._direct, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def start(self, start: Callable[[], Command]) -> None:
        """Start a command; none of its requests is looked at before it is known."""
        with self._starting:
            self.commands.append(start())

    def _direct(self) -> None:
        while True:
            entry = self._peer.wait(lambda entry: entry.method == PROBE or self._due(entry) is not None, 600)
            cue = self._due(entry)
            if cue is None:
                return
            self._cues.remove(cue)
            self._act(cue)

    def _due(self, entry: Entry) -> Strike | Edit | None:
        return next((cue for cue in self._cues if cue.moment and self._is_at(entry, cue, cue.moment)), None)

    def _is_at(self, entry: Entry, cue: Strike | Edit, moment: Moment) -> bool:
        # Before its first request, a process may not even have read its arguments.
        if isinstance(cue, Strike) and agent(entry) != f"apply{cue.process}":
            return False
        reached = {
            "received": True,
            "performed": entry.before is not None or entry.status is not None,
            "answered": entry.status is not None,
        }
        return (
            entry.number >= self._start + moment.number
            and entry.method in ({"GET", "PATCH"} if moment.method is None else {moment.method})
            and reached[moment.step]
        )

    def _act(self, cue: Strike | Edit) -> None:
        time.sleep(cue.moment.delay if cue.moment else 0)
        if isinstance(cue, Strike):
            with self._starting:
                command = self.commands[cue.process]
            for number in cue.signals:
                command.signal(number)
                time.sleep(cue.gap)
        elif cue.id in self._peer.state:
            self._peer.edit(cue.id, cue.changes)
