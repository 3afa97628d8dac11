"""A violation: the rule that was broken, by which process, and what shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach; `rule` is one word that the figures count by."""

    rule: str
    process: str
    detail: str
