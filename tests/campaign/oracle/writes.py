"""What a process sent: only planned bytes, only upon what it had read, in order, its intent on disk."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.campaign import model
from tests.campaign.evidence import BENT, is_good

from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
                yield _broken("unread", process, entry, f"is built upon {read}")
                continue
            ground = _ground(evidence, act, process, entry, read)
            if isinstance(ground, Violation):
                yield ground
            else:
                phases.append((entry, model.PHASES.index(model.phase_of(entry.document, ground))))
        else:
            yield _broken("method", process, entry, "is no request of a reconciler")
    yield from _order(evidence, act, process, phases)
    yield from _intents(act, process)
    yield from _giving_up(act, process)
    yield from _limits(evidence, act, process)


def _broken(rule: str, process: Process, entry: Entry, what: str) -> Violation:
    text = entry.body.decode("utf-8", "replace")
    return Violation(rule, process.name, f"#{entry.number} {entry.method} {entry.target} {text} {what}")


def _ground(
    evidence: Evidence, act: Act, process: Process, write: Entry, read: Entry
) -> Document | Violation:
    """Give the audience as planned upon, when this write was planned and nothing seen since forbade it."""
    grounds = _grounds(evidence, act, process, write, read)
    planned = [ground for ground, patch in grounds if model.encode(patch) == write.body]
    if not planned:
        return _broken("unplanned", process, write, f"is in no plan: {[patch for _, patch in grounds]}")
    seen = act.view(read)
    for ground in planned:
        if model.same(ground, seen):
            return ground
    return _broken("overwrite", process, write, f"was planned upon {planned}; #{read.number} showed {seen}")


def _grounds(
    evidence: Evidence, act: Act, process: Process, write: Entry, read: Entry
) -> list[tuple[Document, Mapping[str, Any]]]:
    """Give what may have been planned: as reviewed, or else upon what the process saw when it planned."""
    if process.is_reviewed:
        change = evidence.changes.get(write.id or "")
        return [] if change is None else [(change["before"], change["patch"])]
    definition = act.definitions.get(write.id or "")
    if definition is None:
        return []
    states = [state for state in _planned_upon(act, process, write.id or "", read) if state is not None]
    if any("filled_defaults" in entry.faults for entry in act.sent_by(process) if entry.method == "GET"):
        states += [{**state, "config": {**model.DEFAULTS, **state["config"]}} for state in states]
    pairs = [(state, model.patch_for(definition, state)) for state in states]
    return [(state, patch) for state, patch in pairs if patch is not None]


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
    lists = [entry for entry in sent if entry.id is None]
    if act.generation == 1 and lists:
        after = [entry.number for entry in sent if entry.number > lists[-1].number]
        start, end = lists[0].number, min(after, default=lists[-1].number)
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
    planned = {name: model.PHASES.index(change["phase"]) for name, change in evidence.changes.items()}
    known = planned if process.is_reviewed else {entry.id or "": phase for entry, phase in phases}
    may_be_unheard = any("refuse" in entry.faults for entry in act.log)
    for write, phase in phases:
        for entry in act.sent_by(process):
            if entry.id in known and known[entry.id] < phase and entry.number > write.number:
                yield _broken("order", process, write, f"came before #{entry.number} about {entry.id}")
        for name in known:
            before = any(one.number < write.number for one in act.about(process, name, "GET"))
            if known[name] < phase and not before and not may_be_unheard:
                yield _broken("order", process, write, f"came before any look at {name}")


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
            line for line in intents if line["id"] == write.id and model.encode(line["patch"]) == write.body
        )
        found = next(matching, None)
        if found is None:
            yield _broken("intent", process, write, "has no intent in the journal")
            continue
        intents.remove(found)
        if datetime.fromisoformat(found["time"]).timestamp() > act.clock + write.time_monotonic:
            yield _broken("intent", process, write, f"came before its intent: {found}")


def _giving_up(act: Act, process: Process) -> Iterator[Violation]:
    """Hold a run to end once it was turned away: only what the other workers had begun may follow."""
    sent = act.sent_by(process)
    for entry in sent:
        is_final = entry.status in _GIVING_UP and not entry.faults[1:] and not _is_about_slots(entry)
        if is_final and not _SLOW & set(entry.faults):
            later = [one for one in sent if one.method == "PATCH" and one.number > entry.number]
            if len(later) >= process.parallelism:
                yield _broken(
                    "endless", process, entry, f"was answered {entry.status}, and {len(later)} came"
                )


def _limits(evidence: Evidence, act: Act, process: Process) -> Iterator[Violation]:
    """Hold a limit and a protection to have stopped all, not only what is over it."""
    written = {entry.id or "" for entry in act.sent_by(process) if entry.method == "PATCH"}
    planned = {*evidence.changes} if process.is_reviewed else written
    protected = [name for name in planned if is_protected(act.definitions.get(name, {}))]
    if written and protected:
        yield Violation("limit", process.name, f"it wrote {written}, with {protected} protected")
    most = allowed_changes(act.definitions)
    if written and "--max-changes" not in process.arguments and len(planned) > most:
        yield Violation(
            "limit", process.name, f"it wrote {written} of {len(planned)}, over the limit of {most}"
        )


def is_protected(definition: Mapping[str, Any]) -> bool:
    return bool(definition.get("lifecycle", {}).get("protect"))


def allowed_changes(definitions: Mapping[str, Any]) -> int:
    return max(3, len(definitions) * 30 // 100)


def _is_about_slots(entry: Entry) -> bool:
    # The log does not say which 403 it was: any to a PATCH may have been SLOTS_FULL.
    return entry.status == 403 and entry.method == "PATCH"
