"""The command line, which writes down at its end how much memory it took: MiB, in the file PEAK."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from reconciler.cli import main

_STATUS = Path("/proc/self/status")


def peak() -> float:
    """Return the peak of this process's memory in MiB."""
    if not _STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS counts bytes
    # Not getrusage: on Linux that also counts what this process was before exec.
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    try:
        main()
    finally:
        Path(os.environ["PEAK"]).write_text(str(peak()))
        sys.stdout.flush()
