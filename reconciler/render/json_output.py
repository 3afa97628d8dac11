"""JSON for scripts: the documents that the schemas describe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.plan import result_to_document, to_document
from reconciler.plan.document import diagnostic_to_document
from reconciler.plan.durable_run import status_to_document
from reconciler.plan.model import FORMAT_VERSION
from reconciler.plan.organization import report_to_document
from reconciler.render.escape import json_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Json
    from reconciler.plan import ApplyResult, Plan
    from reconciler.plan.durable_run import FleetStatus
    from reconciler.plan.organization import FleetReport


def plan(value: Plan) -> str:
    return _dump(to_document(value))


def result(value: ApplyResult) -> str:
    return _dump(result_to_document(value))


def diagnostics(found: Sequence[Diagnostic]) -> str:
    errors = sum(diagnostic.is_error for diagnostic in found)
    return _dump(
        {
            "format_version": FORMAT_VERSION,
            "valid": not errors,
            "error_count": errors,
            "warning_count": len(found) - errors,
            "diagnostics": [diagnostic_to_document(diagnostic) for diagnostic in found],
        }
    )


def checks(rows: Sequence[tuple[str, str, str, str]]) -> str:
    """Return what `doctor` found: each check's name, status, summary and fix."""
    found: list[Json] = [dict(zip(("name", "status", "summary", "fix"), row, strict=True)) for row in rows]
    is_ok = all(status != "failed" for _, status, *_ in rows)
    return _dump({"format_version": FORMAT_VERSION, "ok": is_ok, "checks": found})


def fleet_report(value: FleetReport, code: int) -> str:
    return _dump(report_to_document(value, code))


def fleet_status(value: FleetStatus) -> str:
    return _dump(status_to_document(value))


def _dump(document: Mapping[str, Json]) -> str:
    return json_document(json.dumps(document, indent=2)) + "\n"
