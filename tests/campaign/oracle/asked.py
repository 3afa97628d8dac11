"""What the second generation was asked before it was written: each config, and it said that it is well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.campaign import model
from tests.campaign.evidence import is_good

from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.campaign.evidence import Act, Process
    from tests.doubles.peer import Entry

_NO_ROUTE = (404, 405)  # of which a client may make that there is nobody to ask


def judge(act: Act, process: Process) -> Iterator[Violation]:
    """Yield each config that was written without a good word of the server's own validation."""
    if act.generation == 1:
        return
    asked = set()
    for entry in act.sent_by(process):
        if entry.method == "POST" and (_is_word(entry) or entry.status in _NO_ROUTE):
            asked.add(model.encode(entry.document))
        elif entry.method == "PATCH" and not asked >= _questions(entry.document):
            what = f"#{entry.number} {entry.body.decode()} was written unasked, or against the answer"
            yield Violation("unasked", process.name, what)


def _is_word(entry: Entry) -> bool:
    """Tell whether the server's answer can be believed; a field that nobody knows hides none of it."""
    return is_good(replace(entry, faults=tuple(one for one in entry.faults if one != "unknown_fields")))


def _questions(patch: Mapping[str, Any]) -> set[bytes]:
    """Give what has to be asked of a PATCH: its config, as far as a validation has fields for it."""
    config = {
        key: value for key, value in patch.get("config", {}).items() if not key.startswith(model.UNKNOWN)
    }
    return {model.encode(config)} if config else set()
