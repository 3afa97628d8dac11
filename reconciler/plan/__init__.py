"""What an apply would do, as data to review, and what an apply did."""

from reconciler.plan.build import build
from reconciler.plan.document import from_document, to_document
from reconciler.plan.limits import Limits, MaxChanges, objections, refusal
from reconciler.plan.model import Change, FieldChange, Missing, Phase, Plan
from reconciler.plan.result import (
    ApplyResult,
    AudienceResult,
    Outcome,
    result_from_document,
    result_to_document,
)

__all__ = [
    "ApplyResult",
    "AudienceResult",
    "Change",
    "FieldChange",
    "Limits",
    "MaxChanges",
    "Missing",
    "Outcome",
    "Phase",
    "Plan",
    "build",
    "from_document",
    "objections",
    "refusal",
    "result_from_document",
    "result_to_document",
    "to_document",
]
