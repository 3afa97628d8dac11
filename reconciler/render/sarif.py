"""Diagnostics as SARIF 2.1.0, for code scanning and editors that read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler import __version__
from reconciler.render.diagnostics import message
from reconciler.render.escape import json_document, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def log(found: Sequence[Diagnostic]) -> str:
    """Return one SARIF run with a result for each diagnostic and a rule for each code."""
    codes = sorted({diagnostic.code for diagnostic in found})
    driver: dict[str, Json] = {
        "name": "reconciler",
        "version": __version__,
        "rules": [{"id": code} for code in codes],
    }
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in found],
    }
    document: dict[str, Json] = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_document(json.dumps(document, indent=2)) + "\n"


def _result(diagnostic: Diagnostic, rule: int) -> Json:
    sentences = message(diagnostic)
    result: dict[str, Json] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": terminal(f"{diagnostic.path}: {sentences}" if diagnostic.path else sentences)},
    }
    if diagnostic.file is not None:
        result["locations"] = [{"physicalLocation": _place(diagnostic.file, diagnostic)}]
    return result


def _place(file: str, diagnostic: Diagnostic) -> Json:
    path = quote(file)
    place: dict[str, Json] = {"artifactLocation": {"uri": f"file://{path}" if file[0] == "/" else path}}
    if diagnostic.line is not None:
        region: dict[str, Json] = {"startLine": diagnostic.line}
        if diagnostic.column is not None:
            region["startColumn"] = diagnostic.column
        place["region"] = region
    return place
