"""One change from its plan to its outcome: compare, write, verify; an unclear answer is read again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Protocol

from reconciler.api import audiences
from reconciler.api.client import rejected, route
from reconciler.api.responses import Lost, Response
from reconciler.apply.expected_state import ExpectedState
from reconciler.errors import ApiContractError, ApiError, ApiRejected
from reconciler.plan import AudienceResult, Change, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.api.client import WriteClient
    from reconciler.model import Audience, Json, Rules

MAX_ATTEMPTS = 3
_UNAUTHORIZED, _FORBIDDEN, _TIMEOUT, _TOO_MANY = 401, 403, 408, 429
_REDIRECTS, _REFUSALS = range(300, 400), range(400, 500)
_OVER = frozenset({500, 501, 503})  # the server itself gave up: nothing is on its way any more
_SLOTS_FULL = "SLOTS_FULL"
_FIRST_POLL, _MAX_POLL = 0.2, 2.0  # seconds between two looks at what was stored


class Shared(Protocol):
    """What one writing needs of the run that it belongs to."""

    writer: WriteClient
    rules: Rules
    slots_are_full: bool

    @property
    def halt(self) -> str: ...

    def end(self, reason: str) -> None: ...

    def record(self, record: Mapping[str, Json]) -> bool: ...


class ChangeWriter:
    """The state of one change while it is brought about.

    `is_in_flight` from the moment a PATCH may have reached the API until its effect is known.
    """

    def __init__(self, change: Change, run: Shared) -> None:
        self.is_in_flight = False
        self._change = change
        self._run = run
        self._goal = ExpectedState(change, run.rules)
        self._attempts = 0
        self._is_accepted = False
        self._may_arrive_late = False
        self._seen: Audience | None = None

    async def settle(self) -> AudienceResult:
        """Bring the change about, whatever it takes within its attempts."""
        trouble = ""
        while True:
            if self._run.halt and not self._attempts:
                return self._ended("not_attempted", self._run.halt)
            found = await self._read(trouble)
            settled = found if isinstance(found, AudienceResult) else self._judge_read(found, trouble)
            if settled is not None:
                return settled
            if self._run.writer.is_paused:
                await self._run.writer.wait_while_paused()
                continue  # what was read before the pause is too old to write upon
            answer = await self._send()
            if isinstance(answer, AudienceResult):
                return answer
            trouble = self._describe(answer)
            final = await self._judge_response(answer, trouble)
            if final is not None:
                return final
            await self._run.writer.back_off(answer, self._attempts)

    def cut_short(self) -> AudienceResult:
        """Return the outcome of a change whose time is up."""
        if self.is_in_flight:
            return self._ended("unknown", "interrupted before its effect could be read")
        if self._attempts:
            return self._ended("failed", "interrupted; what was sent had no effect")
        return self._ended("not_attempted", "interrupted")

    def broken(self, bug: Exception) -> AudienceResult:
        """Return the outcome of a change that ran into a bug, named by its type alone."""
        outcome: Outcome = "unknown" if self.is_in_flight else "failed" if self._attempts else "not_attempted"
        return self._ended(outcome, f"a bug in the reconciler ({type(bug).__name__}); please report it")

    async def _read(self, trouble: str) -> Audience | AudienceResult:
        """Read the audience afresh, or return the outcome where that fails."""
        try:
            found = await audiences.fetch_one(self._run.writer, self._change.id, self._run.rules)
        except ApiError as error:
            if isinstance(error, ApiRejected) and _ends_the_run(error.status):
                self._run.end(error.summary)
            if self.is_in_flight:
                return self._ended("unknown", f"{trouble}; reading it again failed: {error.summary}")
            return self._ended("failed", error.summary)
        if found is None:
            said = f"{trouble}; " if trouble else ""
            return self._ended("conflict", f"{said}the audience does not exist any more")
        return found

    def _judge_read(self, found: Audience, trouble: str) -> AudienceResult | None:
        """Return the outcome that a fresh read settles, None where a PATCH is due."""
        if self._attempts and self._goal.is_met(found):
            return self._ended("applied", "found applied after an unclear response")
        if self._goal.is_exactly_met(found):
            return self._ended("unchanged", "already as defined")
        changed_since_plan = self._goal.changed_since_plan(found)
        if changed_since_plan and self._attempts:
            return self._ended(
                "conflict", f"{trouble}; it is now neither as planned nor as asked: {changed_since_plan}"
            )
        if changed_since_plan:
            return self._ended("conflict", f"changed by somebody else since the plan: {changed_since_plan}")
        self.is_in_flight = self._may_arrive_late
        return self._give_up(trouble)

    def _give_up(self, trouble: str) -> AudienceResult | None:
        """Return the outcome of what had no effect so far and may not be tried again, else None."""
        halt = self._run.halt
        if self._attempts < MAX_ATTEMPTS and not halt:
            return None
        if not self._attempts:
            return self._ended("not_attempted", halt)
        reason = f"not tried again: {halt}" if halt else f"given up after {MAX_ATTEMPTS} attempts"
        return self._without_effect("failed", f"{trouble}; {reason}")

    def _without_effect(self, outcome: Outcome, detail: str) -> AudienceResult:
        """Return the outcome of what had no effect, unless an earlier PATCH may still have one."""
        if self._may_arrive_late:
            return self._ended("unknown", f"{detail}; what was sent may still arrive")
        return self._ended(outcome, detail)

    async def _send(self) -> Response | Lost | AudienceResult:
        """Send the PATCH, unless something came up since the read or its intent cannot be kept."""
        change, run = self._change, self._run
        if change.phase == "activate" and run.slots_are_full:
            return self._without_effect("blocked", "every active slot is taken")
        patch = dict(change.patch)
        if not run.record({"event": "intent", "id": change.id, "name": change.name, "patch": patch}):
            return self._without_effect("failed" if self._attempts else "not_attempted", run.halt)
        self._attempts += 1
        self.is_in_flight = True
        return await run.writer.patch(change.id, json.dumps(patch, sort_keys=True).encode())

    async def _judge_response(self, answer: Response | Lost, trouble: str) -> AudienceResult | None:
        """Return the outcome that an answer settles, None where the audience must be read again."""
        if isinstance(answer, Lost):
            self._may_arrive_late = self._may_arrive_late or answer.is_sent
            self.is_in_flight = self._may_arrive_late
        elif answer.is_success:
            self._is_accepted = True
            self._may_arrive_late = self._may_arrive_late or bool(answer.unreadable)
            return None if answer.unreadable else await self._verify(answer.document)
        elif answer.status in _REDIRECTS:
            self._run.end(trouble)
        elif answer.status not in _REFUSALS or answer.status == _TIMEOUT:
            self._may_arrive_late = self._may_arrive_late or answer.status not in _OVER
        else:
            return self._refused(answer, trouble)
        return None if self.is_in_flight else self._give_up(trouble)

    def _refused(self, answer: Response, trouble: str) -> AudienceResult | None:
        """Return the outcome of a refusal, which had no effect; None where it may be tried again."""
        self.is_in_flight = self._may_arrive_late
        if answer.error_code == _SLOTS_FULL:
            self._run.slots_are_full = True
            return self._without_effect("blocked", trouble)
        if answer.status == _TOO_MANY:
            return self._give_up(trouble)
        if _ends_the_run(answer.status):
            self._run.end(trouble)
        return self._without_effect("failed", trouble)

    async def _verify(self, document: Json) -> AudienceResult:
        """Believe a 200 only when the audience that comes back is as asked, at once or within its time."""
        seconds = self._run.writer.timing.verification
        returned = self._returned(document)
        if returned is not None and not self._goal.unmet(returned):
            return self._applied(returned)
        try:
            async with asyncio.timeout(seconds):
                return await self._poll_until_stored(returned)
        except TimeoutError:
            if self._seen is None:
                return self._ended("unknown", f"accepted, and could not be read within {seconds:.3g} seconds")
            return self._ended("failed", self._goal.describe_unmet(self._seen))

    async def _poll_until_stored(self, last: Audience | None) -> AudienceResult:
        """Look at what is stored, again and again, until it is as asked or plainly stays otherwise."""
        wait = _FIRST_POLL
        while True:
            found = await self._read("the API accepted the change")
            if isinstance(found, AudienceResult):
                return found
            if not self._goal.unmet(found):
                return self._applied(found)
            if self._goal.is_lasting(found, last):
                return self._ended("failed", self._goal.describe_unmet(found))
            last = self._seen = found
            await asyncio.sleep(wait)
            wait = min(wait * 2, _MAX_POLL)

    def _applied(self, found: Audience) -> AudienceResult:
        beside = self._goal.changed_elsewhere(found)
        return self._ended("applied", f"somebody else changed what was not sent: {beside}" if beside else "")

    def _returned(self, document: Json) -> Audience | None:
        try:
            return audiences.read_one(document, self._change.id, self._run.rules, "PATCH")
        except ApiContractError:
            return None  # a short or an odd body: what counts is what is stored

    def _describe(self, answer: Response | Lost) -> str:
        if isinstance(answer, Lost):
            return (
                f"the response was lost: {answer.reason}" if answer.is_sent else f"not sent: {answer.reason}"
            )
        return answer.unreadable or rejected(answer, "PATCH", route(self._change.id)).summary

    def _ended(self, outcome: Outcome, detail: str = "") -> AudienceResult:
        is_unclear = outcome == "unknown" or (outcome == "conflict" and self.is_in_flight)
        self.is_in_flight = False
        return AudienceResult(
            id=self._change.id,
            name=self._change.name,
            outcome=outcome,
            detail=detail,
            attempts=self._attempts,
            is_written=self._is_accepted or is_unclear or outcome == "applied",
        )


def _ends_the_run(status: int) -> bool:
    return status in {_UNAUTHORIZED, _FORBIDDEN} or status in _REDIRECTS
