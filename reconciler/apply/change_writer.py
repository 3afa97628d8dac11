"""One change from its plan to its outcome: compare, write, verify.

It guards against a PATCH over what somebody else changed, and against an outcome that claims more than is
known. So each PATCH comes directly after a read that shows the audience as planned upon; it is sent again
only where the one before surely stored nothing; and what became of any other is decided by reading.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.api import audiences
from reconciler.api.responses import Response
from reconciler.apply.expected_state import ExpectedState
from reconciler.apply.response_effect import describe, ends_the_run, is_turned_away, is_unsent
from reconciler.apply.shared import Shared, read_afresh
from reconciler.apply.verification import Verification
from reconciler.errors import ApiContractError, ApiError
from reconciler.plan import AudienceResult, Change, Outcome

if TYPE_CHECKING:
    from reconciler.api.responses import Lost
    from reconciler.model import Audience, Json

MAX_ATTEMPTS = 3
_TOO_MANY = 429
_SLOTS_FULL = "SLOTS_FULL"


class ChangeWriter:
    """One change while it is brought about; what goes wrong with it is an outcome, never an exception.

    `is_in_flight` while a PATCH may have an effect that is not known; `has_intent` from the moment that the
    journal names one; `verified` is the audience as it was when the outcome was *applied* or *unchanged*.
    Given to the writer of another change to the same audience, it is what the first step left there.
    """

    def __init__(self, change: Change, run: Shared, verified: Audience | None = None) -> None:
        self.is_in_flight = False
        self.has_intent = False
        self.verified: Audience | None = None
        self._change = change
        self._run = run
        self._expected = ExpectedState(change, run.rules, verified)
        self._tries = 0
        self._sent = 0  # of these, the PATCH calls that may have left
        self._problem = ""  # what was wrong with the last response
        self._is_accepted = False  # a PATCH was responded to with a 2xx
        self._verification: Verification | None = None

    async def settle(self) -> AudienceResult:
        """Bring the change about, in as many attempts as it takes and may take.

        While it is verified, others are written.
        """
        found = None
        async with self._run.writing:
            while found is None:
                found = await self._write()
        return found if isinstance(found, AudienceResult) else await self._verify(found)

    async def _write(self) -> AudienceResult | Response | Lost | None:
        """Return the outcome, a response that may have been to a stored PATCH, or None: to be done again."""
        if self._run.halt and not self._tries:
            return self._result("not_attempted", self._run.halt)
        result = await self._compare()
        if result is None and self._run.client.is_paused:
            await self._run.client.wait_while_paused()
            return None  # what was read before the pause is too old to write upon
        return result or await self._attempt()

    def result_if_interrupted(self) -> AudienceResult:
        """Return the outcome of a change whose time is up."""
        if self.is_in_flight:
            return self._result("unknown", "interrupted before its effect could be read")
        if self._sent:
            return self._result("failed", "interrupted; what was sent had no effect")
        return self._result("not_attempted", "interrupted")

    def result_of_bug(self, bug: Exception) -> AudienceResult:
        """Return the outcome of a change that ran into a bug, named by its type alone."""
        outcome: Outcome = "unknown" if self.is_in_flight else self._outcome_without_effect
        return self._result(outcome, f"a bug in the reconciler ({type(bug).__name__}); please report it")

    @property
    def _outcome_without_effect(self) -> Outcome:
        """Failed is what the API turned down; what was never sent to it was not attempted."""
        return "failed" if self._sent else "not_attempted"

    async def _compare(self) -> AudienceResult | None:
        """Read the audience afresh and return the outcome that this settles, None where a PATCH is due."""
        try:
            found = await read_afresh(self._run, self._change.id, self._expected.needed)
        except ApiError as error:
            details = [self._problem, error.summary] if self._problem else [error.summary]
            return self._result(self._outcome_without_effect, "; ".join(details))
        if found is None:
            return self._result("conflict", "the audience does not exist any more")
        if self._sent and self._expected.is_met(found):
            return self._result("applied", f"found applied, although {self._problem}", found)
        if self._expected.is_exactly_met(found):
            return self._result("unchanged", "already as defined", found)
        if changed := self._expected.changed_since_plan(found):
            return self._result("conflict", f"changed by somebody else since the plan: {changed}")
        return self._give_up_or_retry()

    def _give_up_or_retry(self) -> AudienceResult | None:
        """Return the outcome of what had no effect so far and may not be tried again, else None."""
        halt = self._run.halt
        if self._tries < MAX_ATTEMPTS and not halt:
            return None
        if not self._tries:
            return self._result("not_attempted", halt)
        reason = f"not tried again: {halt}" if halt else f"given up after {MAX_ATTEMPTS} attempts"
        return self._result(self._outcome_without_effect, f"{self._problem}; {reason}")

    async def _attempt(self) -> AudienceResult | Response | Lost | None:
        """Send the PATCH and return its response, or, where it stored nothing, the outcome or None: again."""
        change, run = self._change, self._run
        if change.phase == "activate" and run.slots_are_full:
            return self._result("blocked", "every active slot is taken")
        patch = dict(change.patch)
        # After a crash the journal must name all that may have been sent: no durable intent, no PATCH.
        if not run.record({"event": "intent", "id": change.id, "name": change.name, "patch": patch}):
            return self._result(self._outcome_without_effect, run.halt)
        self.has_intent = self.is_in_flight = True
        self._tries, self._sent = self._tries + 1, self._sent + 1
        response = await run.client.patch(change.id, json.dumps(patch, sort_keys=True).encode())
        if is_turned_away(response) or is_unsent(response):
            return await self._settle_without_effect(response)
        return response

    async def _settle_without_effect(self, response: Response | Lost) -> AudienceResult | None:
        """Return the outcome of a PATCH that stored nothing, None, after a backoff, for another try."""
        self.is_in_flight = False
        self._problem = describe(response, self._change.id)
        if isinstance(response, Response) and response.status != _TOO_MANY:
            return self._declined(response)
        self._sent -= is_unsent(response)
        result = self._give_up_or_retry()
        if result is None:
            await self._run.client.back_off(response, self._tries)
        return result

    def _declined(self, response: Response) -> AudienceResult:
        if response.error_code == _SLOTS_FULL:
            self._run.slots_are_full = True
            return self._result("blocked", self._problem)
        if ends_the_run(response.status):
            self._run.end(self._problem)
        return self._result("failed", self._problem)

    async def _verify(self, response: Response | Lost) -> AudienceResult:
        """Return the outcome of a PATCH that may have been stored, by reading what is.

        It is never sent again, however long reads show the state from before. They may lag behind it, and
        behind what somebody did on seeing it: an audience that was stopped in alarm would become active once
        more. What is not known is *unknown*, and a fresh plan knows.
        """
        self._is_accepted = isinstance(response, Response) and response.is_success
        returned, self._problem = None, ""
        if isinstance(response, Response) and response.is_success and not response.unreadable:
            returned = self._returned(response.document)
        else:
            self._problem = describe(response, self._change.id)
            if isinstance(response, Response) and ends_the_run(response.status):
                self._run.end(self._problem)
            await self._run.client.back_off(response, self._tries)
        self._verification = Verification(
            self._expected, self._run, self._change.id, problem=self._problem, returned=returned
        )
        verdict = await self._verification.settle()
        return self._result(verdict.outcome, verdict.detail, verdict.found)

    def _returned(self, document: Json) -> Audience | None:
        try:
            return audiences.read_one(
                document, self._change.id, self._run.rules, "PATCH", self._expected.needed
            )
        except ApiContractError:
            return None  # a short or an odd body: what counts is what is stored

    def _result(self, outcome: Outcome, detail: str = "", verified: Audience | None = None) -> AudienceResult:
        self.verified = verified
        is_unclear = outcome == "unknown" or (outcome == "conflict" and self.is_in_flight)
        return AudienceResult(
            id=self._change.id,
            name=self._change.name,
            outcome=outcome,
            detail=detail,
            attempts=self._sent,
            is_written=self._is_accepted or is_unclear or outcome == "applied",
            is_live_and_wider=self._is_live_and_wider(outcome),
        )

    def _is_live_and_wider(self, outcome: Outcome) -> bool:
        """Return whether what was seen last after a PATCH is; unknown, only what it brought about counts."""
        seen = self._verification.seen if self._verification else None
        if seen is None or (outcome == "unknown" and not self._expected.has_moved(seen)):
            return False
        return self._expected.is_live_and_wider(seen)
