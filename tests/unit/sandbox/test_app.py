"""The application as a whole: what it imports, and its latency."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from reconciler.sandbox.app import create_app
from tests.unit.sandbox.calls import served

if TYPE_CHECKING:
    from pathlib import Path


def _imported_by(module: str) -> set[str]:
    code = f"import json, sys, {module}; print(json.dumps(list(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60).stdout
    return set(json.loads(output))


def test_the_package_alone_costs_nothing() -> None:
    heavy = {"starlette", "sqlite3", "uvicorn", "anyio", "asyncio"}

    assert not (_imported_by("reconciler.sandbox") - _imported_by("reconciler")) & heavy


def test_the_vendors_side_shares_no_code_with_the_side_that_it_tests() -> None:
    ours = {
        name
        for name in _imported_by("reconciler.sandbox.app, reconciler.sandbox.server")
        if "reconciler" in name
    }

    assert {name for name in ours if not name.startswith("reconciler.sandbox")} == {
        "reconciler",
        "reconciler.errors",
        "reconciler.wording",
    }
    assert not _imported_by("reconciler.sandbox.app, reconciler.sandbox.server") & {
        "httpx",
        "jsonschema",
        "yaml",
    }


def test_latency_is_waited_before_every_answer(database: Path) -> None:
    with served(create_app(database, latency_ms=150)) as api:
        for path in ("", "/nothing"):
            start = time.monotonic()
            api.get(path)

            assert time.monotonic() - start >= 0.15
