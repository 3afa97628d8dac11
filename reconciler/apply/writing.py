"""One change from its plan to its outcome: compare, write, verify; an unclear answer is read again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Protocol, cast

from reconciler import diff, live
from reconciler.client import Answer, Lost, rejected
from reconciler.errors import ApiContractError, ApiError, ApiRejected
from reconciler.model import Fields, Json, dotted, normalise
from reconciler.plan import AudienceResult, Change, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.client import Writer
    from reconciler.model import Audience, Rules

MOST_ATTEMPTS = 3
_TIMEOUT, _TOO_MANY, _UNAUTHORIZED, _FORBIDDEN = 408, 429, 401, 403
_REDIRECTS, _SERVER_ERRORS = range(300, 400), range(500, 600)
_FROM_A_GATEWAY = frozenset({408, 502, 504})  # what stands behind it may still do the work
_SLOTS_FULL = "SLOTS_FULL"
_FIRST_LOOK, _MOST_LOOK = 0.2, 2.0  # seconds between two looks at what was stored


class Shared(Protocol):
    """What one writing needs of the run that it belongs to."""

    writer: Writer
    rules: Rules
    slots_are_full: bool

    @property
    def halt(self) -> str: ...

    def end(self, reason: str) -> None: ...

    def record(self, record: Mapping[str, Json]) -> bool: ...


class Writing:
    """The state of one change while it is brought about.

    `is_in_flight` from the moment a PATCH may have reached the API until its effect is known.
    """

    def __init__(self, change: Change, run: Shared) -> None:
        self.is_in_flight = False
        self._change = change
        self._run = run
        self._attempts = 0
        self._is_accepted = False
        self._may_arrive_late = False
        self._asked = self._normal(change.patch)
        self._before = self._settled(self._normal(change.before))
        self._desired = self._settled({**self._normal(change.before), **self._asked})

    def _normal(self, fields: Mapping[str, Json]) -> Fields:
        return cast("Fields", normalise(dict(fields), self._run.rules))

    def _settled(self, fields: Fields) -> Fields:
        """Leave out what moves by itself, which is nobody's edit."""
        rules = self._run.rules
        return {key: value for key, value in fields.items() if not ((key,) in rules and rules[key,].volatile)}

    async def settle(self) -> AudienceResult:
        """Bring the change about, whatever it takes within its attempts."""
        trouble = ""
        while True:
            if self._run.halt and not self._attempts:
                return self._ended("not_attempted", self._run.halt)
            found = await self._read(trouble)
            if isinstance(found, AudienceResult):
                return found
            settled = self._judge(found, trouble)
            if settled is not None:
                return settled
            if self._run.writer.is_paused:
                await self._run.writer.pause()
                continue  # what was read before the pause is too old to write upon
            answer = await self._send()
            if isinstance(answer, AudienceResult):
                return answer
            final = await self._hear(answer)
            if final is not None:
                return final
            trouble = self._told(answer)
            await self._run.writer.hold_back(answer, self._run.writer.backoff(self._attempts, answer))

    def cut_short(self) -> AudienceResult:
        """Return the outcome of a change whose time is up."""
        if self.is_in_flight:
            return self._ended("unknown", "interrupted before its effect could be read")
        if self._attempts:
            return self._ended("failed", "interrupted; the attempt before had been turned down")
        return self._ended("not_attempted", "interrupted")

    def broken(self, bug: Exception) -> AudienceResult:
        """Return the outcome of a change that ran into a bug, named by its type alone."""
        outcome: Outcome = "unknown" if self.is_in_flight else "failed" if self._attempts else "not_attempted"
        return self._ended(outcome, f"a bug in the reconciler ({type(bug).__name__}); please report it")

    async def _read(self, trouble: str) -> Audience | AudienceResult:
        """Read the audience afresh, or return the outcome where that fails."""
        try:
            found = await live.fetch_one(self._run.writer, self._change.id, self._run.rules)
        except ApiError as error:
            if isinstance(error, ApiRejected) and _ends_the_run(error.status):
                self._run.end(error.summary)
            if self.is_in_flight:
                return self._ended("unknown", f"{trouble}; reading it again failed: {error.summary}")
            return self._ended("failed", error.summary)
        if found is None:
            return self._ended("failed", "the audience does not exist any more")
        return found

    def _judge(self, found: Audience, trouble: str) -> AudienceResult | None:
        """Return the outcome that a fresh read settles, None where a PATCH is due."""
        if self._attempts and self._has_asked(found):
            return self._ended("applied", "found applied after an unclear answer")
        if diff.is_same(self._settled(found.fields), self._desired, self._run.rules):
            return self._ended("unchanged", "already as defined")
        moved = diff.compare(self._before, self._settled(found.fields), self._run.rules)
        if moved:
            paths = ", ".join(dotted(difference.path) for difference in moved)
            return self._ended("conflict", f"changed by somebody else since the plan: {paths}")
        self.is_in_flight = self._may_arrive_late
        return self._given_up(trouble)

    def _given_up(self, trouble: str) -> AudienceResult | None:
        """Return the outcome of an audience that reads as before and may not be tried again."""
        halt = self._run.halt
        if self._attempts < MOST_ATTEMPTS and not halt:
            return None
        if not self._attempts:
            return self._ended("not_attempted", halt)
        if self._may_arrive_late:
            return self._ended("unknown", f"{trouble}; it reads as before, and the write may still arrive")
        reason = f"not tried again: {halt}" if halt else f"after {MOST_ATTEMPTS} attempts"
        return self._ended("failed", f"{trouble}; it reads as before, {reason}")

    def _has_asked(self, found: Audience) -> bool:
        return not self._left(found.fields)

    def _left(self, fields: Fields) -> tuple[diff.Difference, ...]:
        """Return what differs from what was asked for; a field that the API added is its own affair."""
        rules = self._run.rules
        found = diff.compare({key: fields[key] for key in self._asked if key in fields}, self._asked, rules)
        return tuple(one for one in found if one.path in rules or one.after is not None)

    async def _send(self) -> Answer | Lost | AudienceResult:
        """Send the PATCH, unless something came up since the read or its intent cannot be kept."""
        change, run = self._change, self._run
        if change.phase == "activate" and run.slots_are_full:
            return self._ended("blocked", "every active slot is taken")
        intent: dict[str, Json] = {
            "event": "intent",
            "id": change.id,
            "name": change.name,
            "patch": dict(change.patch),
        }
        if not run.record(intent):
            return self._given_up("the journal failed") or self._ended("not_attempted", run.halt)
        self._attempts += 1
        self.is_in_flight = True
        return await run.writer.patch(change.id, json.dumps(change.patch, sort_keys=True).encode())

    async def _hear(self, answer: Answer | Lost) -> AudienceResult | None:
        """Return the outcome that an answer settles, None where the audience must be read again."""
        if isinstance(answer, Lost):
            self.is_in_flight = self.is_in_flight and answer.is_sent
            self._may_arrive_late = self._may_arrive_late or answer.is_sent
            return None
        if answer.is_success:
            self._is_accepted = True
            self._may_arrive_late = self._may_arrive_late or bool(answer.unreadable)
            return None if answer.unreadable else await self._verify(answer.document)
        return self._turned_down(answer)

    def _turned_down(self, answer: Answer) -> AudienceResult | None:
        said = self._told(answer)
        if answer.status in _SERVER_ERRORS or answer.status == _TIMEOUT:
            self._may_arrive_late = self._may_arrive_late or answer.status in _FROM_A_GATEWAY
            return None
        if answer.status in _REDIRECTS:
            self._run.end(said)
            return None
        self.is_in_flight = False
        if answer.error_code == _SLOTS_FULL:
            self._run.slots_are_full = True
            return self._ended("blocked", said)
        if _ends_the_run(answer.status):
            self._run.end(said)
        elif answer.status == _TOO_MANY:
            if self._run.writer.may_wait(answer.retry_after or 0):
                return None
            self._run.end(f"{said}: the API asks to wait {answer.retry_after:.0f} seconds")
        return self._ended("failed", said)

    async def _verify(self, document: Json) -> AudienceResult:
        """Believe a 200 only when the audience that comes back is as asked, at once or within its time."""
        returned = self._returned(document)
        wait, end = _FIRST_LOOK, self._now() + self._run.writer.timing.verification
        while returned is None or not self._has_asked(returned):
            if self._now() >= end:
                return self._ended("failed", self._kept(returned))
            await asyncio.sleep(wait)
            wait = min(wait * 2, _MOST_LOOK)
            found = await self._read("the API accepted the change")
            if isinstance(found, AudienceResult):
                return found
            if (
                self._is_halfway(found)
                and returned is not None
                and diff.is_same(found.fields, returned.fields, self._run.rules)
            ):
                return self._ended("failed", self._kept(found))
            returned = found
        return self._ended("applied")

    def _returned(self, document: Json) -> Audience | None:
        try:
            return live.read_one(document, self._change.id, self._run.rules, "PATCH")
        except ApiContractError:
            return None  # a short or an odd body: what counts is what is stored

    def _is_halfway(self, found: Audience) -> bool:
        """Tell a lasting answer from a stale one, which reads as before."""
        return not diff.is_same(self._settled(found.fields), self._before, self._run.rules)

    def _kept(self, found: Audience | None) -> str:
        """Say what the API holds although something else was asked for."""
        left = self._left(found.fields if found is not None else self._before)
        paths = ", ".join(dotted(difference.path) for difference in left)
        if all(
            difference.after is None or (difference.removed and not difference.added) for difference in left
        ):
            return f"not removed by the API: {paths}"
        return f"the API accepted the change and holds something else: {paths}"

    def _told(self, answer: Answer | Lost) -> str:
        if isinstance(answer, Lost):
            return f"the answer was lost: {answer.reason}"
        if answer.unreadable:
            return answer.unreadable
        return rejected(answer, "PATCH", f"/v1/intent/audiences/{self._change.id}").summary

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _ended(self, outcome: Outcome, detail: str = "") -> AudienceResult:
        is_unclear = outcome == "unknown" or (outcome == "conflict" and self.is_in_flight)
        self.is_in_flight = False
        return AudienceResult(
            id=self._change.id,
            name=self._change.name,
            outcome=outcome,
            detail=detail,
            attempts=self._attempts,
            is_written=self._is_accepted or is_unclear or (outcome == "applied"),
        )


def _ends_the_run(status: int) -> bool:
    return status in {_UNAUTHORIZED, _FORBIDDEN} or status in _REDIRECTS
