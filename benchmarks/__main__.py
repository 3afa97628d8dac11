"""Measures the rows that are named, or all: `python -m benchmarks [ROW…] [--json FILE] [--against FILE]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import opentofu, organization, report
from benchmarks.processes import exchange, measure, served
from benchmarks.rows import Row, rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.processes import Sample

FORMAT = 1
ROOT = Path(__file__).parents[1]
_CPUINFO = Path("/proc/cpuinfo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write JSON where that was asked for."""
    options = _options(arguments)
    os.environ["PYTHONPATH"] = str(ROOT)  # for the processes, which run in folders of their own
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed was compiled once
    chosen = [row for row in rows(options.scale) if not options.rows or row.name in options.rows]
    document: dict[str, Any] = {
        "format": FORMAT,
        "date": datetime.now(UTC).date().isoformat(),
        "seed": options.seed,
        "machine": machine(),
        "rows": {row.name: run(row, options.seed, options.runs or row.runs) for row in chosen},
    }
    against = json.loads(options.against.read_text("utf-8")) if options.against else None
    print(f"{document['date']}, seed {options.seed}: {document['machine']}")
    print(opentofu.describe())
    print(f"\n{report.table(document, against)}", end="")
    if options.json:
        options.json.write_text(f"{json.dumps(document, indent=2)}\n", "utf-8")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    known = [row.name for row in rows()]
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(known)}; all if none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, help="of each row, instead of its own number")
    parser.add_argument("--scale", type=float, default=1.0, help="such as 0.01, to try the benchmark itself")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the medians there too")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with an earlier --json")
    options = parser.parse_args(arguments)
    for name in options.rows:
        if name not in known:
            parser.error(f"there is no row {name}")
    return options


def machine() -> str:
    """Describe what a figure depends on."""
    lines = _CPUINFO.read_text("utf-8").splitlines() if _CPUINFO.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores, {model}, {platform.system()}, Python {platform.python_version()}"


def run(row: Row, seed: int, runs: int) -> dict[str, Any]:
    """Run a row and its floors in turn, so that whatever else the machine does meets all of them."""
    print(f"{row.name} …", file=sys.stderr)
    samples: dict[str, list[Sample]] = {}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        organization.write(folder, row.size, row.changed, seed)
        keys = organization.spread(folder, row.organizations)
        commands: dict[str, Sequence[str]] = {report.OURS: row.command, **row.floors}
        if row.with_opentofu and opentofu.is_there():
            commands["OpenTofu"] = opentofu.prepare(folder)
        for _ in range(runs):
            for label, command in commands.items():
                samples.setdefault(label, []).append(_sample(row, command, folder, keys))
    return report.result(row, samples)


def _sample(row: Row, command: Sequence[str], folder: Path, keys: Mapping[str, str]) -> Sample:
    none: Mapping[str, str] = {}
    live = folder / "live.json"
    with nullcontext(none) if row.latency is None else served(live, row.latency) as environment:
        sample = measure(command, folder, {**environment, **keys})
        return replace(sample, exchange=exchange(environment)) if row.changed and row.workers else sample


if __name__ == "__main__":
    sys.exit(main())
