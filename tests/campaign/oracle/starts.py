"""Who goes live: nobody, before what he is live with is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.campaign import model
from tests.campaign.evidence import agent

from .writes import broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.campaign.evidence import Act, Process
    from tests.doubles.peer import Entry

    from .violation import Violation


def judge(act: Act, process: Process) -> Iterator[Violation]:
    """Yield each write that starts an audience whose config is not stored as defined."""
    for entry in act.sent_by(process):
        if entry.method == "PATCH":
            yield from _unverified(act, process, entry)


def _unverified(act: Act, process: Process, write: Entry) -> Iterator[Violation]:
    definition = act.definitions.get(write.id or "")
    document = write.document
    if definition is None or write.before is None or not _starts(document, write.before):
        return
    if "config" in document:
        yield broken("unverified", process, write, "starts an audience and changes its config at once")
    due = model.patch_for(definition, write.before)
    if due is not None and "config" in due and not _was_moved(act, process, write):
        yield broken("unverified", process, write, f"starts {write.before}, whose config should be {due}")


def _starts(patch: Mapping[str, Any], audience: Mapping[str, Any]) -> bool:
    return bool(patch.get("status") == "active" != audience["status"])


def _was_moved(act: Act, process: Process, write: Entry) -> bool:
    """Tell whether somebody else wrote between the last read before a write and the write."""
    reads = [read.number for read in act.about(process, write.id or "", "GET") if read.number < write.number]
    return any(
        entry.stored
        and entry.id == write.id
        and agent(entry) != process.name
        and max(reads, default=0) < entry.number < write.number
        for entry in act.log
    )
