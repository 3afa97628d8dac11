"""One change from its plan to its outcome: compare, write, verify; an unclear response is read again.

It guards against a PATCH over what somebody else changed, and against an outcome that claims more than is
known. So each PATCH comes directly after a read that shows the audience as planned upon, and what a response
leaves open is decided by reading: what cannot be read is unknown, never failed.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Protocol

from reconciler.api import audiences
from reconciler.api.responses import Response
from reconciler.apply.expected_state import ExpectedState
from reconciler.apply.response_effect import describe, effect, ends_the_run, is_redirect
from reconciler.errors import ApiContractError, ApiError, ApiRejected
from reconciler.plan import AudienceResult, Change, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.api.client import WriteClient
    from reconciler.api.responses import Lost
    from reconciler.model import Audience, Json, Rules

MAX_ATTEMPTS = 3
_TOO_MANY = 429
_SLOTS_FULL = "SLOTS_FULL"
_FIRST_POLL, _MAX_POLL = 0.2, 2.0  # seconds between two reads of what was stored


class Shared(Protocol):
    """What one change needs of the run that it belongs to."""

    client: WriteClient
    rules: Rules
    slots_are_full: bool

    @property
    def halt(self) -> str: ...

    def end(self, reason: str) -> None: ...

    def record(self, record: Mapping[str, Json]) -> bool: ...


class ChangeWriter:
    """One change while it is brought about; what goes wrong with it is an outcome, never an exception."""

    def __init__(self, change: Change, run: Shared) -> None:
        self._change = change
        self._run = run
        self._expected = ExpectedState(change, run.rules)
        self._needed = {*change.before, *change.patch}  # a field that the plan could not read matters to none
        self._attempts = 0
        self._problem = ""  # what was wrong with the last response
        self._is_unread = False  # a PATCH was sent, and no read has shown its effect yet
        self._may_arrive_late = False  # a PATCH may still be carried out, after whatever a read shows
        self._is_accepted = False  # a PATCH was responded to with a 2xx
        self._last_read: Audience | None = None  # what verification saw last

    @property
    def is_in_flight(self) -> bool:
        """Whether a PATCH may have an effect that is not known."""
        return self._is_unread or self._may_arrive_late

    async def settle(self) -> AudienceResult:
        """Bring the change about, in as many attempts as it takes and may take."""
        while True:
            if self._run.halt and not self._attempts:
                return self._result("not_attempted", self._run.halt)
            result = await self._compare()
            if result is None and self._run.client.is_paused:
                await self._run.client.wait_while_paused()
                continue  # what was read before the pause is too old to write upon
            result = result or await self._attempt()
            if result is not None:
                return result

    def result_if_interrupted(self) -> AudienceResult:
        """Return the outcome of a change whose time is up."""
        if self.is_in_flight:
            return self._result("unknown", "interrupted before its effect could be read")
        if self._attempts:
            return self._result("failed", "interrupted; what was sent had no effect")
        return self._result("not_attempted", "interrupted")

    def result_of_bug(self, bug: Exception) -> AudienceResult:
        """Return the outcome of a change that ran into a bug, named by its type alone."""
        outcome: Outcome = "unknown" if self.is_in_flight else "failed" if self._attempts else "not_attempted"
        return self._result(outcome, f"a bug in the reconciler ({type(bug).__name__}); please report it")

    async def _compare(self) -> AudienceResult | None:
        """Read the audience afresh and return the outcome that this settles, None where a PATCH is due."""
        found = await self._read(self._problem)
        return found if isinstance(found, AudienceResult) else self._judge_read(found)

    async def _read(self, context: str) -> Audience | AudienceResult:
        """Read the audience afresh, or return the outcome where that fails."""
        try:
            found = await audiences.fetch_one(
                self._run.client, self._change.id, self._run.rules, self._needed
            )
        except ApiError as error:
            if isinstance(error, ApiRejected) and ends_the_run(error.status):
                self._run.end(error.summary)
            if self.is_in_flight:
                return self._result("unknown", f"{context}; reading it again failed: {error.summary}")
            return self._result("failed", error.summary)
        if found is None:
            before = f"{context}; " if context else ""
            return self._result("conflict", f"{before}the audience does not exist any more")
        return found

    def _judge_read(self, found: Audience) -> AudienceResult | None:
        # After an attempt the API may have added fields of its own to what was asked for. Before the first,
        # a field that nobody reviewed is somebody's edit.
        if self._attempts and self._expected.is_met(found):
            return self._result("applied", "found applied after an unclear response")
        if self._expected.is_exactly_met(found):
            return self._result("unchanged", "already as defined")
        changed = self._expected.changed_since_plan(found)
        if changed and self._attempts:
            detail = f"{self._problem}; it is now neither as planned nor as asked: {changed}"
            return self._result("conflict", detail)
        if changed:
            return self._result("conflict", f"changed by somebody else since the plan: {changed}")
        self._is_unread = False
        return self._give_up_or_retry()

    def _give_up_or_retry(self) -> AudienceResult | None:
        """Return the outcome of what had no effect so far and may not be tried again, else None."""
        halt = self._run.halt
        if self._attempts < MAX_ATTEMPTS and not halt:
            return None
        if not self._attempts:
            return self._result("not_attempted", halt)
        reason = f"not tried again: {halt}" if halt else f"given up after {MAX_ATTEMPTS} attempts"
        return self._result_without_effect("failed", f"{self._problem}; {reason}")

    async def _attempt(self) -> AudienceResult | None:
        """Send the PATCH and judge its response; None, after a backoff, where a read must decide."""
        change, run = self._change, self._run
        if change.phase == "activate" and run.slots_are_full:
            return self._result_without_effect("blocked", "every active slot is taken")
        patch = dict(change.patch)
        # After a crash the journal must name all that may have been sent: no durable intent, no PATCH.
        if not run.record({"event": "intent", "id": change.id, "name": change.name, "patch": patch}):
            return self._result_without_effect("failed" if self._attempts else "not_attempted", run.halt)
        self._attempts += 1
        self._is_unread = True
        response = await run.client.patch(change.id, json.dumps(patch, sort_keys=True).encode())
        result = await self._judge_response(response)
        if result is None:
            await run.client.back_off(response, self._attempts)
        return result

    async def _judge_response(self, response: Response | Lost) -> AudienceResult | None:
        """Return the outcome that a response settles, None where the audience must be read again."""
        if isinstance(response, Response) and response.is_success:
            self._is_accepted = True
            if not response.unreadable:
                return await self._verify(response.document)
        self._problem = describe(response, self._change.id)
        possible = effect(response)
        self._is_unread = possible != "none"
        self._may_arrive_late = self._may_arrive_late or possible == "open"
        if isinstance(response, Response) and possible == "none":
            return self._refused(response)
        if is_redirect(response):
            self._run.end(self._problem)
        return None if self.is_in_flight else self._give_up_or_retry()

    def _refused(self, response: Response) -> AudienceResult | None:
        """Return the outcome of a refusal, None where it may be tried again."""
        if response.error_code == _SLOTS_FULL:
            self._run.slots_are_full = True
            return self._result_without_effect("blocked", self._problem)
        if response.status == _TOO_MANY:
            return self._give_up_or_retry()
        if ends_the_run(response.status):
            self._run.end(self._problem)
        return self._result_without_effect("failed", self._problem)

    async def _verify(self, document: Json) -> AudienceResult:
        """Believe a 2xx only when the audience that comes back is as asked, at once or within its time.

        A server may keep a filter that was dropped, or drop one that it does not know, and say 200: the
        audience would then reach people whom nobody meant.
        """
        seconds = self._run.client.timing.verification
        returned = self._returned(document)
        if returned is not None and not self._expected.unmet(returned):
            return self._applied(returned)
        try:
            async with asyncio.timeout(seconds):
                return await self._poll_until_stored(returned)
        except TimeoutError:
            if self._last_read is None:
                return self._result(
                    "unknown", f"accepted, and could not be read within {seconds:.3g} seconds"
                )
            return self._result("failed", self._expected.describe_unmet(self._last_read))

    def _returned(self, document: Json) -> Audience | None:
        try:
            return audiences.read_one(document, self._change.id, self._run.rules, "PATCH", self._needed)
        except ApiContractError:
            return None  # a short or an odd body: what counts is what is stored

    async def _poll_until_stored(self, last: Audience | None) -> AudienceResult:
        """Read what is stored, again and again, until it is as asked or plainly stays otherwise."""
        wait = _FIRST_POLL
        while True:
            found = await self._read("the API accepted the change")
            if isinstance(found, AudienceResult):
                return found
            if not self._expected.unmet(found):
                return self._applied(found)
            if self._expected.is_lasting(found, last):
                return self._result("failed", self._expected.describe_unmet(found))
            last = self._last_read = found
            await asyncio.sleep(wait)
            wait = min(wait * 2, _MAX_POLL)

    def _applied(self, found: Audience) -> AudienceResult:
        paths = self._expected.changed_elsewhere(found)
        return self._result("applied", f"somebody else changed what was not sent: {paths}" if paths else "")

    def _result_without_effect(self, outcome: Outcome, detail: str) -> AudienceResult:
        """Return the outcome of an attempt that had no effect, unless an earlier one may still have one."""
        if self._may_arrive_late:
            return self._result("unknown", f"{detail}; what was sent may still arrive")
        return self._result(outcome, detail)

    def _result(self, outcome: Outcome, detail: str = "") -> AudienceResult:
        is_unclear = outcome == "unknown" or (outcome == "conflict" and self.is_in_flight)
        return AudienceResult(
            id=self._change.id,
            name=self._change.name,
            outcome=outcome,
            detail=detail,
            attempts=self._attempts,
            is_written=self._is_accepted or is_unclear or outcome == "applied",
        )
