"""What a process sent: only planned bytes, only upon what it had read, in order, its intent on disk."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.campaign import model
from tests.campaign.evidence import BENT, is_good
from tests.doubles.peer.wire import locate

from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.campaign.evidence import Act, Evidence, Process
    from tests.campaign.model import Document
    from tests.doubles.peer import Entry

_GIVING_UP = (401, 403, *range(300, 400))
_SLOW = frozenset({"delay", "drip"})


def judge(evidence: Evidence, act: Act, process: Process) -> Iterator[Violation]:
    """Yield each request that should not have been sent."""
    reads: dict[str | None, Entry] = {}
    phases: list[tuple[Entry, int]] = []
    for entry in act.sent_by(process):
        if entry.method == "GET":
            reads[entry.id] = entry
        elif entry.method == "PATCH":
            read = reads.pop(entry.id, None)
            if read is not None and not process.is_reviewed and _is_bent_alike(act, process, entry, read):
                continue  # the server said one thing twice; that it was not so is beyond any client
            if read is None or not is_good(read):
                yield broken("unread", process, entry, f"is built upon {read}")
                continue
            step = _step(evidence, act, process, entry, read)
            if isinstance(step, Violation):
                yield step
            else:
                phases.append((entry, model.PHASES.index(step.phase)))
        elif entry.method != "POST" or locate(entry.target)[0] != "validate":
            yield broken("method", process, entry, "is no request of a reconciler")
    yield from _order(evidence, act, process, phases)
    yield from _intents(act, process)
    yield from _giving_up(act, process)


def broken(rule: str, process: Process, entry: Entry, what: str) -> Violation:
    """Give the violation that a request is."""
    text = entry.body.decode("utf-8", "replace")
    return Violation(rule, process.name, f"#{entry.number} {entry.method} {entry.target} {text} {what}")


def _step(
    evidence: Evidence, act: Act, process: Process, write: Entry, read: Entry
) -> model.Step | Violation:
    """Give the step that a write is, when it was planned and nothing seen since forbade it."""
    steps = _steps(evidence, act, process, write, read)
    planned = [step for step in steps if model.encode(step.patch) == model.spelled(write.body)]
    if not planned:
        return broken("unplanned", process, write, f"is in no plan: {[step.patch for step in steps]}")
    seen = act.view(read)
    for step in planned:
        if model.same(step.before, seen) or _is_verified(act, process, write, step, seen):
            return step
    grounds = [step.before for step in planned]
    return broken("overwrite", process, write, f"was planned upon {grounds}; #{read.number} showed {seen}")


def _is_verified(act: Act, process: Process, write: Entry, step: model.Step, seen: Document | None) -> bool:
    """Tell whether a second step goes on from what the first one was seen to leave, additions included."""
    firsts = [
        one
        for one in act.about(process, write.id or "", "PATCH")
        if one.number < write.number and "status" not in one.document
    ]
    due = {name: step.before[name] for name in model.COMPARED if name in step.before}
    if step.patch.keys() != {"status"} or not firsts or not model.holds(seen, due):
        return False
    reads = (one for one in act.about(process, write.id or "", "GET") if is_good(one))
    left = [first.after for first in firsts]
    left += [act.view(one) for one in reads if firsts[0].number < one.number < write.number]
    return any(model.same(one, seen) for one in left[:-1])


def _steps(evidence: Evidence, act: Act, process: Process, write: Entry, read: Entry) -> list[model.Step]:
    """Give what may have been planned: as reviewed, or else upon what the process saw when it planned."""
    if process.is_reviewed:
        return [*evidence.steps.get(write.id or "", ())]
    definition = act.definitions.get(write.id or "")
    if definition is None:
        return []
    seen = _planned_upon(act, process, write.id or "", read)
    states = [state for state in seen if state is not None and not model.is_odd(state, definition)]
    if any("filled_defaults" in entry.faults for entry in act.sent_by(process) if entry.method == "GET"):
        states += [model.filled(state, act.generation) for state in states]
    return [step for state in states for step in model.steps_for(definition, state)]


def _is_bent_alike(act: Act, process: Process, write: Entry, read: Entry) -> bool:
    """Tell whether what the process planned upon by itself was bent just as what it read before it wrote."""
    earlier = [
        entry for entry in act.sent_by(process) if entry.method == "GET" and entry.number < read.number
    ]
    planned = [entry for entry in earlier if entry.id in {None, write.id}]
    bent = BENT & set(read.faults)
    return bool(bent) and any(bent == BENT & set(entry.faults) for entry in planned)


def _planned_upon(act: Act, process: Process, audience_id: str, read: Entry) -> Iterator[Document | None]:
    """Yield the states of an audience that the planning of an unreviewed apply may have seen."""
    sent = act.sent_by(process)
    lists = [entry for entry in sent if locate(entry.target)[0] == "list"]
    if act.generation == 1 and lists:
        after = [entry.number for entry in sent if entry.number > lists[-1].number]
        start, end = lists[0].number, min(after, default=lists[-1].number)
        if any("stale" in entry.faults for entry in lists):
            start = 0
        yield from (
            state for state, begin, until in act.reigns(audience_id) if begin <= end and until >= start
        )
    if act.generation == 2 or any(entry.faults for entry in lists):
        first = next((entry for entry in act.about(process, audience_id, "GET") if is_good(entry)), None)
        # The planning's own read is not the one that comes before a write.
        if first is not None and first is not read:
            yield act.view(first)


def _order(
    evidence: Evidence, act: Act, process: Process, phases: list[tuple[Entry, int]]
) -> Iterator[Violation]:
    """Hold a later phase to start when the earlier one is settled: nothing more is asked about it then."""
    planned = [
        (name, model.PHASES.index(step.phase)) for name, steps in evidence.steps.items() for step in steps
    ]
    known = planned if process.is_reviewed else [*_known(act, phases)]
    first = {name: min(phase for other, phase in known if other == name) for name, _ in known}
    last = dict(sorted(known, key=lambda pair: pair[1]))
    may_be_unheard = any("refuse" in entry.faults for entry in act.log)
    for write, phase in phases:
        for entry in act.sent_by(process):
            if last.get(entry.id or "", phase) < phase and entry.number > write.number:
                yield broken("order", process, write, f"came before #{entry.number} about {entry.id}")
        for name, begin in first.items():
            before = any(one.number < write.number for one in act.about(process, name, "GET"))
            if begin < phase and not (before or may_be_unheard or may_be_done(act, process, name)):
                yield broken("order", process, write, f"came before any look at {name}")


def _known(act: Act, phases: list[tuple[Entry, int]]) -> Iterator[tuple[str, int]]:
    """Yield the audiences that an unreviewed process wrote to, with each phase that it has for them."""
    for entry, phase in phases:
        yield entry.id or "", phase
        wanted = {**act.definitions.get(entry.id or "", {}), **entry.document}
        if "config" in entry.document and wanted.get("status") == "active":
            yield entry.id or "", len(model.PHASES) - 1  # its start may come, even if it never did


def _intents(act: Act, process: Process) -> Iterator[Violation]:
    """Hold each PATCH to an intent of the same content, written before it came."""
    if "--journal" not in process.arguments:
        return
    try:
        intents = process.records("intent")
    except ValueError:
        yield Violation("intent", process.name, f"the journal is torn: {process.journal!r}")
        return
    for write in (entry for entry in act.sent_by(process) if entry.method == "PATCH"):
        matching = (
            line
            for line in intents
            if line["id"] == write.id and model.encode(line["patch"]) == model.spelled(write.body)
        )
        found = next(matching, None)
        if found is None:
            yield broken("intent", process, write, "has no intent in the journal")
            continue
        intents.remove(found)
        if datetime.fromisoformat(found["time"]).timestamp() > act.clock + write.time_monotonic:
            yield broken("intent", process, write, f"came before its intent: {found}")


def _giving_up(act: Act, process: Process) -> Iterator[Violation]:
    """Hold a run to end once it was turned away: only what the other workers had begun may follow."""
    sent = act.sent_by(process)
    for entry in sent:
        is_final = entry.status in _GIVING_UP and not entry.faults[1:] and not _is_about_slots(entry)
        if is_final and not _SLOW & set(entry.faults):
            later = [one for one in sent if one.method == "PATCH" and one.number > entry.number]
            if len(later) >= process.parallelism:
                yield broken("endless", process, entry, f"was answered {entry.status}, and {len(later)} came")


def _is_about_slots(entry: Entry) -> bool:
    # The log does not say which 403 it was: any to a PATCH may have been SLOTS_FULL.
    return entry.status == 403 and entry.method == "PATCH"


def may_be_done(act: Act, process: Process, audience_id: str) -> bool:
    """Tell whether a fresh plan could find an audience as it is defined."""
    definition = act.definitions[audience_id]
    states = [state for state, _, _ in act.reigns(audience_id) if state is not None]
    return "--plan" in process.arguments and any(
        not model.is_odd(one, definition) and model.patch_for(definition, one) is None for one in states
    )
