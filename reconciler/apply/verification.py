"""What became of a PATCH that the API may have stored: read until that is plain, or the time is up.

No response is proof. A 200 may repeat what was asked while something else is stored, and after a 503 all may
be stored: a fresh read decides. Reads may lag behind writes, so one that still shows the state from before
decides nothing; only the end of the time does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.apply.shared import may_pass, read_afresh
from reconciler.errors import ApiError

if TYPE_CHECKING:
    from reconciler.apply.expected_state import ExpectedState
    from reconciler.apply.shared import Shared
    from reconciler.model import Audience
    from reconciler.plan import Outcome

# All are parts of the time that a write has to show, 30 seconds.
FIRST_POLL, MAX_POLL = 1 / 150, 1 / 15  # between two reads of what was stored
KNOWN_LASTING = 1 / 10  # for what the API was seen to hold otherwise, with another audience of this run
LATE = 1 / 2  # from here on, a read shows what stays


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a PATCH ended, and the audience as it was when that was plain."""

    outcome: Outcome
    detail: str
    found: Audience | None = None


class Verification:
    """The reads after one PATCH; `problem` is what is unclear about its response, empty after a good one.

    `seen` is the audience as it was seen last, in the response or in a read.
    """

    def __init__(
        self,
        expected: ExpectedState,
        run: Shared,
        audience_id: str,
        *,
        problem: str,
        returned: Audience | None,
    ) -> None:
        self.seen = returned
        self._expected = expected
        self._run = run
        self._id = audience_id
        self._problem = problem
        self._seconds = run.client.timing.verification
        self._began = self._read_at = 0.0
        self._failure = ""  # of the last read that failed

    async def settle(self) -> Verdict:
        """Read until it is plain what is stored, within the time that a write has to show."""
        await self._run.client.wait_while_paused()
        self._began = self._read_at = _now()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._poll()
        except TimeoutError:
            return self._verdict_without_time()

    async def _poll(self) -> Verdict:
        part = FIRST_POLL
        while True:
            verdict = await self._read()
            if verdict is not None:
                return verdict
            await asyncio.sleep(part * self._seconds)
            part = min(part * 2, MAX_POLL)

    async def _read(self) -> Verdict | None:
        """Read once, and return what that shows; None where a later read may show something else."""
        sent_at = _now()  # a read shows how things are when it is sent, however long it takes
        try:
            found = await read_afresh(self._run, self._id, self._expected.needed)
        except ApiError as error:
            self._failure = f"reading it again failed: {error.summary}"
            is_over = self._run.client.stop_reason or not may_pass(error)
            return Verdict("unknown", f"{self._context}; {self._failure}") if is_over else None
        if found is None:
            return Verdict("conflict", f"{self._context}; the audience does not exist any more")
        last, self.seen, self._read_at = self.seen, found, sent_at
        verdict = self._judge_unclear(found) if self._problem else self._judge(found, last)
        reason = self._run.client.stop_reason
        if verdict is None and reason:
            return Verdict("unknown", f"{self._context}; it reads as before, and is not read again: {reason}")
        return verdict

    @property
    def _context(self) -> str:
        return self._problem or "the API accepted the change"

    def _judge(self, found: Audience, last: Audience | None) -> Verdict | None:
        """Judge a read after a good response."""
        unmet = {one.path for one in self._expected.unmet(found)}
        if not unmet:
            return self._applied(found)
        is_known = unmet <= self._run.lasting_unmet and self._is_past(KNOWN_LASTING)
        return self._fail(found) if is_known or self._expected.is_lasting(found, last) else None

    def _applied(self, found: Audience) -> Verdict:
        """Return that what was sent is so; of a start, that counts only with the config that was verified."""
        if changed := self._expected.changed_since_first_step(found):
            return Verdict("conflict", f"it was started, and somebody else changed meanwhile: {changed}")
        paths = self._expected.changed_elsewhere(found)
        return Verdict("applied", f"somebody else changed what was not sent: {paths}" if paths else "", found)

    def _judge_unclear(self, found: Audience) -> Verdict | None:
        """Judge a read after an unclear response: what came about by itself cannot be told from our write."""
        if self._expected.is_met(found):
            return Verdict("applied", "found applied after an unclear response", found)
        changed = self._expected.changed_since_plan(found)
        if changed:
            return Verdict(
                "conflict", f"{self._problem}; it is now neither as planned nor as asked: {changed}"
            )
        return None

    def _fail(self, found: Audience) -> Verdict:
        self._run.lasting_unmet |= {one.path for one in self._expected.unmet(found)}
        return Verdict("failed", self._expected.describe_unmet(found))

    def _is_past(self, part: float) -> bool:
        """Return whether the last read came after so much of the time."""
        return self._read_at - self._began >= part * self._seconds

    def _verdict_without_time(self) -> Verdict:
        """Return what the reads showed; only a late one shows that the API holds something else for good."""
        if self.seen is None or not self._is_past(LATE):
            shown = self._failure or f"it could not be read for {self._seconds:.3g} seconds"
            return Verdict("unknown", f"{self._context}; {shown}")
        if self._problem:
            shown = (
                f"it reads as before after {self._seconds:.3g} seconds, and what was sent may still arrive"
            )
            return Verdict("unknown", f"{self._problem}; {shown}")
        return self._fail(self.seen)


def _now() -> float:
    return asyncio.get_running_loop().time()
