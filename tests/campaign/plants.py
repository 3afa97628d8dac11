"""Careless habits, planted in the reconciler itself to see that the oracle catches each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.app import evaluation
from reconciler.app.approval import Approval
from reconciler.apply import run
from reconciler.apply.change_writer import ChangeWriter
from reconciler.apply.steps import Steps
from reconciler.apply.verification import Verdict, Verification
from reconciler.plan.build import build

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.plan import Plan


def _compares_nothing() -> None:
    async def compare(_writer: ChangeWriter) -> None:
        return None

    _replace(ChangeWriter, "_compare", compare)


def _believes_responses() -> None:
    async def settle(_verification: Verification) -> Verdict:
        return Verdict("applied", "")

    _replace(Verification, "settle", settle)


def _writes_in_another_order() -> None:
    _replace(run, "PHASES", ("activate", "release", "change"))


def _starts_whatever_was_stored() -> None:
    _replace(Steps, "due", lambda steps, phase: (one for one in steps._changes if one.phase == phase))
    _believes_responses()


def _starts_at_once() -> None:
    _replace(build, "_steps", lambda change: iter(() if change is None else (change,)))


def _calls_failed_what_was_never_sent() -> None:
    _replace(ChangeWriter, "_outcome_without_effect", "failed")


def _calls_failed_what_is_unclear() -> None:
    async def settle(_verification: Verification) -> Verdict:
        return Verdict("failed", "no good response")

    _replace(Verification, "settle", settle)


def _applies_whatever_is_planned_now() -> None:
    _replace(Approval, "require_covers", lambda _approval, _plan: None)


def _asks_nothing() -> None:
    async def evaluate(plan: Plan, *_rest: object) -> Plan:
        return plan

    _replace(evaluation, "evaluate", evaluate)


def _replace(place: Any, name: str, value: Any) -> None:
    getattr(place, name)  # what is not there any more would be planted in vain
    setattr(place, name, value)


PLANTS: Mapping[str, Callable[[], None]] = {
    "compares nothing": _compares_nothing,
    "believes responses": _believes_responses,
    "writes in another order": _writes_in_another_order,
    "starts whatever was stored": _starts_whatever_was_stored,
    "starts at once": _starts_at_once,
    "calls failed what was never sent": _calls_failed_what_was_never_sent,
    "calls failed what is unclear": _calls_failed_what_is_unclear,
    "asks nothing": _asks_nothing,
    "applies whatever is planned now": _applies_whatever_is_planned_now,
}
