"""The log: one entry for each request, and for each foreign edit, with what was done about it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .wire import Headers, header, locate

if TYPE_CHECKING:
    from pathlib import Path

Audience = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One request (or foreign edit, as method `EDIT`) and what the peer did with it.

    `status` is None until the first byte of an answer is about to leave, and stays so when none does.
    `before` and `after` are the stored audience around the request's own store; `faults` are kinds.
    """

    number: int
    time_monotonic: float
    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    status: int | None = None
    faults: tuple[str, ...] = ()
    stored: bool = False
    before: Audience | None = None
    after: Audience | None = None

    @property
    def id(self) -> str | None:
        return locate(self.target)[1]

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return header(self.headers, name)


def to_line(entry: Entry) -> bytes:
    # Surrogate escapes keep a body that is not UTF-8 readable and reversible.
    document = asdict(entry) | {"body": entry.body.decode("utf-8", "surrogateescape")}
    return json.dumps(document).encode() + b"\n"


def from_line(line: str) -> Entry:
    document = json.loads(line)
    document["body"] = document["body"].encode("utf-8", "surrogateescape")
    document["headers"] = tuple((name, value) for name, value in document["headers"])
    document["faults"] = tuple(document["faults"])
    return Entry(**document)


def read_log(path: Path) -> tuple[Entry, ...]:
    """Read a log file. Each thing learnt about a request is a line: the last line of a number counts."""
    lines = path.read_text().splitlines() if path.exists() else []
    entries = (from_line(line) for line in lines)
    return tuple(sorted({entry.number: entry for entry in entries}.values(), key=lambda entry: entry.number))


class Log:
    """The entries by number; with a file, every change is in it before anything else happens."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._entries = {entry.number: entry for entry in read_log(path)} if path else {}

    def next_number(self) -> int:
        return max(self._entries, default=0) + 1

    def put(self, entry: Entry) -> None:
        self._entries[entry.number] = entry
        if self._path is not None:
            with self._path.open("ab", buffering=0) as file:
                file.write(to_line(entry))

    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries[number] for number in sorted(self._entries))
