"""What keeps a whole plan from being applied: a limit, and a protection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .violation import Violation
from .writes import may_be_done

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.campaign.evidence import Act, Evidence, Process


def judge(evidence: Evidence, act: Act, process: Process) -> Iterator[Violation]:
    """Hold a limit and a protection to have stopped all, not only what is over it."""
    written = {entry.id or "" for entry in act.sent_by(process) if entry.method == "PATCH"}
    planned = written
    if process.is_reviewed:
        planned = written.union(name for name in evidence.steps if not may_be_done(act, process, name))
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
