"""A plan as the JSON document of `docs/contract.md`, and back."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reconciler.errors import Diagnostic, FileError
from reconciler.model import ListedAudience, Origin
from reconciler.plan import finding
from reconciler.plan.model import (
    FORMAT_VERSION,
    Change,
    Commit,
    FieldChange,
    Handover,
    Missing,
    Ownership,
    PieceEdit,
    Plan,
    Reach,
    Step,
    Unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Json

MAX_NESTING = 100
_PLAIN = (
    "id",
    "name",
    "file",
    "line",
    "phase",
    "unchanged",
    "patch",
    "before",
    "owner",
    "description",
    "updated_at",
)
_OWNERSHIP = ("newly_managed", "no_longer_managed", "moved")
_AGAIN = "Make the plan again; do not edit it"


def to_document(plan: Plan) -> dict[str, Json]:
    """Return the plan as JSON data to `schemas/plan.schema.json`."""
    return {
        "format_version": FORMAT_VERSION,
        "errored": plan.errored,
        "complete": plan.complete,
        "digest": plan.digest,
        "origin": plan.origin,
        "targets": [*plan.targets],
        "summary": dict(plan.summary),
        "changes": [{**_change(change), "digest": plan.digest_of(change)} for change in plan.changes],
        "missing": [{"id": one.id, "file": one.file, "line": one.line} for one in plan.missing],
        "unreadable": [{"id": one.id, "name": one.name, "detail": one.detail} for one in plan.unreadable],
        "unmanaged": [{"id": one.id, "name": one.name, "status": one.status} for one in plan.unmanaged],
        "unchanged": [{"id": one.id, "name": one.name, "status": one.status} for one in plan.unchanged],
        "slots": {
            "limit": plan.active_slots,
            "active": plan.active,
            "freed": plan.summary["pause"],
            "wanted": plan.summary["activate"],
        },
        **{name: [*map(_handover, getattr(plan.ownership, name))] for name in _OWNERSHIP},
        "pieces": [
            {
                "file": one.file,
                "extended_by": one.extended_by,
                "audiences": [{"id": key, "name": name} for key, name in one.audiences],
            }
            for one in plan.pieces
        ],
        "volatile": [*plan.volatile],
        "policies": finding.to_document(plan.policies),
        "diagnostics": [diagnostic_to_document(diagnostic) for diagnostic in plan.diagnostics],
    }


def _handover(one: Handover) -> dict[str, Json]:
    moved: dict[str, Json] = {} if one.file_before is None else {"file_before": one.file_before}
    return {"id": one.id, "name": one.name, "status": one.status, "file": one.file, **moved}


def _change(change: Change) -> dict[str, Json]:
    return {
        "id": change.id,
        "name": change.name,
        "file": change.file,
        "line": change.line,
        "phase": change.phase,
        "protected": change.is_protected,
        "fields": [_field(field) for field in change.fields],
        "unchanged": change.unchanged,
        "patch": dict(change.patch),
        "before": dict(change.before),
        "owner": change.owner,
        "description": change.description,
        "updated_at": change.updated_at,
        "reach": _reach(change.reach),
        **({} if change.commit is None else {"commit": asdict(change.commit)}),
        **({"reach_unknown": change.reach.unknown} if change.reach and change.reach.unknown else {}),
    }


def _reach(reach: Reach | None) -> Json:
    if reach is None or reach.unknown:
        return None
    steps: list[Json] = [{"path": step.path, "people": step.people} for step in reach.funnel]
    numbers: dict[str, Json] = {"before": reach.before, "after": reach.after, "data_date": reach.data_date}
    return {**numbers, **({"funnel": steps} if steps else {})}


def _reach_from(document: Mapping[str, Any]) -> Reach | None:
    found = document["reach"]
    if found is None:
        unknown = document.get("reach_unknown", "")
        return Reach(unknown=unknown) if unknown else None
    steps = tuple(Step(one["path"], one["people"]) for one in found.get("funnel", ()))
    return Reach(found["before"], found["after"], found["data_date"], funnel=steps)


def _field(field: FieldChange) -> dict[str, Json]:
    parts: dict[str, Json] = {
        "before": field.before,
        "after": field.after,
        "added": None if field.added is None else [*field.added],
        "removed": None if field.removed is None else [*field.removed],
        "names": dict(field.names) or None,
        "cause": field.cause,
        "origins": [{"file": one.file, "line": one.line, "column": one.column} for one in field.origins]
        or None,
    }
    return {"path": field.path, **{key: value for key, value in parts.items() if value is not None}}


def diagnostic_to_document(diagnostic: Diagnostic) -> dict[str, Json]:
    """Return a diagnostic as JSON data; a place that it does not have is left out."""
    place = {key: getattr(diagnostic, key) for key in ("file", "line", "column", "path")}
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        **{key: value for key, value in place.items() if value is not None},
    }


def diagnostic_from_document(document: Mapping[str, Any]) -> Diagnostic:
    """Return the diagnostic that a document holds; keys of a later minor version are passed over."""
    return Diagnostic(**{key: document[key] for key in Diagnostic.__dataclass_fields__ if key in document})


def from_document(document: Mapping[str, Any]) -> Plan:
    """Return the plan that a document holds, once it has been checked against the plan schema.

    Raises FileError where the digest is not that of the content, since one of the two was edited, and where
    a value is one that JSON cannot express or nests too deep to show.
    """
    require_plain(document, "plan")
    plan = Plan(
        origin=document["origin"],
        managed=document["summary"]["managed"],
        changes=tuple(_change_from(change) for change in document["changes"]),
        missing=tuple(Missing(one["id"], one["file"], one["line"]) for one in document["missing"]),
        unmanaged=tuple(
            ListedAudience(one["id"], one["name"], one["status"]) for one in document["unmanaged"]
        ),
        unchanged=tuple(
            ListedAudience(one["id"], one["name"], one["status"]) for one in document["unchanged"]
        ),
        unreadable=tuple(Unreadable(one["id"], one["name"], one["detail"]) for one in document["unreadable"]),
        targets=tuple(document["targets"]),
        volatile=tuple(document["volatile"]),
        active=document["slots"]["active"],
        active_slots=document["slots"]["limit"],
        pieces=tuple(map(_piece_from, document["pieces"])),
        ownership=Ownership(*(tuple(map(_handover_from, document[name])) for name in _OWNERSHIP)),
        diagnostics=tuple(diagnostic_from_document(diagnostic) for diagnostic in document["diagnostics"]),
        policies=finding.from_document(document["policies"]),
    )
    digests = [plan.digest_of(change) for change in plan.changes]
    is_edited = plan.digest != document["digest"] or digests != [one["digest"] for one in document["changes"]]
    counts = plan.summary
    if is_edited or counts["unchanged"] < 0 or any(counts[key] != document["summary"][key] for key in counts):
        raise FileError("the plan's content does not match its digest", _AGAIN)
    return plan


def require_plain(value: Json | Mapping[str, Any], noun: str, depth: int = 0) -> None:
    """Raise FileError for what JSON cannot express and for what nests so deep that showing it could fail."""
    if depth > MAX_NESTING or (isinstance(value, float) and not math.isfinite(value)):
        raise FileError(f"the {noun} holds a value that no {noun} can hold", _AGAIN)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        require_plain(part, noun, depth + 1)


def _handover_from(document: Mapping[str, Any]) -> Handover:
    return Handover(
        document["id"], document["name"], document["status"], document["file"], document.get("file_before")
    )


def _piece_from(document: Mapping[str, Any]) -> PieceEdit:
    audiences = tuple((one["id"], one["name"]) for one in document["audiences"])
    return PieceEdit(document["file"], document["extended_by"], audiences)


def _change_from(document: Mapping[str, Any]) -> Change:
    plain = {key: document[key] for key in _PLAIN}
    fields = tuple(_field_from(field) for field in document["fields"])
    return Change(
        **plain,
        fields=fields,
        is_protected=document["protected"],
        reach=_reach_from(document),
        commit=Commit(**document["commit"]) if "commit" in document else None,
    )


def _field_from(document: Mapping[str, Any]) -> FieldChange:
    sets = {key: tuple(document[key]) for key in ("added", "removed") if key in document}
    return FieldChange(
        document["path"],
        document.get("before"),
        document.get("after"),
        names=document.get("names", {}),
        cause=document.get("cause"),
        origins=tuple(Origin(one["file"], one["line"], one["column"]) for one in document.get("origins", ())),
        **sets,
    )
