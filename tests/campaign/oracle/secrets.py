"""The key, in any of its forms, in anything that a process left behind."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

from .violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.campaign.evidence import Evidence


def judge(evidence: Evidence) -> Iterator[Violation]:
    """Yield each place where the key is found."""
    forms = _forms(evidence.key)
    processes = [evidence.planning, *(process for act in evidence.acts for process in act.processes)]
    for process in [*processes, *([evidence.missing] if evidence.missing else [])]:
        for place in ("stdout", "stderr", "journal", "saved"):
            if any(form in (getattr(process, place) or b"") for form in forms):
                yield Violation("key", process.name, f"the key is in its {place}")


def _forms(key: str) -> tuple[bytes, ...]:
    raw = key.encode()
    encoded = (base64.b64encode(raw), base64.urlsafe_b64encode(raw))
    return (raw, quote(key, safe="").encode(), *(form.rstrip(b"=") for form in encoded))
