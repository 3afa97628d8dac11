"""What an apply would do, as data to review, and what an apply did.

Its modules are imported when something of theirs is asked for: to read definitions takes no plan.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    "from_document",
    "objections",
    "refusal",
    "result_from_document",
    "result_to_document",
    "to_document",
]

_HOMES = {
    "document": ("from_document", "to_document"),
    "limits": ("Limits", "MaxChanges", "objections", "refusal"),
    "model": ("Change", "FieldChange", "Missing", "Phase", "Plan"),
    "result": ("ApplyResult", "AudienceResult", "Outcome", "result_from_document", "result_to_document"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
