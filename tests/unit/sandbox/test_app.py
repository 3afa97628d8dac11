"""The application as a whole: what it imports, and its latency."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx

from reconciler.sandbox.app import create_app
from tests.unit.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from pathlib import Path


def _imported_by(module: str) -> set[str]:
    code = f"import json, sys, {module}; print(json.dumps(list(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60).stdout
    return set(json.loads(output))


def test_the_package_alone_costs_nothing() -> None:
    heavy = {"starlette", "sqlite3", "uvicorn", "anyio", "asyncio"}

    assert not (_imported_by("reconciler.sandbox") - _imported_by("reconciler")) & heavy


def test_sandbox_imports_only_errors_and_wording_from_reconciler() -> None:
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


def test_latency_comes_before_every_response(database: Path) -> None:
    async def get() -> tuple[list[int], float]:
        transport = httpx.ASGITransport(create_app(database, latency_ms=150))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
            statuses = [(await client.get(path)).status_code for path in ("/v1/intent/topics", "/nothing")]
        return statuses, asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(get()) == ([200, 404], 0.3)
