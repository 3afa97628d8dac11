"""The peer: the vendor's API as a server that does what a script of faults says, and remembers everything."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .audiences import Audiences
from .bodies import Bodies
from .contract import Contract, failure
from .entries import Audience, Entry, Log
from .faults import Fault, Script
from .listener import Listener
from .shapes import Facts, shaped
from .storing import altered, bent, patched
from .wire import AUDIENCES, Request, Response, read_request, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

Faults = tuple[Fault, ...]


class Peer:
    """One organization behind one key, on 127.0.0.1. Everything public may be used from any thread."""

    def __init__(
        self,
        audiences: Iterable[Mapping[str, Any]] = (),
        *,
        key: str = "sk_test",
        generation: int = 1,
        is_strict: bool = False,
        unknown_filters: str = "store",
        config_semantics: str = "replace",
        page_size: int | None = None,
        slots: int | None = None,
        state_file: Path | None = None,
        log_file: Path | None = None,
    ) -> None:
        if config_semantics not in {"replace", "merge"}:
            raise ValueError(f"config is replaced or merged, not {config_semantics!r}")
        self._key = key
        self._slots = slots
        self._merges = config_semantics == "merge"
        self._contract = Contract(generation, page_size)
        self._bodies = Bodies(generation, is_strict, unknown_filters)
        self._audiences = Audiences(audiences, state_file)
        self._log = Log(log_file)
        self._script = Script()
        self._changed = threading.Condition()
        self._listener = Listener(self._converse)

    @contextmanager
    def running(self, port: int = 0) -> Iterator[str]:
        """Serve in a thread of its own, and give the base URL; raises at the end what went wrong inside."""
        self._listener = Listener(self._converse)
        bound = self._listener.start(port)
        try:
            yield f"http://127.0.0.1:{bound}"
        finally:
            self._listener.stop()
        if self._listener.failures:
            raise self._listener.failures[0]

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse connections inside the block; idle connections are closed."""
        self._listener.set_listening(listening=False)
        try:
            yield
        finally:
            self._listener.set_listening(listening=True)

    def inject(self, *faults: Fault) -> None:
        with self._changed:
            named = {name for fault in faults for name in (fault.target, *fault.ids) if name is not None}
            if unknown := named - set(self._audiences.ids()):
                raise ValueError(f"no audience {sorted(unknown)}")
            self._script.add(faults)

    def heal(self) -> None:
        """Forget every fault, stale read and limit of slots: from now on all goes well."""
        with self._changed:
            self._script = Script()
            self._audiences.show_all()
            self._slots = None

    @property
    def unfired(self) -> Faults:
        """The faults that no request has met; a test that expects all of them asserts that this is empty."""
        with self._changed:
            return self._script.unfired

    @property
    def log(self) -> tuple[Entry, ...]:
        with self._changed:
            return self._log.entries()

    def patches(self) -> tuple[Entry, ...]:
        """Give the PATCH entries; `entry.document` is the decoded body."""
        return tuple(entry for entry in self.log if entry.method == "PATCH")

    def wait(self, holds: Callable[[Entry], bool], timeout: float = 10) -> Entry:
        """Wait for the first entry of which this holds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if found := next(filter(holds, self._log.entries()), None):
                    return found
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no such entry within {timeout} s: {self._log.entries()}")

    @property
    def state(self) -> dict[str, Audience]:
        with self._changed:
            return self._audiences.state()

    def edit(self, audience_id: str, changes: Mapping[str, Any] | None) -> Entry:
        """Change an audience as somebody else would (None: delete it), past every check."""
        with self._changed:
            before = self._audiences.get(audience_id)
            if before is None:
                raise KeyError(audience_id)
            if changes is None:
                self._audiences.remove(audience_id)
            else:
                self._audiences.put({**before, **changes})
            entry = Entry(
                number=self._log.next_number(),
                time_monotonic=time.monotonic(),
                method="EDIT",
                target=f"{AUDIENCES}/{audience_id}",
                body=json.dumps(changes).encode(),
                stored=True,
                before=before,
                after=self._audiences.get(audience_id),
            )
            return self._put(entry)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = Response()
        while answer.ending == "keep":
            self._listener.set_idle(writer, idle=True)
            try:
                request = await read_request(reader)
            finally:
                self._listener.set_idle(writer, idle=False)
            if request is None:
                return
            answer = await self._exchange(request, writer)

    async def _exchange(self, request: Request, writer: asyncio.StreamWriter) -> Response:
        entry, faults = self._receive(request)
        # A client that leaves meanwhile changes nothing: that is how a late write comes about.
        await _pause(faults, "before")
        entry, answer = self._perform(request, entry, faults)
        await _pause(faults, "after")
        for fault in _fired(faults, "refuse"):
            await self._listener.refuse(fault.seconds or 0)
        if answer.ending == "keep" and (
            request.header("Connection") == "close" or not self._listener.listening
        ):
            answer = replace(answer, ending="close")
        if answer.cut != "nothing":
            # Before the first byte: who has the answer finds it in the log.
            self._put(replace(entry, status=answer.status))
        await send(writer, answer)
        return answer

    def _receive(self, request: Request) -> tuple[Entry, Faults]:
        with self._changed:
            faults = self._script.draw(request.method, request.route, request.id)
            entry = Entry(
                number=self._log.next_number(),
                time_monotonic=time.monotonic(),
                method=request.method,
                target=request.target,
                headers=request.headers,
                body=request.body,
                faults=tuple(fault.kind for fault in faults),
            )
            return self._put(entry), faults

    def _perform(self, request: Request, entry: Entry, faults: Faults) -> tuple[Entry, Response]:
        """Do what the request asks, with the foreign edits around it, in one step that nothing divides."""
        with self._changed:
            self._edit_around(request, faults, "before")
            before = self._audiences.get(request.id)
            answer, noted = self._respond(request, faults)
            entry = replace(
                entry,
                faults=entry.faults + (("stale",) if noted == "stale" else ()),
                stored=noted == "stored",
                before=before,
                after=self._audiences.get(request.id),
            )
            self._put(entry)
            self._edit_around(request, faults, "after")
            old = self._contract.patched(before) if before else None
            return entry, shaped(answer, faults, Facts(request.header("X-API-Key") or "", old, request.query))

    def _edit_around(self, request: Request, faults: Faults, when: str) -> None:
        for fault in _fired(faults, "edit", when):
            self.edit(fault.target or request.id or "", fault.changes)

    def _respond(self, request: Request, faults: Faults) -> tuple[Response, str]:
        """Response as the contract says, and note whether something was `stored`, or the read was `stale`."""
        if request.header("X-API-Key") != self._key:
            return failure(401, "invalid API key"), ""
        if self._is_absent(request) or (request.id is not None and self._audiences.get(request.id) is None):
            return failure(404, "not found"), ""
        if request.method == "PATCH" and request.id is not None:
            return self._patch(request, faults)
        if request.route in {"validate", "preview"} and request.method == "POST":
            return self._evaluate(request, faults), ""
        if request.method != "GET" or request.route in {"validate", "preview"}:
            return failure(405, "method not allowed"), ""
        ids = self._audiences.ids() if request.id is None else (request.id,)
        seen = [self._audiences.seen(audience_id) for audience_id in ids]
        audiences = [self._altered(audience, faults) for audience, _ in seen]
        if request.id is not None:
            answer = self._contract.one(audiences[0])
        else:
            # Endless pages are the first one again, whatever cursor asks for another.
            query = {} if _fired(faults, "endless") else request.query
            answer = self._contract.listing(audiences, query)
        return answer, "stale" if any(stale for _, stale in seen) else ""

    def _is_absent(self, request: Request) -> bool:
        return request.route is None or (request.route == "validate" and self._contract.generation == 1)

    def _evaluate(self, request: Request, faults: Faults) -> Response:
        if request.route == "preview":
            return self._contract.validated(self._bodies.preview(request))
        verdict = self._bodies.validate(request)
        if isinstance(verdict, str):
            return failure(400, verdict)
        normal = self._altered({"config": verdict["normalizedConfig"]}, faults)["config"]
        return self._contract.validated({**verdict, "normalizedConfig": normal})

    def _patch(self, request: Request, faults: Faults) -> tuple[Response, str]:
        patch = self._bodies.patch(request)
        if isinstance(patch, str):
            return failure(400, patch), ""
        before = self._audiences.stored(request.id or "")
        merges = self._merges or any(_fired(faults, "merged_config"))
        after = self._altered(patched(before, bent(patch, faults), merge_config=merges), faults)
        if (
            self._slots is not None
            and self._activates(before, after)
            and self._audiences.active() >= self._slots
        ):
            return failure(403, "every active slot is taken", "SLOTS_FULL"), ""
        if any(fault.prevents_storing for fault in faults):
            return self._contract.patched(after), ""
        self._audiences.put(after)
        for fault in _fired(faults, "stale"):
            self._audiences.hide_write(before, fault.seconds, fault.reads)
        shown = self._audiences.stored(after["id"])
        if _fired(faults, "echo"):
            shown = patched(shown, patch, merge_config=merges)
        return self._contract.patched(shown), "stored"

    def _altered(self, audience: Audience, faults: Faults) -> Audience:
        return altered(audience, faults, self._contract.generation)

    @staticmethod
    def _activates(before: Audience, after: Audience) -> bool:
        return bool(after["status"] == "active" != before["status"])

    def _put(self, entry: Entry) -> Entry:
        with self._changed:
            self._log.put(entry)
            self._changed.notify_all()
        return entry


def _fired(faults: Faults, kind: str, when: str | None = None) -> Faults:
    return tuple(fault for fault in faults if fault.kind == kind and when in {None, fault.when})


async def _pause(faults: Faults, when: str) -> None:
    for fault in _fired(faults, "delay", when):
        await asyncio.sleep(fault.seconds or 0)
