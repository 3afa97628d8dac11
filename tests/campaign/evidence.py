"""What a run leaves for the oracle: the server's log, and what each process said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.doubles.peer import Entry

    from .model import Document

BENT = frozenset({"short_body", "unknown_fields", "value", "surrogate"})
"""The kinds after which a GET is good JSON that says something else than what is stored."""

HARMLESS = frozenset({"delay", "drip", "edit", "filled_defaults", "refuse", "reordered", "stale"})
"""The kinds after which a GET still shows an audience, if not the newest; nothing is built upon others."""


@dataclass(frozen=True, slots=True)
class Process:
    """One command line that ran: what it was told, what was done to it, and all that it left."""

    name: str
    arguments: tuple[str, ...]
    returncode: int
    stdout: bytes = b""
    stderr: bytes = b""
    journal: bytes | None = None
    saved: bytes | None = None
    signals: tuple[int, ...] = ()
    is_hung: bool = False

    @property
    def is_reviewed(self) -> bool:
        return "--auto-approve" not in self.arguments

    @property
    def parallelism(self) -> int:
        return int(self.arguments[self.arguments.index("--parallelism") + 1])

    def records(self, event: str) -> list[Document]:
        """Give the journal's records of one event; raises ValueError for a torn journal."""
        records = (json.loads(line) for line in (self.journal or b"").splitlines())
        return [record for record in records if record.get("event") == event]

    @property
    def report(self) -> Document:
        """What it said on stdout; raises ValueError for anything but one JSON document."""
        document: Document = json.loads(self.stdout)
        return document


@dataclass(frozen=True, slots=True)
class Act:
    """
    One server's life, and the processes that met it.

    `clock` is the time of day at the log's zero, and `obstacle` the id of the audience that is one.
    """

    definitions: Mapping[str, Document]
    initial: Mapping[str, Document]
    final: Mapping[str, Document]
    log: tuple[Entry, ...]
    processes: tuple[Process, ...]
    generation: int
    merges: bool
    clock: float = 0.0
    obstacle: str = ""

    def sent_by(self, process: Process) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.log if agent(entry) == process.name)

    def about(self, process: Process, audience_id: str, method: str) -> tuple[Entry, ...]:
        return tuple(
            entry for entry in self.sent_by(process) if entry.id == audience_id and entry.method == method
        )

    def view(self, read: Entry) -> Document | None:
        """Give the audience that a GET of it showed; a good answer is bent by filled-in defaults only."""
        hidden = (
            entry.before
            for entry in self.log
            if "stale" in read.faults
            and entry.method == "PATCH"
            and entry.stored
            and entry.after == read.before
        )
        shown = next(hidden, read.before)
        return model.filled(shown, self.generation) if "filled_defaults" in read.faults and shown else shown

    def reigns(self, audience_id: str) -> Iterator[tuple[Document | None, float, float]]:
        """Yield each state of an audience, and between which numbers of the log; a late write's are wide."""
        state: Document | None = self.initial.get(audience_id)
        begin = 0.0
        events = [entry for entry in self.log if entry.id == audience_id and entry.stored]
        while (event := next((event for event in events if event.before == state), None)) is not None:
            is_late = "delay" in event.faults
            yield state, begin, float("inf") if is_late else event.number
            events.remove(event)
            state, begin = event.after, event.number
        yield state, begin, float("inf")


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    A whole run: a storm, and the calm after it.

    `obstructed`, where there is one, came before: a plan of all, an apply of all and one of a single
    audience, while another could not be read or written. `resumed`, where there is one, came between: on the
    same server, now well, the reviewed plan was applied once more, and then planned anew. `missing` is how an
    apply met deleted audiences.
    """

    key: str
    plan: Document | None
    planning: Process
    storm: Act
    calm: Act
    missing: Process | None = None
    resumed: Act | None = None
    obstructed: Act | None = None

    @property
    def acts(self) -> tuple[Act, ...]:
        return tuple(act for act in (self.obstructed, self.storm, self.resumed, self.calm) if act)

    @property
    def steps(self) -> Mapping[str, tuple[model.Step, ...]]:
        """The reviewed PATCH calls of each audience, audiences in the order in which they are complete."""
        return steps_of(self.plan) if self.plan else {}


def steps_of(plan: Document) -> Mapping[str, tuple[model.Step, ...]]:
    """Give a plan's PATCH calls by audience, audiences in the order in which they are complete."""
    found: dict[str, tuple[model.Step, ...]] = {}
    for change in plan["changes"]:
        step = model.Step(change["phase"], change["patch"], change["before"])
        found[change["id"]] = (*found.pop(change["id"], ()), step)
    return found


def agent(entry: Entry) -> str | None:
    """Name the process that sent a request."""
    return (entry.header("User-Agent") or "").partition("+")[2] or None


def is_good(read: Entry) -> bool:
    """Tell whether a GET was answered so that a client could believe it."""
    return read.status == 200 and set(read.faults) <= HARMLESS
