"""A report on many organizations as the outputs of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.plan.organization import FleetReport


def of(report: FleetReport) -> dict[str, str | int]:
    """Return how many organizations there were, and how many ended in which way."""
    return {"organizations": len(report.results), **dict(report.summary.items())}
